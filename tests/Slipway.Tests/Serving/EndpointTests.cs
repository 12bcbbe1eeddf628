using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Registry;
using Slipway.Platform.Serving;

namespace Slipway.Tests.Serving;

public abstract class EndpointContract(PostgresServer? postgres) : OnServing(postgres)
{
    private async Task<float> AnswerAsync(double x = 0.25, ServingKit? server = null) =>
        (await (server ?? Kit).PredictAsync([x])).Predictions[0].Probability;

    [Fact]
    public async Task A_new_version_takes_all_traffic_and_rollback_gives_it_back()
    {
        var first = await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        Assert.Equal(0.25f, await AnswerAsync());

        var second = await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Inverse));
        Assert.Equal(0.75f, await AnswerAsync());

        var third = await Kit.Serving.RollbackAsync("live", ServingKit.Carl, "worse", Cancel);
        Assert.Equal(0.25f, await AnswerAsync());
        Assert.Equal([1, 2, 3], [first.Revision, second.Revision, third.Revision]);
        Assert.Equal(first.Variants, third.Variants);
    }

    [Fact]
    public async Task Every_change_is_kept_with_who_and_why_and_audited()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Inverse));
        await Kit.Serving.RollbackAsync("live", ServingKit.Ann, "worse", Cancel);

        var history = await Kit.Serving.HistoryAsync("live", null, 10, Cancel);
        Assert.Equal([("ann", "worse", "1.0.0"), ("carl", "test", "1.1.0"), ("carl", "test", "1.0.0")],
            history.Select(h => (h.Actor, h.Reason, h.Endpoint.Champion.Version)));
        Assert.Equal([2, 1], (await Kit.Serving.HistoryAsync("live", 3, 10, Cancel)).Select(h => h.Endpoint.Revision));
        var audit = await Kit.Get<AuditLog>().ListAsync("endpoint/live", null, null, 10, Cancel);
        Assert.Equal(["endpoint.rollback", "endpoint.deploy", "endpoint.deploy"], audit.Items.Select(a => a.Action));
        Assert.True((await Kit.Get<AuditLog>().VerifyAsync(Cancel)).Intact);
    }

    [Fact]
    public async Task Lineage_leads_from_the_version_to_the_endpoint()
    {
        var version = await Kit.RegisterAsync(TestModels.Echo);
        await Kit.DeployAsync(version);

        var graph = await Kit.Get<LineageService>().TraceAsync(
            LineageNode.ModelVersion("echo", version.Version), LineageDirection.Downstream, 1, Cancel);

        Assert.Contains(LineageNode.Endpoint("live"), graph.Nodes);
    }

    [Fact]
    public async Task An_alias_means_the_version_that_had_it_at_the_time()
    {
        var first = await Kit.RegisterAsync(TestModels.Echo);
        var registry = Kit.Get<RegistryService>();
        await registry.SetAliasAsync(ServingKit.Carl, "echo", "best", first.Version.ToString(), Cancel);
        var endpoint = await Kit.Serving.DeployAsync("live", "echo", "best", ServingKit.Carl, "", Cancel);
        var second = await Kit.RegisterAsync(TestModels.Inverse);
        await registry.SetAliasAsync(ServingKit.Carl, "echo", "best", second.Version.ToString(), Cancel);

        Assert.Equal("1.0.0", endpoint.Champion.Version);
        Assert.Equal(0.25f, await AnswerAsync());
    }

    [Fact]
    public async Task A_restarted_server_serves_what_was_deployed()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        await using var again = await StartAsync();
        Assert.Equal(0.25f, await AnswerAsync(server: again));
    }

    [Fact]
    public async Task Another_server_follows_within_a_second()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        await using var database = OpenAgain();
        await using var other = await ServingKit.StartAsync(database, Folder.Combine("blobs"), Time);
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Inverse));
        Assert.Equal(0.25f, await AnswerAsync(server: other));

        // Its loop may begin to wait only after time has moved, so time moves until it has seen it.
        while (await AnswerAsync(server: other) != 0.75f)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, Cancel);
        }
    }

    [Fact]
    public async Task A_version_whose_bytes_were_changed_is_not_deployed()
    {
        var version = await Kit.RegisterAsync(TestModels.Echo);
        await File.AppendAllTextAsync(Kit.Get<BlobStore>().LocalPath(version.File!.Key), " ", Cancel);

        var error = await Assert.ThrowsAsync<SlipwayException>(() => Kit.DeployAsync(version));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<SlipwayException>(() => Kit.Serving.GetAsync("live", Cancel))).Kind);
    }

    [Fact]
    public async Task A_server_that_cannot_load_an_endpoint_says_why_and_serves_the_others()
    {
        var lost = await Kit.RegisterAsync(TestModels.Echo, "lost");
        await Kit.DeployAsync(lost, "lost");
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Inverse));
        Kit.Get<BlobStore>().Delete(lost.File!.Key);

        await using var again = await StartAsync();

        Assert.Equal(0.75f, await AnswerAsync(server: again));
        var error = await Assert.ThrowsAsync<SlipwayException>(() => again.PredictAsync([0.5], endpoint: "lost"));
        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("gone from the blob store", error.Message, StringComparison.Ordinal);
        Assert.Equal(["lost"], again.Serving.NotReady().Keys);
    }

    [Fact]
    public async Task A_model_that_fails_on_its_first_row_never_gets_traffic()
    {
        // Its signature names two inputs, its file takes one.
        var wrong = await Kit.RegisterAsync(TestModels.Echo, "wrong", [new("a", DataType.Float32), new("b", DataType.Float32)]);
        var error = await Assert.ThrowsAsync<SlipwayException>(() => Kit.DeployAsync(wrong));
        Assert.Equal((ErrorKind.FailedPrecondition, "Version 1.0.0 of model 'wrong' names 2 inputs; its ONNX file takes 1 features."), (error.Kind, error.Message));

        var embedded = await Kit.RegisterAsync(TestModels.Echo, "embedded", [new("v", DataType.Embedding, Dimension: 1)]);
        error = await Assert.ThrowsAsync<SlipwayException>(() => Kit.DeployAsync(embedded));
        Assert.Equal(
            (ErrorKind.FailedPrecondition, "Version 1.0.0 of model 'embedded' takes embedding<1> as input 'v'; an endpoint looks up and logs single values. "
                + "Serve such a model by the Open Inference Protocol."), (error.Kind, error.Message));

        var swapped = await Kit.RegisterAsync(
            TestModels.Logistic([1, 1], 0, ["b", "a"]), "swapped", [new("a", DataType.Float32), new("b", DataType.Float32)]);
        Assert.Contains("another order", (await Assert.ThrowsAsync<SlipwayException>(() => Kit.DeployAsync(swapped))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, 30, "the sum is 90")]
    [InlineData(120, -20, "0 to 100 percent")]
    [InlineData(double.NaN, 50, "0 to 100 percent")]
    public async Task Weights_sum_to_100(double champion, double challenger, string message)
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        await Kit.RegisterAsync(TestModels.Inverse);

        var error = await Assert.ThrowsAsync<SlipwayException>(() => Kit.Serving.SetTrafficAsync(
            "live", [new Variant("1.0.0", champion, VariantRole.Champion), new Variant("1.1.0", challenger, VariantRole.Challenger)],
            ServingKit.Carl, "", Cancel));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_viewer_changes_nothing_and_nothing_is_left_to_roll_back_to_at_first()
    {
        var version = await Kit.RegisterAsync(TestModels.Echo);
        await Kit.DeployAsync(version);

        var denied = await Assert.ThrowsAsync<SlipwayException>(
            () => Kit.Serving.DeployAsync("live", "echo", "1.0.0", new Actor("vera", Role.Viewer), "", Cancel));
        var nothing = await Assert.ThrowsAsync<SlipwayException>(() => Kit.Serving.RollbackAsync("live", ServingKit.Carl, "", Cancel));

        Assert.Equal((ErrorKind.Forbidden, ErrorKind.FailedPrecondition), (denied.Kind, nothing.Kind));
    }

    [Fact]
    public async Task Twenty_deployments_at_once_end_in_one_unbroken_history()
    {
        await Kit.RegisterAsync(TestModels.Echo);
        await Kit.RegisterAsync(TestModels.Inverse);

        var deployed = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                return await Kit.Serving.DeployAsync("live", "echo", i % 2 == 0 ? "1.0.0" : "1.1.0", ServingKit.Carl, $"{i}", Cancel);
            }
            catch (SlipwayException failure) when (failure.Kind == ErrorKind.Conflict)
            {
                return null; // two first deployments met; told to try again
            }
        }));

        var history = await Kit.Serving.HistoryAsync("live", null, 100, Cancel);
        var done = deployed.Count(d => d is not null);
        Assert.Equal(Enumerable.Range(1, done).Reverse().Select(r => (long)r), history.Select(h => h.Endpoint.Revision));
        var present = await Kit.Serving.GetAsync("live", Cancel);
        Assert.Equal(history[0].Endpoint.Champion, present.Champion);
        Assert.Equal(present.Champion.Version == "1.0.0" ? 0.25f : 0.75f, await AnswerAsync());
    }

    [Fact]
    public async Task Endpoints_are_listed_by_name_in_pages()
    {
        var version = await Kit.RegisterAsync(TestModels.Echo);
        foreach (var name in (string[])["b", "C", "a"])
        {
            await Kit.DeployAsync(version, name);
        }

        var first = await Kit.Serving.ListAsync(null, 2, Cancel);
        var second = await Kit.Serving.ListAsync(first.NextPageToken, 2, Cancel);

        Assert.Equal(["C", "a"], first.Items.Select(e => e.Name));
        Assert.Equal(["b"], second.Items.Select(e => e.Name));
        Assert.Null(second.NextPageToken);
    }
}

public sealed class EndpointsOnSqlite() : EndpointContract(null);

public sealed class EndpointsOnPostgres(PostgresServer postgres) : EndpointContract(postgres);
