using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Serving.Scoring;

namespace Slipway.Tests.Serving.Scoring;

/// <summary>A folder with models and files, and scorings over them.</summary>
internal sealed class ScoringKit : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string Path(string name) => folder.Combine(name);

    public string Write(string name, string text) => folder.WriteText(name, text);

    /// <summary>A Parquet file of the rows of a query.</summary>
    public async Task<string> ParquetAsync(string name, string sql)
    {
        await QueryAsync($"copy ({sql}) to {Sql.Text(Path(name))} (format parquet)");
        return Path(name);
    }

    public Task<Table> QueryAsync(string sql) => analytics.QueryAsync(sql, Cancel);

    public ScoringModel Model(byte[] onnx, ModelSignature? signature = null, string name = "m", string version = "1.0.0")
    {
        var file = Path($"{name}-{version}.onnx");
        File.WriteAllBytes(file, onnx);
        return ScoringModel.Open(file, name, version, signature);
    }

    public Task<ScoringSummary> ScoreAsync(
        ScoringModel model, ScoringRequest request, ScoringModel? shadow = null, IProgress<ScoringProgress>? progress = null, CancellationToken? cancel = null) =>
        new BatchScoring(analytics, TimeProvider.System).RunAsync(request, model, shadow, progress, cancel ?? Cancel);

    /// <summary>Rows of all parts in their order, the columns as DuckDB prints them between bars.</summary>
    public async Task<string[]> RowsAsync(string output, params string[] columns)
    {
        var row = string.Join(" || '|' || ", columns.Select(column => $"coalesce({column}::varchar, 'null')"));
        var rows = await QueryAsync(
            $"select {row} as row from read_parquet({Sql.Text(System.IO.Path.Combine(Path(output), "part-*.parquet"))}, filename = true, file_row_number = true) order by filename, file_row_number");
        return rows["row"].Strings!;
    }

    public async Task<string[]> RejectedAsync(string output)
    {
        var rows = await QueryAsync(
            $"select reason from read_parquet({Sql.Text(System.IO.Path.Combine(Path(output), "_rejected", "*.parquet"))}, union_by_name = true) order by reason");
        return rows["reason"].Strings!;
    }

    public void Dispose()
    {
        analytics.Dispose();
        folder.Dispose();
    }
}
