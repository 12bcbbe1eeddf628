using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Registry;

public static class StageRules
{
    /// <summary>What an approval for production is asked for, with <see cref="ModelVersion.Ref"/> as its subject.</summary>
    public const string PromoteToProduction = "promote:production";

    public const string Champion = "champion";

    /// <summary>Where a version may go from a stage. Retired to production is a rollback.</summary>
    public static IReadOnlyList<Stage> From(Stage stage) => stage switch
    {
        Stage.Development => [Stage.Staging, Stage.Archived],
        Stage.Staging => [Stage.Production, Stage.Development, Stage.Archived],
        Stage.Production => [Stage.Retired],
        Stage.Retired => [Stage.Production, Stage.Archived],
        _ => [],
    };

    /// <summary>
    /// The stages to pass on the way, the last of them the goal: straight where that is allowed or the model is open, and from
    /// development to production by staging.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> saying where it may go.</exception>
    internal static IReadOnlyList<Stage> Way(ModelVersion version, Stage to, bool governed)
    {
        if (version.Stage == to)
        {
            return [];
        }

        if (governed && version.Stage == Stage.Development && to == Stage.Production)
        {
            return [Stage.Staging, Stage.Production];
        }

        if (governed)
        {
            Check(version, to);
        }

        return [to];
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> saying where it may go.</exception>
    internal static void Check(ModelVersion version, Stage to)
    {
        var allowed = From(version.Stage);
        if (!allowed.Contains(to))
        {
            var ways = allowed.Count == 0 ? "nowhere" : "to " + string.Join(" or ", allowed.Select(EnumName.Of));
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"{version.Ref} is in {EnumName.Of(version.Stage)} and cannot go to {EnumName.Of(to)}; from there it goes {ways}.");
        }
    }
}
