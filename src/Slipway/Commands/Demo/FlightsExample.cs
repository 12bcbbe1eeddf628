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

    public string Rules { get; } = PathOf("quality.yaml");

    public string Monitor { get; } = PathOf("monitor.yaml");

    /// <summary>Yaml of the example, to be sent to the server.</summary>
    public static string Text(string name) => File.ReadAllText(PathOf(name));

    private static string PathOf(string name) => Path.Combine(Folder, name);
}
