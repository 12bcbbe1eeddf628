using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.SageMaker;

/// <summary>SageMaker's Feature Store runtime on a server of its own: signed by hand, by AWS's client, and through crashes.</summary>
public sealed class RecordTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Day = new(2024, 1, 2, 0, 0, 0, TimeSpan.Zero);

    private readonly RedisServer redis = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => redis.InitializeAsync();

    public ValueTask DisposeAsync() => redis.DisposeAsync();

    private async Task<RecordServer> StartAsync(bool onRedis) => await RecordServer.StartAsync(onRedis ? await redis.AddressAsync(Cancel) : null);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_four_calls_work_signed_by_hand(bool onRedis)
    {
        await using var server = await StartAsync(onRedis);
        Assert.Equal((200, ""), await server.SendAsync("PUT", "/FeatureGroup/driver_stats",
            """{"Record":[{"FeatureName":"driver","ValueAsString":"1001"},{"FeatureName":"at","ValueAsString":"2024-01-02T10:00:00Z"},{"FeatureName":"trips","ValueAsString":"7"}],"TtlDuration":{"Unit":"Weeks","Value":5000}}"""));
        Assert.Equal((200, """{"Record":[{"FeatureName":"trips","ValueAsString":"7"}],"ExpiresAt":"2119-10-31T10:00:00Z"}"""), await server.SendAsync(
            "GET", "/FeatureGroup/driver_stats?ExpirationTimeResponse=Enabled&FeatureName=trips&RecordIdentifierValueAsString=1001"));

        await server.PutAsync("1001", Day, 6);
        Assert.Equal((200, """{"Records":[{"FeatureGroupName":"driver_stats","RecordIdentifierValueAsString":"1001","Record":[{"FeatureName":"trips","ValueAsString":"7"}]}],"Errors":[],"UnprocessedIdentifiers":[]}"""),
            await server.SendAsync("POST", "/BatchGetRecord", """{"Identifiers":[{"FeatureGroupName":"driver_stats","RecordIdentifiersValueAsString":["1001","1"],"FeatureNames":["trips"]}]}"""));

        const string Delete = "/FeatureGroup/driver_stats?DeletionMode=HardDelete&EventTime=TIME&RecordIdentifierValueAsString=1001";
        var refused = await server.SendAsync("DELETE", Delete.Replace("TIME", "1704189600", StringComparison.Ordinal)); // 10:00:00
        Assert.Equal(400, refused.Status);
        Assert.Equal((200, ""), await server.SendAsync("DELETE", Delete.Replace("TIME", "1704189601", StringComparison.Ordinal)));
        Assert.Null(await server.TripsAsync("1001"));
        Assert.Equal((200, ""), await server.PutAsync("1001", Day, 6));
        Assert.Equal((200, ""), await server.SendAsync("DELETE", "/FeatureGroup/driver_stats?EventTime=1704189600&RecordIdentifierValueAsString=1001"));
        Assert.Equal((200, ""), await server.PutAsync("1001", Day.AddHours(1), 5));
        Assert.Null(await server.TripsAsync("1001"));
    }

    [Fact]
    public async Task The_client_of_aws_works_unchanged()
    {
        await using var server = await StartAsync(onRedis: false);
        var start = new ProcessStartInfo("python3", [Path.Combine(AppContext.BaseDirectory, "SageMaker", "records.py"), server.Server.Http.BaseAddress!.ToString()])
        {
            RedirectStandardError = true,
        };
        foreach (var (name, value) in server.Pair)
        {
            start.Environment[name] = value;
        }

        start.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        using var python = Start(start);
        var said = await python.StandardError.ReadToEndAsync(Cancel);
        await python.WaitForExitAsync(Cancel);
        Assert.SkipWhen(said.Contains("No module named 'boto3'", StringComparison.Ordinal), "python3 has no boto3; the calls are tested signed by hand.");
        Assert.True(python.ExitCode == 0, said);
    }

    /// <summary>The record is in its history before it is online: a crash in between costs nothing but time.</summary>
    [Fact]
    public async Task A_record_that_got_no_further_than_its_history_is_online_after_the_crash()
    {
        await using var server = await StartAsync(onRedis: true);
        Assert.Equal((200, ""), await server.PutAsync("a", Day.AddHours(1), 1));
        await redis.KillAsync();
        var put = server.PutAsync("a", Day.AddHours(2), 2);
        while ((await server.EndOffsetAsync()) < 2)
        {
            Assert.False(put.IsCompleted, "Nobody may be told of a record that is not online.");
            await Task.Delay(20, Cancel);
        }

        await server.Server.KillAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => put);
        await redis.StartAgainAsync(Cancel);
        await server.Server.StartAgainAsync();
        Assert.Equal([2L], await server.CountAsync(Day, "a")); // which waits until the views have followed
        Assert.Equal(2, await server.TripsAsync("a"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kill_9_under_load_loses_no_record_that_was_acknowledged_from_either_store(bool onRedis)
    {
        const int Writers = 4;
        await using var server = await StartAsync(onRedis);
        var (acknowledged, sent) = (new ConcurrentDictionary<int, int>(), new ConcurrentDictionary<int, int>());
        for (var round = 0; round < 2; round++)
        {
            var load = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync(server, writer, acknowledged, sent)));
            while (Enumerable.Range(0, Writers).Any(writer => acknowledged.GetValueOrDefault(writer) < (round + 1) * 20) && !load.IsFaulted)
            {
                await Task.Delay(20, Cancel);
            }

            await server.Server.KillAsync();
            await load;
            await server.Server.StartAgainAsync();
        }

        var counts = await server.CountAsync(Day, [.. Enumerable.Range(0, Writers).Select(writer => $"w{writer}")]);
        for (var writer = 0; writer < Writers; writer++)
        {
            Assert.InRange((await server.TripsAsync($"w{writer}"))!.Value, acknowledged[writer], sent[writer]);
            Assert.InRange(counts[writer]!.Value, acknowledged[writer], sent[writer] + 1);
        }
    }

    /// <summary>Puts records of ever later times until the server is gone.</summary>
    private static async Task WriteAsync(
        RecordServer server, int writer, ConcurrentDictionary<int, int> acknowledged, ConcurrentDictionary<int, int> sent)
    {
        try
        {
            for (var trips = acknowledged.GetValueOrDefault(writer) + 1; ; trips++)
            {
                sent[writer] = trips;
                Assert.Equal((200, ""), await server.PutAsync($"w{writer}", Day.AddSeconds(trips), trips));
                acknowledged[writer] = trips;
            }
        }
        catch (HttpRequestException)
        {
            // Killed: whether this record is there is open, and it is put again.
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("There is no python3; the calls are tested signed by hand.");
            throw;
        }
    }
}
