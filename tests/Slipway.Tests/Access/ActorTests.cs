using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Platform.Access;

namespace Slipway.Tests.Access;

public sealed class ActorTests
{
    private static readonly AccessService Access = new();

    [Fact]
    public void A_role_of_a_project_or_model_counts_there_and_nowhere_else()
    {
        var ada = new Actor("ada", Role.Viewer, new Dictionary<string, Role>
        {
            ["project/flights"] = Role.Contributor,
            ["model/delay"] = Role.Approver,
        });

        Assert.Equal(Role.Contributor, ada.RoleIn("flights"));
        Assert.Equal(Role.Approver, ada.RoleIn("flights", "delay"));
        Assert.Equal(Role.Approver, ada.RoleIn("default", "delay"));
        Assert.Equal(Role.Viewer, ada.RoleIn("default", "fraud"));
        var refused = Assert.Throws<SlipwayException>(() => Access.RequireIn("default", "fraud", ada, Role.Contributor, "model/fraud"));
        Assert.Equal("'ada' has the role viewer on model/fraud; this needs contributor.", refused.Message);
    }

    [Fact]
    public void A_grant_never_takes_a_role_away()
    {
        var ada = new Actor("ada", Role.Admin, new Dictionary<string, Role> { ["project/flights"] = Role.Viewer });
        Assert.Equal(Role.Admin, ada.RoleIn("flights"));
    }

    [Fact]
    public void A_key_for_reading_makes_an_admin_a_viewer()
    {
        var actor = new Actor("ada", Role.Admin).Using(new ActingKey("k1", [KeyScope.Read], null));

        Assert.Equal(Role.Viewer, actor.Role);
        Assert.True(actor.May(Role.Viewer));
        var refused = Assert.Throws<SlipwayException>(() => Access.Require(actor, Role.Contributor, "experiment/flights"));
        Assert.Equal(ErrorKind.Forbidden, refused.Kind);
        Assert.Equal(
            "'ada' has the role viewer on experiment/flights; this needs contributor, and a key with the scope write; key k1 has read.",
            refused.Message);
    }

    [Fact]
    public void A_key_for_approving_approves_and_does_not_write()
    {
        var actor = new Actor("ada", Role.Approver).Using(new ActingKey("k1", [KeyScope.Read, KeyScope.Approve], null));

        Assert.True(actor.May(Role.Approver));
        Assert.False(actor.May(Role.Contributor));
        Assert.Equal(Role.Viewer, actor.RoleIn("any"));
    }

    [Fact]
    public void A_key_for_predictions_asks_the_models_its_owner_may_read_and_reads_nothing()
    {
        var actor = new Actor("app", Role.None, new Dictionary<string, Role> { ["model/delay"] = Role.Viewer })
            .Using(new ActingKey("k1", [KeyScope.Predict], null));

        Assert.True(actor.MayPredict(null, "delay"));
        Assert.True(actor.MayPredict("flights", "delay"));
        Assert.False(actor.MayPredict("flights", "fraud"));
        Assert.False(actor.MayPredict(null, null));
        Assert.False(actor.May(Role.Viewer, "default", "delay"));
        Assert.False(actor.ReadsSomewhere);
        Assert.True(actor.PredictsSomewhere);
        Assert.False(new Actor("ada", Role.Admin).Using(new ActingKey("k2", [KeyScope.Read, KeyScope.Write], null)).MayPredict("flights", "delay"));
    }

    /// <summary>May ⇒ the owner may without a key, and the key has the scope; RoleIn never says more than May.</summary>
    [Fact]
    public void A_key_never_does_more_than_its_owner_and_its_scopes()
    {
        var roles = Gen.Elements(Enum.GetValues<Role>());
        var cases = from role in roles
                    from granted in roles
                    from scopes in Gen.SubListOf(Enum.GetValues<KeyScope>())
                    from least in Gen.Elements(Role.Viewer, Role.Contributor, Role.Approver, Role.Admin)
                    select (role, granted, scopes, least);
        Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            var owner = new Actor("ada", drawn.role, new Dictionary<string, Role> { ["project/p"] = drawn.granted });
            var actor = owner.Using(new ActingKey("k", [.. drawn.scopes], null));
            var may = actor.May(drawn.least, "p");
            var expected = (drawn.role >= drawn.least || drawn.granted >= drawn.least) && drawn.scopes.Contains(ActingKey.ScopeOf(drawn.least));
            return may == expected && (actor.RoleIn("p") < drawn.least || may);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("project/")]
    [InlineData("experiment/1")]
    [InlineData("flights")]
    [InlineData("")]
    [InlineData(null)]
    public void A_scope_is_a_project_or_a_model(string? text) =>
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => AccessScope.Parse(text)).Kind);
}
