using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Foundation.Database;
using StackExchange.Redis;

namespace Slipway.Cluster;

/// <summary>
/// The rows in Redis or Valkey: one string per entity and view, which holds event time and created time (8 bytes each, big-endian)
/// and the packed row. Nothing expires there: a row that is too old is told apart from one that is missing.
/// </summary>
/// <remarks>One server, or one that a proxy makes look like one: keys of a batch are not kept on one node of a Redis Cluster.</remarks>
public sealed class RedisOnlineStore(RedisAddress address, Db db, RedisOnlineOptions options, TimeProvider time) : IOnlineStore, IAsyncDisposable
{
    private const int HeaderBytes = 2 * sizeof(long);

    /// <summary>Rows of one call of the script: other clients wait for it, some 0.3 ms.</summary>
    private const int ChunkRows = 128;

    /// <summary>Calls under way at once: enough to keep the server busy.</summary>
    private const int Pipelined = 8;

    /// <summary>
    /// Keeps the newer of two rows. Times are compared in halves: Lua's numbers are doubles, which hold 53 bits, and its comparison of
    /// texts goes by the server's locale.
    /// </summary>
    private const string PutNewer = """
        for i = 1, #KEYS do
          local old = redis.call('getrange', KEYS[i], 0, 15)
          local newer = #old < 16
          if not newer then
            local a, b, c, d = struct.unpack('>i4I4i4I4', ARGV[i])
            local e, f, g, h = struct.unpack('>i4I4i4I4', old)
            if a ~= e then newer = a > e elseif b ~= f then newer = b > f elseif c ~= g then newer = c > g else newer = d >= h end
          end
          if newer then redis.call('set', KEYS[i], ARGV[i]) end
        end
        """;

    private const string RemoveOlder = """
        local old = redis.call('getrange', KEYS[1], 0, 7)
        if #old < 8 then return 0 end
        local a, b = struct.unpack('>i4I4', old)
        local c, d = struct.unpack('>i4I4', ARGV[1])
        if a > c or (a == c and b > d) then return 0 end
        return redis.call('del', KEYS[1])
        """;

    // Reads never queue behind the megabytes of a write.
    private readonly RedisLink reading = new(address, options.ReadTimeout);
    private readonly RedisLink writing = new(address, options.CallTimeout);

    public async ValueTask<OnlineEntry?[]> ReadAsync(string view, EntityKeys keys, CancellationToken cancel)
    {
        var (prefix, asked, places) = (Prefix(view), new List<RedisKey>(keys.Count), new List<int>(keys.Count));
        for (var i = 0; i < keys.Count; i++)
        {
            if (!keys.IsMissing(i))
            {
                asked.Add(Key(prefix, keys[i]));
                places.Add(i);
            }
        }

        var found = new OnlineEntry?[keys.Count];
        if (asked.Count == 0)
        {
            return found;
        }

        var values = await reading.CallAsync(redis => redis.StringGetAsync([.. asked]), cancel);
        for (var i = 0; i < values.Length; i++)
        {
            found[places[i]] = Entry((byte[]?)values[i]);
        }

        return found;
    }

    public async Task WriteAsync(IReadOnlyList<OnlineWrite> writes, Func<DbSession, Task>? position, CancellationToken cancel)
    {
        foreach (var write in writes)
        {
            await Parallel.ForEachAsync(
                Chunks(write),
                new ParallelOptions { MaxDegreeOfParallelism = Pipelined, CancellationToken = cancel },
                async (chunk, stop) => await PutAsync(chunk.Keys, chunk.Values, stop));
        }

        // Last: what a position says must be true, and rows that are written again change nothing.
        if (position is not null)
        {
            await db.WriteAsync(position, cancel);
        }
    }

    public async Task<int> DeleteAsync(string view, IReadOnlyList<byte[]> keys, CancellationToken cancel)
    {
        var (prefix, deleted) = (Prefix(view), 0L);
        foreach (var chunk in keys.Chunk(1000))
        {
            deleted += await writing.CallAsync(redis => redis.KeyDeleteAsync([.. chunk.Select(key => Key(prefix, key))]), cancel);
        }

        return (int)deleted;
    }

    public async Task<bool> DeleteAsync(string view, byte[] key, long upToUs, CancellationToken cancel)
    {
        var until = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(until, upToUs);
        return (long)await writing.CallAsync(redis => redis.ScriptEvaluateAsync(RemoveOlder, [Key(Prefix(view), key)], [until]), cancel) > 0;
    }

    public async IAsyncEnumerable<byte[]> KeysAsync(string view, [EnumeratorCancellation] CancellationToken cancel)
    {
        var prefix = Prefix(view);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var server = await writing.ServerAsync(cancel);
        await foreach (var key in server.KeysAsync(address.Database, Pattern(prefix), pageSize: 1000).WithCancellation(cancel))
        {
            // A scan may give a key twice.
            var bytes = (byte[])key!;
            if (seen.Add(Convert.ToHexString(bytes)))
            {
                yield return bytes[prefix.Length..];
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await reading.DisposeAsync();
        await writing.DisposeAsync();
    }

    /// <summary>Waits for a server that is gone, as long as the options say: a restart of it loses no write.</summary>
    private async ValueTask PutAsync(RedisKey[] keys, RedisValue[] values, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                await writing.CallAsync(redis => redis.ScriptEvaluateAsync(PutNewer, keys, values), cancel);
                return;
            }
            catch (SlipwayException gone) when (gone.Kind == ErrorKind.Unavailable && time.GetElapsedTime(started) < options.WriteWait)
            {
                await Task.Delay(options.Retry, time, cancel);
            }
        }
    }

    /// <summary>In order, and a key once in a chunk at most: chunks under way together may end in any order.</summary>
    private IEnumerable<(RedisKey[] Keys, RedisValue[] Values)> Chunks(OnlineWrite write)
    {
        var prefix = Prefix(write.View);
        return OnlineRows.Winners(write.Rows).Chunk(ChunkRows)
            .Select(rows => (Array.ConvertAll(rows, row => Key(prefix, row.Key)), Array.ConvertAll(rows, Value)));
    }

    private static RedisValue Value(OnlineRow row)
    {
        var value = new byte[HeaderBytes + row.Bytes.Length];
        BinaryPrimitives.WriteInt64BigEndian(value, row.EventTimeUs);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(sizeof(long)), row.CreatedUs);
        row.Bytes.CopyTo(value, HeaderBytes);
        return value;
    }

    private static OnlineEntry? Entry(byte[]? value) => value is null ? null : new OnlineEntry(
        BinaryPrimitives.ReadInt64BigEndian(value), BinaryPrimitives.ReadInt64BigEndian(value.AsSpan(sizeof(long))), value[HeaderBytes..]);

    private byte[] Prefix(string view) => Encoding.UTF8.GetBytes($"{address.Prefix}:{view}:");

    private static RedisKey Key(byte[] prefix, ReadOnlySpan<byte> key)
    {
        var whole = new byte[prefix.Length + key.Length];
        prefix.CopyTo(whole, 0);
        key.CopyTo(whole.AsSpan(prefix.Length));
        return whole;
    }

    /// <summary>All that begins so, with what a pattern would read as something else escaped.</summary>
    private static RedisValue Pattern(byte[] prefix)
    {
        var pattern = new List<byte>();
        foreach (var value in prefix)
        {
            if (value is (byte)'*' or (byte)'?' or (byte)'[' or (byte)']' or (byte)'\\' or (byte)'^')
            {
                pattern.Add((byte)'\\');
            }

            pattern.Add(value);
        }

        return (RedisValue)(byte[])[.. pattern, (byte)'*'];
    }
}
