using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Registry;
using Slipway.Platform.Serving.Predictions;
using Slipway.TestKit;

namespace Slipway.Tests.Serving;

/// <summary>The endpoint <c>live</c> serves the model <c>echo</c> of the project <c>flights</c>; its log has the prediction <c>p1</c>.</summary>
public abstract class PredictAccessContract(PostgresServer? postgres) : OnServing(postgres)
{
    protected override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        await Kit.Get<RegistryService>().RegisterModelAsync(ServingKit.Carl, new NewModel("echo") { Project = "flights" }, Cancel);
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        await Kit.PredictAsync([0.25], request => request with { Ids = ["p1"] });
        await Kit.Log.FlushAsync(Cancel);
    }

    private static Actor App(string scope, Role role = Role.Viewer, params KeyScope[] scopes) =>
        new Actor("app", Role.None, new Dictionary<string, Role> { [scope] = role })
            .Using(new ActingKey("k1", scopes.Length == 0 ? [KeyScope.Predict] : scopes, null));

    private Task<FeedbackReceipt> SendAsync(Actor actor, bool replace, string id, double value) =>
        Kit.Feedback.RecordAsync(actor, [new Outcome(id, value)], replace, Cancel);

    private async Task FailsAsync(ErrorKind kind, Actor actor, bool replace = false, string id = "p1", double value = 1) =>
        Assert.Equal(kind, (await Assert.ThrowsAsync<SlipwayException>(() => SendAsync(actor, replace, id, value))).Kind);

    [Theory]
    [InlineData("project/flights", true)]
    [InlineData("model/echo", true)]
    [InlineData("project/hotels", false)]
    [InlineData("model/other", false)]
    public void A_role_in_the_project_of_the_model_or_on_it_opens_predictions(string scope, bool opens)
    {
        var failure = Record.Exception(() => Kit.Serving.RequirePredict("live", App(scope)));
        Assert.Equal(opens ? null : ErrorKind.Forbidden, (failure as SlipwayException)?.Kind);
    }

    [Theory]
    [InlineData("project/flights")]
    [InlineData("model/echo")]
    public async Task A_key_that_may_only_predict_says_what_came_of_it_once(string scope)
    {
        Assert.Equal(new FeedbackReceipt(1, 0, 0, 0), await SendAsync(App(scope), false, "p1", 1));
        Assert.Equal(new FeedbackReceipt(0, 1, 0, 0), await SendAsync(App(scope), false, "p1", 1));
        await FailsAsync(ErrorKind.Conflict, App(scope), value: 0);
        await FailsAsync(ErrorKind.Forbidden, App(scope), replace: true, value: 0);
    }

    [Fact]
    public async Task A_contributor_of_the_project_restates_outcomes()
    {
        var writer = App("project/flights", Role.Contributor, KeyScope.Read, KeyScope.Write);
        await SendAsync(writer, false, "p1", 1);
        Assert.Equal(1, (await SendAsync(writer, true, "p1", 0)).Restated);
    }

    [Fact]
    public async Task A_prediction_of_a_model_that_one_may_not_ask_is_as_unknown_as_one_that_was_never_made()
    {
        await FailsAsync(ErrorKind.NotFound, App("project/hotels"));
        await FailsAsync(ErrorKind.NotFound, App("project/flights"), id: "never");
        await FailsAsync(ErrorKind.Forbidden, App("project/flights", Role.Viewer, KeyScope.Read));
        await FailsAsync(ErrorKind.Forbidden, new Actor("reader", Role.Viewer).Using(new ActingKey("k2", [KeyScope.Read], null)));
        Assert.Equal(new FeedbackReceipt(1, 0, 0, 1), await SendAsync(ServingKit.Carl, false, "early", 1));
        Assert.Equal(0L, await Db.FirstAsync("select count(*) from outcomes where prediction_id = 'p1'", null, row => row.GetInt64(0), Cancel));
    }
}

public sealed class PredictAccessOnSqlite() : PredictAccessContract(null);

public sealed class PredictAccessOnPostgres(PostgresServer postgres) : PredictAccessContract(postgres);
