using Slipway.Core.Errors;
using StackExchange.Redis;

namespace Slipway.Cluster;

/// <summary>One connection to a Redis, opened when it is first needed and again by itself whenever it is lost.</summary>
internal sealed class RedisLink(RedisAddress address, TimeSpan timeout) : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private ConnectionMultiplexer? connection;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/>: at once when there is no connection, else after the timeout.</exception>
    public async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancel)
    {
        try
        {
            var redis = Volatile.Read(ref connection) ?? await ConnectAsync(cancel);
            return await call(redis.GetDatabase(address.Database)).WaitAsync(cancel);
        }
        catch (Exception failure) when (failure is RedisConnectionException or RedisTimeoutException or TimeoutException)
        {
            throw new SlipwayException(
                ErrorKind.Unavailable, $"The online store (Redis at {address.Name}) cannot be reached; try again in a moment.", failure);
        }
        catch (RedisServerException failure) when (IsPassing(failure.Message))
        {
            throw new SlipwayException(ErrorKind.Unavailable, $"The online store (Redis at {address.Name}) refused: {failure.Message}", failure);
        }
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/></exception>
    public async Task<IServer> ServerAsync(CancellationToken cancel)
    {
        await CallAsync(redis => redis.PingAsync(), cancel);
        return connection!.GetServer(address.EndPoint);
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }

        gate.Dispose();
    }

    private async Task<ConnectionMultiplexer> ConnectAsync(CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            return connection ??= await ConnectionMultiplexer.ConnectAsync(Configuration());
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Gives a connection object also when nobody answers yet, which then goes on trying.</summary>
    private ConfigurationOptions Configuration() => new()
    {
        EndPoints = { address.EndPoint },
        User = address.User,
        Password = address.Password,
        Ssl = address.Tls,
        SslHost = address.Tls ? address.Host : null,
        DefaultDatabase = address.Database,
        ClientName = "slipway",
        AbortOnConnectFail = false,
        BacklogPolicy = BacklogPolicy.FailFast,
        ConnectRetry = 1,
        ConnectTimeout = 1000,
        AsyncTimeout = (int)timeout.TotalMilliseconds,
        HeartbeatInterval = TimeSpan.FromMilliseconds(250),
        ReconnectRetryPolicy = new LinearRetry(250),
    };

    /// <summary>A server that is loading its data, following another, or full may take the same later.</summary>
    private static bool IsPassing(string message) =>
        Array.Exists(["LOADING", "READONLY", "MASTERDOWN", "OOM", "BUSY", "MISCONF", "NOREPLICAS"], message.StartsWith);
}
