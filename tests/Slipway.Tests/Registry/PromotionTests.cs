using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Registry;
using Slipway.TestKit;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

public abstract class PromotionContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private RegistryKit kit = null!;

    protected override async Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay"), Cancel);
    }

    private async Task<Stage[]> StagesAsync() =>
        [.. (await kit.Registry.ListVersionsAsync(Carl, "delay", null, 1000, Cancel)).Items.OrderBy(v => v.Number).Select(v => v.Stage)];

    [Fact]
    public async Task Production_needs_an_approval_of_exactly_this_version()
    {
        var version = await kit.CreateAsync("delay");
        await kit.MoveAsync(version, Stage.Staging);
        Assert.Equal(
            "promote:production of model/delay/1.0.0 needs an approval; none was asked for.",
            await FailsAsync(ErrorKind.FailedPrecondition, () => kit.MoveAsync(version, Stage.Production)));

        await kit.ApproveAsync(await kit.CreateAsync("delay"));
        await FailsAsync(ErrorKind.FailedPrecondition, () => kit.MoveAsync(version, Stage.Production));

        var id = await kit.Approvals.RequestAsync(Ann, version.Ref, StageRules.PromoteToProduction, "", Cancel);
        await FailsAsync(ErrorKind.Forbidden, () => kit.Approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel));
        var pending = await FailsAsync(ErrorKind.FailedPrecondition, () => kit.MoveAsync(version, Stage.Production));
        Assert.Contains($"{id}, asked for by 'ann', is still pending", pending, StringComparison.Ordinal);
        Assert.Equal([Stage.Staging, Stage.Development], await StagesAsync());

        await kit.Approvals.DecideAsync(id, new Actor("bob", Role.Approver), Decision.Approve, "", Cancel);
        Assert.Equal(Stage.Production, (await kit.MoveAsync(version, Stage.Production)).Stage);
        Assert.Equal(id, (await kit.Registry.TransitionsAsync(Carl, "delay", "1.0.0", Cancel))[^1].ApprovalId);
    }

    [Fact]
    public async Task Promotion_retires_the_former_version_and_moves_the_champion()
    {
        await kit.PromoteAsync(await kit.CreateAsync("delay"));
        Assert.Equal(1, (await kit.Registry.GetVersionAsync("delay", "champion", Cancel)).Number);
        var second = await kit.PromoteAsync(await kit.CreateAsync("delay"));

        Assert.Equal([Stage.Retired, Stage.Production], await StagesAsync());
        Assert.Equal(["champion"], second.Aliases);
        var history = await kit.Registry.TransitionsAsync(Carl, "delay", "1.0.0", Cancel);
        Assert.Equal(
            [(Stage.Development, Stage.Staging), (Stage.Staging, Stage.Production), (Stage.Production, Stage.Retired)],
            history.Select(t => (t.From, t.To)));
        Assert.Equal("replaced by 1.1.0", history[^1].Reason);
    }

    [Fact]
    public async Task A_retired_version_returns_by_the_approval_it_had()
    {
        var first = await kit.PromoteAsync(await kit.CreateAsync("delay"));
        await kit.PromoteAsync(await kit.CreateAsync("delay"));
        await kit.MoveAsync(first, Stage.Production);
        Assert.Equal([Stage.Production, Stage.Retired], await StagesAsync());
        Assert.Equal(1, (await kit.Registry.GetVersionAsync("delay", "champion", Cancel)).Number);
    }

    [Fact]
    public async Task The_champion_stays_where_the_option_is_off()
    {
        var quiet = new RegistryKit(Db, Folder.Combine("blobs"), Time, new RegistryOptions { ChampionFollowsProduction = false });
        await quiet.PromoteAsync(await kit.CreateAsync("delay"));
        await FailsAsync(ErrorKind.NotFound, () => kit.Registry.GetVersionAsync("delay", "champion", Cancel));
    }

    [Fact]
    public async Task Only_the_allowed_ways_are_open()
    {
        var allowed = new HashSet<(Stage, Stage)>
        {
            (Stage.Development, Stage.Staging), (Stage.Staging, Stage.Production), (Stage.Production, Stage.Retired),
            (Stage.Retired, Stage.Archived), (Stage.Staging, Stage.Development), (Stage.Development, Stage.Archived),
            (Stage.Staging, Stage.Archived), (Stage.Retired, Stage.Production),
        };
        foreach (var from in Enum.GetValues<Stage>())
        {
            foreach (var to in Enum.GetValues<Stage>().Where(to => to != from))
            {
                var version = await kit.CreateAsync("delay");
                await kit.ApproveAsync(version);
                await PutIntoAsync(version, from);
                if (allowed.Contains((from, to)))
                {
                    Assert.Equal(to, (await kit.MoveAsync(version, to)).Stage);
                }
                else
                {
                    await FailsAsync(ErrorKind.FailedPrecondition, () => kit.MoveAsync(version, to));
                }
            }
        }

        var archived = (await kit.Registry.ListVersionsAsync(Carl, "delay", null, 1000, Cancel)).Items.First(v => v.Stage == Stage.Archived);
        Assert.EndsWith(
            "is in archived and cannot go to staging; from there it goes nowhere.",
            await FailsAsync(ErrorKind.FailedPrecondition, () => kit.MoveAsync(archived, Stage.Staging)),
            StringComparison.Ordinal);
    }

    private async Task PutIntoAsync(ModelVersion version, Stage stage)
    {
        Stage[] way = stage switch
        {
            Stage.Staging => [Stage.Staging],
            Stage.Production => [Stage.Staging, Stage.Production],
            Stage.Retired => [Stage.Staging, Stage.Production, Stage.Retired],
            Stage.Archived => [Stage.Archived],
            _ => [],
        };
        foreach (var step in way)
        {
            await kit.MoveAsync(version, step);
        }
    }

    [Fact]
    public async Task Repeating_a_transition_changes_nothing()
    {
        var version = await kit.PromoteAsync(await kit.CreateAsync("delay"));
        var before = (await kit.Audit.ListAsync(null, null, null, 1000, Cancel)).Items.Count;
        Assert.Equal(Stage.Production, (await kit.MoveAsync(version, Stage.Production)).Stage);
        Assert.Equal(before, (await kit.Audit.ListAsync(null, null, null, 1000, Cancel)).Items.Count);
        Assert.Equal(2, (await kit.Registry.TransitionsAsync(Carl, "delay", "1.0.0", Cancel)).Count);
    }

    [Fact]
    public async Task Fifty_promotions_at_the_same_time_end_in_one_holder_and_a_complete_audit_chain()
    {
        const int count = 50;
        var versions = new List<ModelVersion>();
        for (var i = 0; i < count; i++)
        {
            var version = await kit.CreateAsync("delay", $"{i}");
            await kit.ApproveAsync(version);
            versions.Add(await kit.MoveAsync(version, Stage.Staging));
        }

        await using var other = OpenAgain();
        var elsewhere = new RegistryKit(other, Folder.Combine("blobs"), Time);
        await Task.WhenAll(versions.Select((version, i) => Task.Run(
            () => (i % 2 == 0 ? kit : elsewhere).MoveAsync(version, Stage.Production))));

        var after = (await kit.Registry.ListVersionsAsync(Carl, "delay", null, 1000, Cancel)).Items;
        var holder = Assert.Single(after, v => v.Stage == Stage.Production);
        Assert.Equal(count - 1, after.Count(v => v.Stage == Stage.Retired));
        Assert.Equal(holder.Number, (await kit.Registry.GetModelAsync("delay", Cancel)).Aliases["champion"]);
        Assert.True((await kit.Audit.VerifyAsync(Cancel)).Intact);

        // Each version: created, asked, approved, to staging, to production; all but one: to retired. The alias moved each time.
        var audit = (await kit.Audit.ListAsync(null, null, null, 1000, Cancel)).Items;
        Assert.Equal((3 * count) - 1, audit.Count(e => e.Action == "model_version.transition"));
        Assert.Equal(count, audit.Count(e => e.Action == "alias.set"));
        Assert.Equal(1 + (3 * count) + (3 * count) - 1 + count, audit.Count);
    }

    [Fact]
    public async Task Fifty_alias_moves_at_the_same_time_end_in_one_holder_and_a_complete_audit_chain()
    {
        const int count = 50;
        for (var i = 0; i < count; i++)
        {
            await kit.CreateAsync("delay", $"{i}");
        }

        await Task.WhenAll(Enumerable.Range(1, count).Select(number => Task.Run(
            () => kit.Registry.SetAliasAsync(Carl, "delay", "challenger", $"{number}", Cancel))));

        var holder = await kit.Registry.GetVersionAsync("delay", "challenger", Cancel);
        var versions = (await kit.Registry.ListVersionsAsync(Carl, "delay", null, 1000, Cancel)).Items;
        Assert.Equal([holder.Number], versions.Where(v => v.Aliases.Contains("challenger")).Select(v => v.Number));
        var moves = (await kit.Audit.ListAsync("model/delay", null, null, 1000, Cancel)).Items.Where(e => e.Action == "alias.set").ToList();
        Assert.Equal(count, moves.Count);
        Assert.EndsWith($"\"to\":{holder.Number}}}", moves[0].Detail, StringComparison.Ordinal);
        for (var i = 0; i + 1 < count; i++)
        {
            // Newest first: each move takes the alias from where the move before it had put it.
            var before = moves[i + 1].Detail.Split("\"to\":")[1].TrimEnd('}');
            Assert.Contains($"\"from\":{before},", moves[i].Detail, StringComparison.Ordinal);
        }

        Assert.True((await kit.Audit.VerifyAsync(Cancel)).Intact);
    }

    [Theory]
    [InlineData("")]
    [InlineData("latest")]
    [InlineData("v1")]
    [InlineData("12")]
    [InlineData("1.0.0")]
    [InlineData("Production")]
    [InlineData("a b")]
    [InlineData("a/b")]
    public async Task An_alias_does_not_look_like_a_version_or_a_stage(string alias)
    {
        await kit.CreateAsync("delay");
        await FailsAsync(ErrorKind.Invalid, () => kit.Registry.SetAliasAsync(Carl, "delay", alias, "1", Cancel));
    }

    [Fact]
    public async Task An_alias_is_taken_away()
    {
        await kit.CreateAsync("delay");
        await kit.Registry.SetAliasAsync(Carl, "delay", "challenger", "1", Cancel);
        await kit.Registry.DeleteAliasAsync(Carl, "delay", "challenger", Cancel);
        Assert.Empty((await kit.Registry.GetVersionAsync("delay", "1", Cancel)).Aliases);
        Assert.Equal(
            "Model 'delay' has no alias 'challenger'.",
            await FailsAsync(ErrorKind.NotFound, () => kit.Registry.DeleteAliasAsync(Carl, "delay", "challenger", Cancel)));
    }

    [Fact]
    public async Task Nothing_moves_when_the_callers_transaction_rolls_back()
    {
        var version = await kit.CreateAsync("delay");
        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync(
            async session =>
            {
                await kit.Registry.TransitionAsync(session, Carl, "delay", "1", Stage.Staging, Cancel);
                throw new InvalidOperationException("no");
            },
            Cancel));
        Assert.Equal([Stage.Development], await StagesAsync());
        Assert.Empty(await kit.Registry.TransitionsAsync(Carl, "delay", version.Version.ToString(), Cancel));
        Assert.True((await kit.Audit.VerifyAsync(Cancel)).Intact);
    }
}

public sealed class PromotionOnSqlite() : PromotionContract(null);

public sealed class PromotionOnPostgres(PostgresServer postgres) : PromotionContract(postgres);
