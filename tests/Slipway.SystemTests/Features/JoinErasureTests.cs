namespace Slipway.SystemTests.Features;

/// <summary><c>slipway features join --erased</c>: who is on the list gets no values, in every view that is about them.</summary>
public sealed class JoinErasureTests : IDisposable
{
    private const string Rows =
        """
        shop,item,event_timestamp,note
        x,a,2024-01-02T00:00:00Z,kept
        x,b,2024-01-02T00:00:00Z,kept
        y,a,2024-01-02T00:00:00Z,kept
        """;

    private readonly JoinFolder folder = new();

    public JoinErasureTests()
    {
        folder.Write("features.yaml", """
            entities:
              - {name: item, join_keys: [{name: item, type: string}]}
              - {name: shop, join_keys: [{name: shop, type: string}]}
            feature_views:
              - {name: prices, kind: batch, entities: [item], source: {path: prices.csv}, features: [{name: price, type: int64, default: "-1"}]}
              - {name: stocks, kind: batch, entities: [shop, item], source: {path: stocks.csv}, features: [{name: stock, type: int64}]}
            feature_services:
              - {name: all, features: [{view: prices}, {view: stocks}]}
            """);
        folder.Write("prices.csv", "item,event_timestamp,price\na,2024-01-01T00:00:00Z,1\nb,2024-01-01T00:00:00Z,2\n");
        folder.Write("stocks.csv", "shop,item,event_timestamp,stock\nx,a,2024-01-01T00:00:00Z,10\nx,b,2024-01-01T00:00:00Z,20\ny,a,2024-01-01T00:00:00Z,30\n");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Who_is_erased_gets_no_values_and_keeps_the_row()
    {
        Assert.Equal(["1,10", "2,20", "1,30"], await JoinAsync());
        folder.Write("items.csv", "why,item\nasked,a\n");
        Assert.Equal(["-1,", "2,20", "-1,"], await JoinAsync("--erased", "item=items.csv"));
        await folder.ParquetAsync("shops.parquet", "select 'x' as shop");
        Assert.Equal(["1,", "2,", "1,30"], await JoinAsync("--erased", "shop=shops.parquet"));
        Assert.Equal(["-1,", "2,", "-1,"], await JoinAsync("--erased", "shop=shops.parquet", "--erased", "item=items.csv"));
    }

    [Fact]
    public async Task A_list_that_cannot_be_honoured_stops_the_join()
    {
        folder.Write("none.csv", "customer\n5\n");
        folder.Write("null.csv", "why,item\nasked,a\nasked,\n");
        Assert.Contains("There is no entity 'customer'; there are item, shop.", await RefusedAsync("customer=none.csv"), StringComparison.Ordinal);
        Assert.Contains("'none.csv' has no column 'item'", await RefusedAsync("item=none.csv"), StringComparison.Ordinal);
        Assert.Contains("'null.csv', row 2: a key of entity 'item' is null", await RefusedAsync("item=null.csv"), StringComparison.Ordinal);
        Assert.Contains("'lost.csv' does not exist", await RefusedAsync("item=lost.csv"), StringComparison.Ordinal);
        Assert.Contains("'--erased' is ENTITY=FILE, once for each entity; got 'item'", await RefusedAsync("item"), StringComparison.Ordinal);
    }

    /// <summary>Price and stock of each row.</summary>
    private async Task<string[]> JoinAsync(params string[] args)
    {
        var lines = await folder.JoinAsync(Rows, ["--service", "all", .. args]);
        Assert.All(lines.Skip(1), line => Assert.Contains(",kept,", line, StringComparison.Ordinal));
        return [.. lines.Skip(1).Select(line => line[(line.IndexOf("kept,", StringComparison.Ordinal) + 5)..])];
    }

    private Task<string> RefusedAsync(string erased) => folder.RefusedAsync(Rows, "--service", "all", "--erased", erased);
}
