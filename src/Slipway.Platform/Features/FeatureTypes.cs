using Slipway.Core.Data;

namespace Slipway.Platform.Features;

/// <summary>What became of one feature of one entity in an online read.</summary>
public enum FeatureStatus
{
    Present,

    /// <summary>The entity's row is there and holds null.</summary>
    NullValue,

    /// <summary>The view has no row of this entity.</summary>
    NotFound,

    /// <summary>The entity's row is older than the view's TTL; its value is not given.</summary>
    OutsideMaxAge,

    /// <summary>The store could not be asked; the value is the feature's declared default.</summary>
    Unavailable,
}

/// <summary>Features as read online, one row per row of the request.</summary>
/// <param name="Statuses">Per column of <paramref name="Values"/>, per row.</param>
/// <param name="EventTimes">The same: since when the value holds, microseconds since the epoch; 0 for what is computed or absent.</param>
public sealed record OnlineAnswer(
    Table Values, IReadOnlyList<FeatureStatus[]> Statuses, IReadOnlyList<long[]> EventTimes);
