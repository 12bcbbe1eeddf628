using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Client;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Registry.OpenLineage;
using Slipway.Tests.Client;
using Slipway.Tests.Hosting;

namespace Slipway.Tests.Lineage;

/// <summary>A real server tells a receiver that fails first.</summary>
public sealed class OpenLineageDeliveryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_event_arrives_although_the_receiver_fails_first()
    {
        await using var receiver = await ScriptedServer.StartAsync((context, _, before) =>
        {
            context.Response.StatusCode = before < 3 ? 503 : 201;
            return Task.CompletedTask;
        });
        await using var server = await StartAsync(receiver.Address, "key");
        using var client = new SlipwayClient(server.Http.BaseAddress!);
        var experiment = await client.Experiments.CreateAsync(new NewExperiment("flights"), Cancel);
        var run = await client.Runs.StartAsync(new RunStart(experiment.Id), Cancel);
        await client.Runs.LogInputAsync(run.Id, new DatasetInput("flights", "abc", "s3://lake/flights.parquet"), Cancel);
        await client.Runs.LogBatchAsync(run.Id, new LogBatch([new MetricPoint("auc", 0.75, 1)]), Cancel);
        await client.Runs.FinishAsync(run.Id, RunStatus.Failed, cancel: Cancel);

        var taken = await UntilAsync(receiver, requests => requests.Skip(3).Select(r => Type(r.Body)).Distinct().Order().SequenceEqual(["FAIL", "START"]));

        Assert.All(taken, request => Assert.Equal("POST /api/v1/lineage", request.Line));
        var fail = JsonNode.Parse(taken.Last(request => Type(request.Body) == "FAIL").Body)!;
        Assert.Equal(Guid.Parse(run.Id).ToString(), (string?)fail["run"]!["runId"]);
        Assert.Equal(("teams", "flights"), ((string?)fail["job"]!["namespace"], (string?)fail["job"]!["name"]));
        Assert.Equal("s3://lake", (string?)fail["inputs"]![0]!["namespace"]);
        Assert.Equal(0.75, (double?)fail["run"]!["facets"]!["slipway_mlRun"]!["metrics"]!["auc"]);
    }

    [Fact]
    public async Task A_version_made_of_a_run_is_told_as_its_output()
    {
        await using var receiver = await ScriptedServer.StartAsync((context, _, _) =>
        {
            context.Response.StatusCode = context.Request.Headers.Authorization == "Bearer key" ? 201 : 401;
            return Task.CompletedTask;
        });
        await using var server = await StartAsync(new Uri(receiver.Address, "custom/path"), "key");
        using var client = new SlipwayClient(server.Http.BaseAddress!);
        var experiment = await client.Experiments.CreateAsync(new NewExperiment("flights"), Cancel);
        var run = await client.Runs.StartAsync(new RunStart(experiment.Id), Cancel);
        await client.Artifacts.UploadTextAsync(run.Id, "model.onnx", "x", Cancel);
        await client.Models.RegisterAsync(new NewModel("delay"), Cancel);
        var signature = new ModelSignature([new ColumnSchema("x", DataType.Float32)], [new ColumnSchema("p", DataType.Float32)]);
        await client.Models.CreateVersionAsync("delay", new NewVersion(run.Id, "model.onnx", signature), Cancel);

        var taken = await UntilAsync(receiver, requests => requests.Any(r => Type(r.Body) == "OTHER"));

        var other = JsonNode.Parse(taken.First(request => Type(request.Body) == "OTHER").Body)!;
        Assert.Equal("POST /custom/path", taken[0].Line);
        Assert.Equal("models/delay", (string?)other["outputs"]![0]!["name"]);
        Assert.Equal("1.0.0", (string?)other["outputs"]![0]!["facets"]!["version"]!["datasetVersion"]);
    }

    [Fact]
    public async Task An_event_that_is_refused_for_good_becomes_a_dead_letter_at_once()
    {
        await using var receiver = await ScriptedServer.StartAsync((context, _, _) =>
        {
            context.Response.StatusCode = 422;
            return Task.CompletedTask;
        });
        await using var server = await StartAsync(receiver.Address, null);
        using var client = new SlipwayClient(server.Http.BaseAddress!);
        var experiment = await client.Experiments.CreateAsync(new NewExperiment("flights"), Cancel);
        await client.Runs.StartAsync(new RunStart(experiment.Id), Cancel);

        var jobs = server.Host.Services.GetRequiredService<JobService>();
        List<Job> dead;
        while ((dead = await jobs.ListAsync(JobState.Dead, null, 10, Cancel)).Count == 0)
        {
            await Task.Delay(10, Cancel);
        }

        Assert.Contains("refuses the event with 422", Assert.Single(dead).LastError, StringComparison.Ordinal);
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task A_redirect_takes_neither_the_event_nor_the_key_elsewhere()
    {
        await using var elsewhere = await ScriptedServer.StartAsync((_, _, _) => Task.CompletedTask);
        await using var receiver = await ScriptedServer.StartAsync((context, _, before) =>
        {
            context.Response.StatusCode = before == 0 ? 307 : 201;
            context.Response.Headers.Location = elsewhere.Address.ToString();
            return Task.CompletedTask;
        });
        await using var server = await StartAsync(receiver.Address, "key");
        using var client = new SlipwayClient(server.Http.BaseAddress!);
        var experiment = await client.Experiments.CreateAsync(new NewExperiment("flights"), Cancel);
        await client.Runs.StartAsync(new RunStart(experiment.Id), Cancel);

        await UntilAsync(receiver, requests => requests.Count == 2);

        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task Without_a_receiver_no_event_is_written()
    {
        await using var server = await RunningHost.StartAsync();
        using var client = new SlipwayClient(server.Http.BaseAddress!);
        var experiment = await client.Experiments.CreateAsync(new NewExperiment("flights"), Cancel);
        await client.Runs.StartAsync(new RunStart(experiment.Id), Cancel);

        var jobs = await server.Host.Services.GetRequiredService<JobService>().ListAsync(null, null, 100, Cancel);
        Assert.DoesNotContain(jobs, job => job.Kind.StartsWith("openlineage", StringComparison.Ordinal));
    }

    private static Task<RunningHost> StartAsync(Uri url, string? key) => RunningHost.StartAsync(
        options => options with { OpenLineageUrl = url, OpenLineageNamespace = "teams", OpenLineageApiKey = key },
        services =>
        {
            var configured = (OpenLineageOptions)services.Last(s => s.ServiceType == typeof(OpenLineageOptions)).ImplementationInstance!;
            services.AddSingleton(configured with { Retry = TimeSpan.FromMilliseconds(20) })
                .AddSingleton(new JobOptions { Poll = TimeSpan.FromMilliseconds(20) });
        });

    private static string? Type(string body) => (string?)JsonNode.Parse(body)!["eventType"];

    private static async Task<List<(string Line, string Body)>> UntilAsync(
        ScriptedServer receiver, Func<List<(string Line, string Body)>, bool> done)
    {
        while (true)
        {
            List<(string, string)> seen = [.. receiver.Requests];
            if (done(seen))
            {
                return seen;
            }

            await Task.Delay(20, Cancel);
        }
    }
}
