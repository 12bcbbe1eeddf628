using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Serving;

namespace Slipway.Tests.Serving;

public sealed class AdmissionTests() : OnServing(null)
{
    [Fact]
    public async Task A_caller_beyond_its_rate_is_told_when_to_come_back_and_others_are_not_held_up()
    {
        await DeployAsync(new EndpointLimits { RequestsPerSecond = 0.5, Burst = 2 });
        await PredictAsync("ann");
        await PredictAsync("ann");

        var error = await Assert.ThrowsAsync<SlipwayException>(() => PredictAsync("ann"));

        Assert.Equal(ErrorKind.TooManyRequests, error.Kind);
        Assert.Equal("Endpoint 'live' takes 0.5 requests a second of a caller; the next in 2 s.", error.Message);
        Assert.Equal(2, error.RetryAfterSeconds);
        await PredictAsync("bob");
        Time.Advance(TimeSpan.FromSeconds(2));
        await PredictAsync("ann");
        await Assert.ThrowsAsync<SlipwayException>(() => PredictAsync("ann"));
    }

    [Fact]
    public async Task A_caller_has_so_many_requests_at_a_time_and_an_ended_one_frees_its_slot()
    {
        var endpoint = await DeployAsync(new EndpointLimits { MaxConcurrent = 1 });
        var admission = Kit.Get<Admission>();
        using (admission.Enter(endpoint, "ann"))
        {
            var error = await Assert.ThrowsAsync<SlipwayException>(() => PredictAsync("ann"));
            Assert.Equal("Endpoint 'live' answers 1 requests of a caller at a time.", error.Message);
            await PredictAsync("bob");
        }

        await PredictAsync("ann");
        await PredictAsync("ann");
    }

    [Theory]
    [InlineData(-1, 1, 1.0, "limits.maxQueue of endpoint 'live' is 0 to 1000000; got -1.")]
    [InlineData(0, 0, 1.0, "limits.timeoutMs of endpoint 'live' is 1 to 3600000; got 0.")]
    [InlineData(0, 1, double.NaN, "limits.requestsPerSecond of endpoint 'live' is 0.001 to 1000000; got NaN.")]
    public async Task Limits_out_of_range_are_refused(int queue, int timeoutMs, double rate, string message)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => DeployAsync(new EndpointLimits { MaxQueue = queue, TimeoutMs = timeoutMs, RequestsPerSecond = rate }));

        Assert.Equal((ErrorKind.Invalid, message), (error.Kind, string.Create(CultureInfo.InvariantCulture, $"{error.Message}")));
    }

    [Fact]
    public async Task Statistics_tell_what_a_version_did_and_trials_do_not_count()
    {
        await DeployAsync(new EndpointLimits());
        Assert.Equal(0, Assert.Single(Kit.Serving.Statistics("live", null)).Statistics.InferenceCount);

        await Kit.PredictAsync([0.25, 0.5, 0.75]);

        var version = Assert.Single(Kit.Serving.Statistics("live", "1.0.0"));
        Assert.Equal(("live", "1.0.0", 3, 1), (version.Endpoint, version.Version, version.Statistics.InferenceCount, version.Statistics.ExecutionCount));
        Assert.Equal(Time.GetUtcNow().ToUnixTimeMilliseconds(), version.Statistics.LastInferenceMs, 60_000.0);
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<SlipwayException>(() => Kit.Serving.Statistics("live", "9.0.0")).Kind);
    }

    private async Task<Endpoint> DeployAsync(EndpointLimits limits) =>
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo), options: new EndpointOptions { Limits = limits });

    private Task PredictAsync(string caller) =>
        Kit.PredictAsync([0.5], request => request with { Options = new InferOptions(Caller: caller) });
}
