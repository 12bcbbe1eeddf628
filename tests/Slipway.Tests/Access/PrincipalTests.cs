using Slipway.Core.Errors;
using Slipway.Platform.Access;

namespace Slipway.Tests.Access;

public abstract class PrincipalContract(PostgresServer? postgres) : AccessKit(postgres)
{
    private static readonly AccessScope Delay = AccessScope.OfModel("delay");
    private static readonly AccessScope Flights = AccessScope.OfProject("flights");

    protected override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        await AdminKeyAsync("root");
    }

    [Fact]
    public async Task A_grant_holds_from_its_commit_until_it_is_taken()
    {
        var key = await KeyAsync("vera", Role.None);
        Assert.False((await EnterAsync(key)).ReadsSomewhere);

        await Grants.GrantAsync(Root, "vera", Flights, Role.Viewer, Cancel);
        await Grants.GrantAsync(Root, "vera", Flights, Role.Contributor, Cancel);
        Assert.Equal(Role.Contributor, (await EnterAsync(key)).RoleIn("flights"));
        Assert.Equal([new Grant("vera", "project/flights", Role.Contributor)], await Grants.ListAsync(Root, Flights, Cancel));

        await Grants.RemoveAsync(Root, "vera", Flights, Cancel);
        Assert.Equal(Role.None, (await EnterAsync(key)).RoleIn("flights"));
        Assert.Equal(
            ["grant.take", "grant.give", "grant.give", "principal.create"],
            (await Audit.ListAsync("principal/vera", null, null, 10, Cancel)).Items.Select(entry => entry.Action));
    }

    /// <summary>CVE-2024-4263: what was allowed on a thing that is gone must not be allowed on a new thing of its name.</summary>
    [Fact]
    public async Task A_deleted_model_leaves_no_grant_and_no_policy_behind()
    {
        var key = await KeyAsync("vera", Role.None);
        await Grants.GrantAsync(Root, "vera", Delay, Role.Contributor, Cancel);
        await Approvals.SetPolicyAsync(Root, Delay, 0, true, Cancel);
        await EnterAsync(key);

        await Db.WriteAsync(session => Grants.ForgetAsync(session, Root, Delay, Cancel), Cancel);

        Assert.False((await EnterAsync(key)).ReadsSomewhere);
        Assert.Empty(await Grants.ListAsync(Root, Delay, Cancel));
        Assert.Equal(ApprovalPolicy.Server, (await Approvals.PolicyOfAsync("flights", "delay", Cancel)).Scope);
    }

    [Fact]
    public async Task A_deletion_that_rolls_back_keeps_the_grants()
    {
        await KeyAsync("vera", Role.None);
        await Grants.GrantAsync(Root, "vera", Delay, Role.Viewer, Cancel);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync(
            async session =>
            {
                await Grants.ForgetAsync(session, Root, Delay, Cancel);
                throw new InvalidOperationException("the model could not be deleted");
            },
            Cancel));

        Assert.Single(await Grants.ListAsync(Root, Delay, Cancel));
    }

    [Fact]
    public async Task A_renamed_model_takes_its_grants_along_and_none_from_its_new_name()
    {
        await KeyAsync("vera", Role.None);
        await KeyAsync("walt", Role.None);
        await Grants.GrantAsync(Root, "vera", Delay, Role.Viewer, Cancel);
        await Grants.GrantAsync(Root, "walt", AccessScope.OfModel("late"), Role.Admin, Cancel);

        await Db.WriteAsync(session => Grants.MoveAsync(session, Root, Delay, AccessScope.OfModel("late"), Cancel), Cancel);

        Assert.Empty(await Grants.ListAsync(Root, Delay, Cancel));
        Assert.Equal([new Grant("vera", "model/late", Role.Viewer)], await Grants.ListAsync(Root, AccessScope.OfModel("late"), Cancel));
    }

    [Fact]
    public async Task Somebody_new_of_a_deleted_name_starts_with_nothing()
    {
        var old = await KeyAsync("vera", Role.Contributor);
        await Grants.GrantAsync(Root, "vera", Flights, Role.Admin, Cancel);
        await Principals.DeleteAsync(Root, "vera", Cancel);

        var made = await EnterAsync(await KeyAsync("vera", Role.None));

        Assert.Null(await EnterAsync(old.Text));
        Assert.Equal(Role.None, made.RoleIn("flights"));
    }

    [Fact]
    public async Task The_admin_of_a_project_gives_roles_there_and_nowhere_else()
    {
        var ann = await EnterAsync(await KeyAsync("ann", Role.None));
        await KeyAsync("vera", Role.None);
        await Grants.GrantAsync(Root, "ann", Flights, Role.Admin, Cancel);
        ann = new Actor("ann", Role.None, new Dictionary<string, Role> { ["project/flights"] = Role.Admin });

        await Grants.GrantAsync(ann, "vera", Flights, Role.Contributor, Cancel);
        await FailsAsync(() => Grants.GrantAsync(ann, "vera", AccessScope.OfProject("rides"), Role.Viewer, Cancel), ErrorKind.Forbidden);
        await FailsAsync(() => Grants.GrantAsync(ann, "ann", Delay, Role.Viewer, Cancel), ErrorKind.Forbidden);
        await FailsAsync(() => Principals.ChangeAsync(ann, "ann", new PrincipalChange(Role.Admin, null), Cancel), ErrorKind.Forbidden);
        await FailsAsync(() => Principals.CreateAsync(ann, "eve", PrincipalKind.User, Role.Admin, Cancel), ErrorKind.Forbidden);
        await FailsAsync(() => Principals.ListAsync(ann, null, 10, Cancel), ErrorKind.Forbidden);
        Assert.Equal("ann", (await Principals.GetAsync(ann, "ann", Cancel)).Name);
    }

    [Fact]
    public async Task The_last_admin_stays()
    {
        var change = new PrincipalChange(Role.Viewer, null);
        await FailsAsync(() => Principals.DeleteAsync(Root, "root", Cancel), ErrorKind.FailedPrecondition);
        await FailsAsync(() => Principals.ChangeAsync(Root, "root", change, Cancel), ErrorKind.FailedPrecondition);
        await FailsAsync(() => Principals.ChangeAsync(Root, "root", new PrincipalChange(null, true), Cancel), ErrorKind.FailedPrecondition);

        await KeyAsync("ada", Role.Admin);
        Assert.Equal(Role.Viewer, (await Principals.ChangeAsync(Root, "root", change, Cancel)).Role);
    }

    [Fact]
    public async Task Two_admins_who_remove_each_other_at_once_leave_one()
    {
        await KeyAsync("ada", Role.Admin);

        var outcomes = await Task.WhenAll(((string[])["root", "ada"]).Select(name => Task.Run(async () =>
        {
            try
            {
                await Principals.DeleteAsync(Root, name, Cancel);
                return true;
            }
            catch (SlipwayException refused) when (refused.Kind is ErrorKind.FailedPrecondition or ErrorKind.Unavailable)
            {
                return false;
            }
        })));

        Assert.InRange(outcomes.Count(deleted => deleted), 0, 1);
        Assert.Contains((await Principals.ListAsync(Root, null, 10, Cancel)).Items, left => left.Role == Role.Admin);
    }

    [Theory]
    [InlineData("")]
    [InlineData("local")]
    [InlineData("nobody")]
    [InlineData("pipeline/retrain")]
    [InlineData("oidc:ada")]
    [InlineData("a b")]
    public async Task A_name_that_belongs_to_the_server_itself_cannot_be_taken(string name) =>
        await FailsAsync(() => Principals.CreateAsync(Root, name, PrincipalKind.User, Role.Viewer, Cancel), ErrorKind.Invalid);

    [Fact]
    public async Task A_name_is_taken_once()
    {
        await Principals.CreateAsync(Root, "vera", PrincipalKind.Service, Role.Viewer, Cancel);
        await FailsAsync(() => Principals.CreateAsync(Root, "vera", PrincipalKind.User, Role.Admin, Cancel), ErrorKind.Conflict);
        await FailsAsync(() => KeyAsync("vera", Role.Admin), ErrorKind.Conflict);
    }
}

public sealed class PrincipalsOnSqlite() : PrincipalContract(null);

public sealed class PrincipalsOnPostgres(PostgresServer postgres) : PrincipalContract(postgres);

/// <summary>The very first principal closes a server that was open: it must be somebody who can open it again.</summary>
public sealed class FirstPrincipalTests() : AccessKit(null)
{
    [Fact]
    public async Task It_is_an_admin_with_a_key()
    {
        await FailsAsync(() => Principals.CreateAsync(Actors.Local, "ada", PrincipalKind.User, Role.Admin, Cancel), ErrorKind.FailedPrecondition);
        await FailsAsync(
            () => Keys.CreateAsync(Actors.Local, new KeyRequest("ada", Role: Role.Viewer), Cancel), ErrorKind.FailedPrecondition);
        Assert.False(await SignIn.IsAnyoneKnownAsync(Cancel));

        await Keys.CreateAsync(Actors.Local, new KeyRequest("ada", Role: Role.Admin), Cancel);

        Assert.True(await SignIn.IsAnyoneKnownAsync(Cancel));
        Assert.True(await SignIn.IsAnyKeyValidAsync(Cancel));
    }
}
