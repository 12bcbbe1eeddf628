using System.Globalization;
using System.Text.RegularExpressions;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

/// <summary>/metrics against the grammar of Prometheus' text format 0.0.4.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Every_line_is_a_comment_or_a_sample_of_a_declared_family()
    {
        var families = new Dictionary<string, string>();
        foreach (var line in await ScrapeAsync())
        {
            if (TypeLine().Match(line) is { Success: true } type)
            {
                Assert.True(families.TryAdd(type.Groups["name"].Value, type.Groups["type"].Value), $"declared twice: {line}");
            }
            else if (!HelpLine().IsMatch(line))
            {
                var sample = SampleLine().Match(line);
                Assert.True(sample.Success, line);
                Assert.Contains(families, family => Owns(family, sample.Groups["name"].Value));
                _ = Number(sample.Groups["value"].Value);
            }
        }

        Assert.Equal("histogram", families["http_server_request_duration_seconds"]);
        Assert.Equal("counter", families["dotnet_gc_collections_total"]);
    }

    [Fact]
    public async Task Buckets_grow_to_the_count_which_is_the_number_of_requests()
    {
        var lines = (await ScrapeAsync()).Where(line =>
            line.StartsWith("http_server_request_duration_seconds", StringComparison.Ordinal)
            && line.Contains("http_route=\"/healthz\"", StringComparison.Ordinal)).ToList();

        var buckets = lines.Where(line => line.Contains("_bucket{", StringComparison.Ordinal)).Select(Value).ToList();
        var count = Value(lines.Single(line => line.Contains("_count{", StringComparison.Ordinal)));
        Assert.Equal(buckets.Order(), buckets);
        Assert.Contains("le=\"+Inf\"", lines.Last(line => line.Contains("_bucket{", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(3, count);
        Assert.Equal(count, buckets[^1]);
    }

    /// <remarks>Three requests to /healthz come before the scrape.</remarks>
    private static async Task<string[]> ScrapeAsync()
    {
        await using var server = await SlipwayServer.StartAsync();
        for (var request = 0; request < 3; request++)
        {
            await server.Http.GetStringAsync("/healthz");
        }

        var answer = await server.Http.GetAsync("/metrics");
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("0.0.4", answer.Content.Headers.ContentType?.Parameters.Single(parameter => parameter.Name == "version").Value);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line != "# EOF")];
    }

    private static bool Owns(KeyValuePair<string, string> family, string sample) => family.Value == "histogram"
        ? sample == $"{family.Key}_bucket" || sample == $"{family.Key}_sum" || sample == $"{family.Key}_count"
        : sample == family.Key;

    private static double Value(string line) => Number(SampleLine().Match(line).Groups["value"].Value);

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex(@"^# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge|histogram|summary|untyped)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^# HELP [a-zA-Z_:][a-zA-Z0-9_:]* ([^\\]|\\\\|\\n)*$")]
    private static partial Regex HelpLine();

    [GeneratedRegex("""
        ^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*",?)*\})? (?<value>\S+)( -?\d+)?$
        """)]
    private static partial Regex SampleLine();
}
