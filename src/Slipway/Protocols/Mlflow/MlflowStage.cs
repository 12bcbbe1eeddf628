using Slipway.Platform.Registry;

namespace Slipway.Protocols.Mlflow;

/// <summary>The protocol's four stages. It has no word for retired; what was in production and is not any more is archived to it.</summary>
internal static class MlflowStage
{
    private static readonly string[] All = ["None", "Staging", "Production", "Archived"];

    public static string Of(Stage stage) => stage switch
    {
        Stage.Development => "None",
        Stage.Staging => "Staging",
        Stage.Production => "Production",
        _ => "Archived",
    };

    /// <summary>In any case, as the protocol writes it.</summary>
    /// <exception cref="MlflowException">It is none of the four.</exception>
    public static string Canonical(string stage) =>
        All.FirstOrDefault(known => known.Equals(stage, StringComparison.OrdinalIgnoreCase)) ?? throw MlflowException.Invalid(
            $"Invalid Model Version stage: {stage}. Value must be one of {string.Join(", ", All)}.");

    /// <summary>The stage that is meant, from where a version is now.</summary>
    public static Stage Parse(string stage, Stage now) => (Canonical(stage), now) switch
    {
        ("None", _) => Stage.Development,
        ("Staging", _) => Stage.Staging,
        ("Production", _) => Stage.Production,
        (_, Stage.Production or Stage.Retired) => Stage.Retired,
        _ => Stage.Archived,
    };
}
