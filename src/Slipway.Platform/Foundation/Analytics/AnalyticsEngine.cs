using System.ComponentModel.DataAnnotations;
using DuckDB.NET.Data;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Analytics;

public sealed record AnalyticsOptions
{
    /// <summary>How many queries run at once; each may use every core.</summary>
    [Range(1, 64)]
    public int Workers { get; init; } = 2;

    /// <summary>Memory DuckDB may use per query before it spills to disk.</summary>
    [Range(64, 1 << 20)]
    public int MemoryMegabytes { get; init; } = 2048;

    /// <summary>Where it spills; null for the system's temporary folder.</summary>
    public string? SpillDirectory { get; init; }
}

/// <summary>
/// DuckDB over Parquet files and in-memory tables. Its calls block, so each runs on one of a bounded number of threads of its
/// own, in a database of its own that ends with the call.
/// </summary>
public sealed class AnalyticsEngine(AnalyticsOptions options) : IDisposable
{
    private readonly SemaphoreSlim workers = new(options.Workers, options.Workers);

    /// <summary>Runs one query.</summary>
    /// <param name="arguments">Values for <c>$name</c> in the SQL.</param>
    public Task<Table> QueryAsync(string sql, CancellationToken cancel, params (string Name, object? Value)[] arguments) =>
        RunAsync(session => session.Query(sql, arguments), cancel);

    /// <summary>Writes the table as Parquet; the file appears whole or not at all.</summary>
    public Task WriteParquetAsync(Table table, string file, CancellationToken cancel) => RunAsync(
        session =>
        {
            session.Load("result", table);
            session.WriteParquet("select * from result", file);
            return 0;
        },
        cancel);

    /// <exception cref="SlipwayException">NotFound, or Invalid when the file is empty or not Parquet.</exception>
    public Task<Table> ReadParquetAsync(string file, CancellationToken cancel, IEnumerable<string>? columns = null)
    {
        ParquetFile.Check(file);
        var list = columns is null ? "*" : string.Join(", ", columns.Select(Sql.Name));
        return QueryAsync($"select {list} from read_parquet({Sql.Text(file)})", cancel);
    }

    /// <summary>Runs several statements against one private, in-memory database.</summary>
    public async Task<T> RunAsync<T>(Func<AnalyticsSession, T> work, CancellationToken cancel)
    {
        await workers.WaitAsync(cancel);
        try
        {
            return await Task.Factory.StartNew(
                () => Run(work, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            workers.Release();
        }
    }

    public void Dispose() => workers.Dispose();

    private T Run<T>(Func<AnalyticsSession, T> work, CancellationToken cancel)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var session = new AnalyticsSession(connection, cancel);
        session.Execute($"set memory_limit = '{options.MemoryMegabytes}MB'; set preserve_insertion_order = true; set timezone = 'UTC'");
        if (options.SpillDirectory is { } folder)
        {
            session.Execute($"set temp_directory = {Sql.Text(folder)}");
        }

        return work(session);
    }
}
