using System.Globalization;
using System.Text.RegularExpressions;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

/// <summary>What is common to the searches of the protocol, and ids as it writes them.</summary>
internal static partial class MlflowIds
{
    public static MlflowEnum<RunView> Views { get; } =
        new(("ACTIVE_ONLY", 1, RunView.Active), ("DELETED_ONLY", 2, RunView.Deleted), ("ALL", 3, RunView.All));

    public static string Text(long experimentId) => experimentId.ToString(CultureInfo.InvariantCulture);

    public static long ExperimentId(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        ? id
        : throw MlflowException.Invalid($"Invalid experiment ID '{MlflowPairs.Cut(text, 100)}': an experiment ID must be a valid integer.");

    public static long[] ExperimentIds(this MlflowCall call) => [.. call.Texts("experiment_ids").Select(ExperimentId)];

    /// <exception cref="MlflowException">It is no id, or absent.</exception>
    public static string ValidRunId(this MlflowCall call)
    {
        var id = call.RunId();
        return RunIdShape().IsMatch(id) ? id : throw MlflowException.Invalid($"Invalid run ID: '{MlflowPairs.Cut(id, 256)}'");
    }

    /// <summary>How many rows a page holds.</summary>
    public static int MaxResults(this MlflowCall call, int usual, int most)
    {
        var asked = call.Integer("max_results") ?? usual;
        return asked >= 1 && asked <= most ? (int)asked : throw MlflowException.Invalid(
            $"Invalid value {asked} for parameter 'max_results' supplied: It must be at least 1 and at most {most}.");
    }

    public static string? PageToken(this MlflowCall call) => call.Text("page_token") is { Length: > 0 } token ? token : null;

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_\-]{0,255}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RunIdShape();
}
