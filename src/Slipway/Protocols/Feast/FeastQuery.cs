using Slipway.Core.Data;

namespace Slipway.Protocols.Feast;

/// <summary>What a client asks for, however it was sent.</summary>
/// <param name="Service">Wins over <paramref name="Features"/>; null where none is named.</param>
/// <param name="Features">As <c>view:feature</c> or <c>view@v2:feature</c>.</param>
/// <param name="FullNames">Null where the client does not say.</param>
/// <param name="Given">Join keys and request data, in the order given, all of one length.</param>
internal sealed record FeastQuery(
    string? Service, IReadOnlyList<string> Features, bool? FullNames, IReadOnlyList<GivenColumn> Given);

/// <param name="Rows">How many values it has.</param>
/// <param name="Read">Its values as a column of the type that is wanted.</param>
internal sealed record GivenColumn(string Name, int Rows, Func<ColumnSchema, Column> Read);

internal enum FeastStatus
{
    Invalid,
    Present,
    NullValue,
    NotFound,
    OutsideMaxAge,
}

/// <summary>One column of an answer.</summary>
/// <param name="EventTimesUs">Since when a value holds, microseconds since the epoch; 0 where it does not come from a store.</param>
internal sealed record FeastVector(string Name, Column Values, IReadOnlyList<FeastStatus> Statuses, IReadOnlyList<long> EventTimesUs);

/// <param name="Warnings">What the reader should know, such as that a view is deprecated.</param>
internal sealed record FeastAnswer(IReadOnlyList<FeastVector> Vectors, IReadOnlyList<string> Warnings);
