namespace Slipway.Tests.OpenInference;

/// <summary>Texts and statuses of the protocol, written down from its contract: request line, request body, status, answer.</summary>
public sealed class ExchangeTests(InferenceHost host) : IClassFixture<InferenceHost>
{
    /// <summary>The exchange in Golden/NAME.txt.</summary>
    public static TheoryData<string> Exchanges =>
        [.. Directory.EnumerateFiles(Golden, "*.txt").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    private static string Golden => Path.Combine(AppContext.BaseDirectory, "OpenInference", "Golden");

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task Exchanges_are_as_written_down(string name)
    {
        var parts = (await File.ReadAllTextAsync(Path.Combine(Golden, $"{name}.txt"), TestContext.Current.CancellationToken)).Split("\n\n");
        var line = parts[0].Split(' ');

        Assert.Equal(parts[^1].TrimEnd(), await host.TextAsync(line[0], line[1], parts.Length == 3 ? parts[1].Trim() : null));
    }
}
