using Slipway.TestKit;

namespace Slipway.Tests.Features;

/// <summary>Views of the weather over each store that keeps rows online.</summary>
public abstract class OnEveryWeatherStore(PostgresServer? postgres, RedisServer? redis) : OnEveryOnlineStore(postgres, redis)
{
    internal WeatherFeatures Features { get; private set; } = null!;

    protected override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        Features = await WeatherFeatures.OpenAsync(Db, Time, Open(), Cancel);
    }

    protected override async Task CleanUpAsync()
    {
        Features?.Dispose();
        await base.CleanUpAsync();
    }
}
