using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Commands.Demo;

/// <summary>The files of <c>examples/flights</c>, which are copied beside the program.</summary>
internal sealed class FlightsExample
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "examples", "flights");

    /// <param name="source">A file of flights; the shipped sample when null.</param>
    /// <exception cref="SlipwayException">The source is missing, empty or not Parquet.</exception>
    public FlightsExample(string? source)
    {
        Source = Path.GetFullPath(source ?? Path.Combine(Folder, "data", "flights.parquet"));
        ParquetFile.Check(Source);
    }

    public string Source { get; }

    /// <summary>YAML of the example, to be sent to the server: a server knows no folder, so the files it names get their full paths.</summary>
    public string Text(string name) => File.ReadAllText(Path.Combine(Folder, name))
        .Replace("  file: flights.parquet\n", $"  file: {Quoted(Source)}\n", StringComparison.Ordinal)
        .Replace("  rules: quality.yaml\n", $"  rules: {Quoted(Path.Combine(Folder, "quality.yaml"))}\n", StringComparison.Ordinal)
        .Replace("  monitor: monitor.yaml\n", $"  monitor: {Quoted(Path.Combine(Folder, "monitor.yaml"))}\n", StringComparison.Ordinal);

    private static string Quoted(string path) => $"'{path.Replace("'", "''", StringComparison.Ordinal)}'";
}
