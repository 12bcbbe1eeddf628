using Slipway.Core.Errors;
using Slipway.Platform.Registry;
using Slipway.Platform.Serving;
using Slipway.TestKit;

namespace Slipway.Tests.Serving;

/// <summary>Two servers on one database: one deploys a version, the other deletes it at the same moment.</summary>
public abstract class DeployAndDeleteContract(PostgresServer? postgres) : OnServing(postgres)
{
    private const int Rounds = 12;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_of_them_wins_and_the_other_is_told_why(bool deployBegins)
    {
        await using var db = OpenAgain();
        await using var other = await ServingKit.StartAsync(db, Folder.Combine("blobs"), Time);
        for (var round = 0; round < Rounds; round++)
        {
            var version = await Kit.RegisterAsync(TestModels.Echo);
            var endpoint = $"live-{round}";
            Task<Exception?> deploy, delete;
            if (deployBegins)
            {
                deploy = TryAsync(() => Kit.DeployAsync(version, endpoint));
                delete = TryAsync(() => DeleteAsync(other, version));
            }
            else
            {
                delete = TryAsync(() => DeleteAsync(other, version));
                deploy = TryAsync(() => Kit.DeployAsync(version, endpoint));
            }

            await MustAgreeAsync(endpoint, version, await deploy, await delete);
        }
    }

    [Fact]
    public async Task A_version_that_is_deleted_while_it_is_loaded_is_not_deployed()
    {
        var version = await Kit.RegisterAsync(TestModels.Echo);
        await Kit.DeployAsync(version, "first");
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Inverse), "first");
        await DeleteAsync(Kit, version);

        var failure = await Assert.ThrowsAsync<SlipwayException>(() => Kit.Serving.RollbackAsync("first", ServingKit.Carl, "worse", Cancel));

        Assert.Equal((ErrorKind.NotFound, "Model 'echo' has no version, alias or stage '1.0.0'."), (failure.Kind, failure.Message));
        Assert.Equal("1.1.0", (await Kit.Serving.GetAsync("first", Cancel)).Champion.Version);
    }

    [Fact]
    public async Task A_deployment_leaves_the_time_at_which_the_model_was_changed()
    {
        var version = await Kit.RegisterAsync(TestModels.Echo);
        var registry = Kit.Get<RegistryService>();
        var before = (await registry.GetModelAsync(ServingKit.Carl, "echo", Cancel)).UpdatedMs;
        Time.Advance(TimeSpan.FromHours(1));
        await Kit.DeployAsync(version);
        Assert.Equal(before, (await registry.GetModelAsync(ServingKit.Carl, "echo", Cancel)).UpdatedMs);
    }

    private static Task DeleteAsync(ServingKit server, ModelVersion version) =>
        server.Get<RegistryService>().DeleteVersionAsync(ServingKit.Carl, version.Model, version.Version.ToString(), Cancel);

    private static Task<Exception?> TryAsync(Func<Task> act) => Task.Run(() => Record.ExceptionAsync(act).AsTask());

    private async Task MustAgreeAsync(string endpoint, ModelVersion version, Exception? deploy, Exception? delete)
    {
        var serves = await Kit.Get<EndpointStore>().FindAsync(endpoint, Cancel) is not null;
        var exists = await Record.ExceptionAsync(() => Kit.Get<RegistryService>().GetVersionAsync(
            ServingKit.Carl, version.Model, version.Version.ToString(), Cancel)) is null;
        Assert.Equal(serves, exists);
        var (lost, kind) = serves ? (delete, ErrorKind.FailedPrecondition) : (deploy, ErrorKind.NotFound);
        Assert.Null(serves ? deploy : delete);
        Assert.Equal(kind, Assert.IsType<SlipwayException>(lost).Kind);
    }
}

public sealed class DeployAndDeleteOnSqlite() : DeployAndDeleteContract(null);

public sealed class DeployAndDeleteOnPostgres(PostgresServer postgres) : DeployAndDeleteContract(postgres);
