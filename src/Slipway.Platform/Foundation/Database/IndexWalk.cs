namespace Slipway.Platform.Foundation.Database;

/// <summary>How PostgreSQL may find rows in the rest of a transaction.</summary>
public enum IndexWalk
{
    /// <summary>As its statistics say.</summary>
    Free,

    /// <summary>By indexes, row by row.</summary>
    Probe,

    /// <summary>Likewise, and in the order that an index has.</summary>
    Ordered,
}

/// <summary>
/// Where the query knows the index to go by, PostgreSQL is told so: right after much was written its statistics are missing or
/// old, and then it reads and sorts everything (measured: 140 ms in place of 2). SQLite follows the query's own order anyway.
/// </summary>
public static class IndexWalks
{
    public static Task UseAsync(this DbSession session, IndexWalk walk, CancellationToken cancel)
    {
        if (session.Engine == DbEngine.Sqlite)
        {
            return Task.CompletedTask;
        }

        var (others, sort) = (walk == IndexWalk.Free ? "on" : "off", walk == IndexWalk.Ordered ? "off" : "on");
        return session.FirstAsync(
            $"""
            select set_config('enable_seqscan', '{others}', true), set_config('enable_bitmapscan', '{others}', true),
              set_config('enable_hashjoin', '{others}', true), set_config('enable_mergejoin', '{others}', true),
              set_config('enable_sort', '{sort}', true), set_config('jit', 'off', true)
            """,
            null,
            _ => 0,
            cancel);
    }
}
