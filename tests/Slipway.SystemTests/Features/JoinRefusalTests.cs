namespace Slipway.SystemTests.Features;

/// <summary>What <c>slipway features join</c> says of what it cannot join; nothing is written then.</summary>
public sealed class JoinRefusalTests : IDisposable
{
    private const string Features = "prices:price";
    private const string Entities = "item,event_timestamp\na,2024-01-01T10:00:00Z\n";

    private const string Yaml = """
        entities:
          - {name: item, join_keys: [{name: item, type: string}]}
        feature_views:
          - name: prices
            kind: batch
            entities: [item]
            source: {path: prices.csv}
            features: [{name: price, type: int64}]
          - name: elsewhere
            kind: batch
            entities: [item]
            source: {path: not-here.parquet}
            features: [{name: price, type: int64}]
        """;

    private readonly JoinFolder folder = new();

    public JoinRefusalTests()
    {
        folder.Write("features.yaml", Yaml);
        folder.Write("prices.csv", "item,event_timestamp,price\na,2024-01-01T09:00:00Z,1\n");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_is_asked_for_must_be_there()
    {
        Assert.Equal("slipway: There is no feature view 'price'; there are prices, elsewhere.", await folder.RefusedAsync(Entities, "--features", "price:price"));
        Assert.Equal("slipway: Feature view 'prices' has no feature 'cost'; it has price.", await folder.RefusedAsync(Entities, "--features", "prices:cost"));
        Assert.Equal("slipway: 'prices' does not name a feature; write view:feature.", await folder.RefusedAsync(Entities, "--features", "prices"));
        Assert.Equal("slipway: There is no feature service 's'; there are none.", await folder.RefusedAsync(Entities, "--service", "s"));
        Assert.Equal("slipway: 'slipway features join' needs either --features or --service", await folder.RefusedAsync(Entities));
    }

    [Fact]
    public async Task Two_columns_of_one_name_are_refused_with_both_named()
    {
        var twice = await folder.RefusedAsync(Entities, "--features", "prices:price,elsewhere:price");
        var taken = await folder.RefusedAsync("item,event_timestamp,Price\na,2024-01-01T10:00:00Z,1\n", "--features", Features);

        Assert.Equal(
            "slipway: There would be two columns of one name: 'prices:price' and 'elsewhere:price' both give a column 'price'; "
            + "ask for full names ('full_feature_names: true', --full-names).", twice);
        Assert.Equal(
            "slipway: The entity rows have a column 'Price', and a feature would be called 'price'; rename the column or ask for full names (--full-names).",
            taken);
    }

    [Fact]
    public async Task Entity_rows_need_a_time_and_the_keys_that_can_be_read()
    {
        Assert.Equal(
            "slipway: 'entities.csv' has no column 'event_timestamp' (timestamp), which the features need; it has item, at.",
            await folder.RefusedAsync("item,at\na,2024-01-01T10:00:00Z\n", "--features", Features));
        Assert.Equal(
            "slipway: 'entities.csv' has no column 'item' (string), which the features need; it has event_timestamp.",
            await folder.RefusedAsync("event_timestamp\n2024-01-01T10:00:00Z\n", "--features", Features));
        Assert.Equal(
            "slipway: 'entities.csv', row 2: event_timestamp is '2024-13-01T00:00:00Z', which is not an ISO 8601 time such as 2024-05-01T09:30:00+02:00.",
            await folder.RefusedAsync("item,event_timestamp\na,2024-01-01T10:00:00Z\nb,2024-13-01T00:00:00Z\nc,x\n", "--features", Features));
        Assert.Contains(
            "entities.csv", await folder.RefusedAsync("item,event_timestamp\na,2024-01-01T10:00:00Z\nb,2024-01-01T10:00:00Z,1\n", "--features", Features),
            StringComparison.Ordinal);
        Assert.Equal(
            "slipway: 'entities.csv' has two columns called 'item'; its first line names item, item, event_timestamp.",
            await folder.RefusedAsync("item,item,event_timestamp\n", "--features", Features));
    }

    [Fact]
    public async Task A_source_that_does_not_fit_is_named_with_file_line_and_column()
    {
        Assert.StartsWith(
            "slipway: features.yaml:12:13: The data file '", await folder.RefusedAsync(Entities, "--features", "elsewhere:price"), StringComparison.Ordinal);

        folder.Write("prices.csv", "item,event_timestamp,cost\na,2024-01-01T09:00:00Z,1\n");
        Assert.Equal(
            "slipway: features.yaml:4:5: feature view 'prices': its source has no column 'price'; it has item, event_timestamp, cost.",
            await folder.RefusedAsync(Entities, "--features", Features));

        folder.Write("prices.csv", "item,event_timestamp,price\na,2024-01-01T09:00:00Z,1\nb,2024-01-01T09:00:00Z,1.5\n");
        Assert.EndsWith(", row 2: price is '1.5', which is not a whole number.", await folder.RefusedAsync(Entities, "--features", Features), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_takes_the_place_of_the_old_one_only_when_it_is_whole()
    {
        folder.Write("out.csv", "old");
        folder.Write("entities.csv", Entities.Replace("2024-01-01T10", "soon", StringComparison.Ordinal));
        var failed = await folder.RunAsync(null, "--entities", "entities.csv", "--features", Features, "--out", "out.csv");
        Assert.Equal((2, "old"), (failed.ExitCode, folder.Read("out.csv")));

        folder.Write("entities.csv", Entities);
        var joined = await folder.RunAsync(null, "--entities", "entities.csv", "--features", Features, "--out", "out.csv");

        Assert.Equal((0, "1 rows with price in out.csv\n"), (joined.ExitCode, joined.Output));
        Assert.Equal("item,event_timestamp,price\na,2024-01-01T10:00:00Z,1\n", folder.Read("out.csv"));
        Assert.Equal(4, Directory.GetFiles(folder.Path(".")).Length);

        var nowhere = await folder.RunAsync(null, "--entities", "entities.csv", "--features", Features, "--out", "out.txt");
        Assert.Equal("slipway: The result 'out.txt' must be called .csv or .parquet.", Assert.Single(nowhere.ErrorLines));
    }
}
