using Microsoft.Extensions.DependencyInjection;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Serving;

namespace Slipway.Tests.Serving;

public sealed class PredictTests() : OnServing(null)
{
    private static readonly ColumnSchema[] Inputs =
    [
        new("distance", DataType.Float32), new("stops", DataType.Int64), new("late", DataType.Bool, Nullable: false),
    ];

    private readonly List<Table> lookups = [];

    protected override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Logistic([1, 2, 4], -3), "logistic", Inputs), "flights");
    }

    protected override void Add(IServiceCollection services) => services.AddSingleton<FeatureLookup>(LookUpAsync);

    // Knows the airport JFK only: x is 0.75 there and missing elsewhere.
    private Task<Table> LookUpAsync(string service, Table request, CancellationToken cancel)
    {
        lookups.Add(request);
        var known = Array.ConvertAll(request["airport"].Strings, airport => airport == "JFK");
        return Task.FromResult(new Table(
            [Column.Float64("x", new double[known.Length].Select(_ => 0.75).ToArray(), new System.Collections.BitArray(known).Not())]));
    }

    private Task<PredictResponse> FlightsAsync(params Column[] columns) =>
        Kit.Serving.PredictAsync("flights", new PredictRequest(new Table(columns)), Cancel);

    [Fact]
    public async Task Each_row_gets_its_id_version_label_and_probability_in_order()
    {
        var answer = await Kit.PredictAsync([0.2, 0.5, 0.9], r => r with { Ids = ["a", null, "c"] });

        Assert.Equal(("live", "echo"), (answer.Endpoint, answer.Model));
        Assert.Equal(["a", "c"], [answer.Predictions[0].Id, answer.Predictions[2].Id]);
        Assert.True(Guid.TryParseExact(answer.Predictions[1].Id, "N", out var made) && made.Version == 7);
        Assert.Equal([(0.2f, false), (0.5f, false), (0.9f, true)], answer.Predictions.Select(p => (p.Probability, p.Label)));
        Assert.All(answer.Predictions, p => Assert.Equal("1.0.0", p.Version));
    }

    [Fact]
    public async Task The_label_follows_the_threshold_of_the_endpoint()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo), "strict", new EndpointOptions { Threshold = 0.8 });

        var answer = await Kit.PredictAsync([0.79, 0.81], endpoint: "strict");

        Assert.Equal([false, true], answer.Predictions.Select(p => p.Label));
    }

    [Fact]
    public async Task Inputs_stand_in_any_order_and_type_that_fits()
    {
        // 1·1.5 + 2·2 + 4·1 − 3 = 6.5
        var answer = await FlightsAsync(Column.Bool("late", [true]), Column.Int64("stops", [2]), Column.Float64("distance", [1.5]));

        Assert.Equal(1 / (1 + Math.Exp(-6.5)), answer.Predictions[0].Probability, 1e-6);
        var whole = await FlightsAsync(Column.Int64("late", [1]), Column.Float64("stops", [2.0]), Column.Float64("distance", [1.5]));
        Assert.Equal(answer.Predictions[0].Probability, whole.Predictions[0].Probability);
    }

    public static TheoryData<Column[], string> Wrong => new()
    {
        { [Column.Int64("stops", [1]), Column.Bool("late", [true])], "Input 'distance' of endpoint 'flights' is missing." },
        { [Column.Float64("distance", [1]), Column.Int64("stops", [1]), Column.Bool("late", [true]), Column.Int64("gate", [7])], "Endpoint 'flights' has no input 'gate'; it takes distance, stops, late." },
        { [Column.String("distance", ["far"]), Column.Int64("stops", [1]), Column.Bool("late", [true])], "Input 'distance' of endpoint 'flights' is a float32; got a string." },
        { [Column.Float64("distance", [1]), Column.Float64("stops", [1.5]), Column.Bool("late", [true])], "Input 'stops' of endpoint 'flights' is a int64; got 1.5 in row 0." },
        { [Column.Float64("distance", [1]), Column.Int64("stops", [1]), Column.Int64("late", [2])], "Input 'late' of endpoint 'flights' is a bool; got 2 in row 0." },
        { [Column.Float64("distance", [1]), Column.Int64("stops", [1]), Column.Bool("late", [true], new([true]))], "Input 'late' of endpoint 'flights' takes no null; row 0 has one." },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task An_input_that_breaks_the_signature_is_named(Column[] columns, string message)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => FlightsAsync(columns));

        Assert.Equal((ErrorKind.Invalid, message), (error.Kind, error.Message));
    }

    [Fact]
    public async Task A_missing_value_reaches_the_model_as_NaN()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Forgiving), "forgiving");

        var answer = await Kit.Serving.PredictAsync(
            "forgiving", new PredictRequest(new Table([Column.Float64("x", [0.25, 0.25], new([false, true]))])), Cancel);

        Assert.Equal([0.25f, 0.5f], answer.Predictions.Select(p => p.Probability));
    }

    [Fact]
    public async Task A_request_holds_1_to_10000_rows()
    {
        Assert.Equal(10_000, (await Kit.PredictAsync(new double[10_000])).Predictions.Count);
        var many = await Assert.ThrowsAsync<SlipwayException>(() => Kit.PredictAsync(new double[10_001]));
        Assert.Equal((ErrorKind.TooLarge, "A request holds 1 to 10000 rows; got 10001."), (many.Kind, many.Message));
        Assert.Equal(ErrorKind.Invalid, (await Assert.ThrowsAsync<SlipwayException>(() => Kit.PredictAsync([]))).Kind);
    }

    [Fact]
    public async Task Lists_beside_the_rows_have_their_length()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => Kit.PredictAsync([1, 1], r => r with { Keys = ["a"] }));
        Assert.Equal("The request has 1 keys for 2 rows.", error.Message);
    }

    [Fact]
    public async Task A_matrix_gives_what_its_rows_by_name_give()
    {
        var named = await FlightsAsync(Column.Float64("distance", [1, 2]), Column.Int64("stops", [0, 1]), Column.Bool("late", [true, false]));

        var matrix = await Kit.Serving.PredictAsync("flights", new PredictRequest(new float[] { 1, 0, 1, 2, 1, 0 }, 2), Cancel);

        Assert.Equal(named.Predictions.Select(p => p.Probability), matrix.Predictions.Select(p => p.Probability));
        await Assert.ThrowsAsync<SlipwayException>(() => Kit.Serving.PredictAsync("flights", new PredictRequest(new float[5], 2), Cancel));
    }

    [Fact]
    public async Task Features_are_looked_up_unless_the_request_brings_them()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo, "looked-up", "flights_v1"), "online");

        var answer = await Kit.Serving.PredictAsync("online", new PredictRequest(new Table([Column.String("airport", ["JFK", "JFK"])])), Cancel);
        Assert.Equal([0.75f, 0.75f], answer.Predictions.Select(p => p.Probability));
        Assert.Single(lookups);

        await Kit.PredictAsync([0.5], endpoint: "online");
        Assert.Single(lookups);
        Assert.False(lookups[0].Has("event_timestamp"));
    }

    [Fact]
    public async Task The_features_of_a_replayed_row_are_those_of_its_time()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo, "looked-up", "flights_v1"), "online");

        await Kit.Serving.PredictAsync(
            "online", new PredictRequest(new Table([Column.String("airport", ["JFK"])])) { EventTimesUs = [983_448_000_000_000] }, Cancel);

        Assert.Equal([983_448_000_000_000], lookups[0]["event_timestamp"].Longs);
    }

    [Fact]
    public async Task A_model_that_needs_a_feature_service_is_not_deployed_without_one()
    {
        await using var bare = await StartAsync(_ => { });
        var version = await bare.RegisterAsync(TestModels.Echo, "looked-up", "flights_v1");

        var error = await Assert.ThrowsAsync<SlipwayException>(() => bare.DeployAsync(version, "online"));

        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }

    [Fact]
    public async Task The_same_key_gets_the_same_version_and_a_named_version_is_obeyed()
    {
        var next = await Kit.RegisterAsync(TestModels.Inverse);
        await Kit.Serving.SetTrafficAsync(
            "live", [new Variant("1.0.0", 50, VariantRole.Champion), new Variant(next.Version.ToString(), 50, VariantRole.Challenger)],
            ServingKit.Carl, "A/B", Cancel);
        string[] keys = [.. Enumerable.Range(0, 200).Select(i => $"user-{i % 40}")];

        var first = await Kit.PredictAsync([.. keys.Select(_ => 0.25)], r => r with { Keys = keys });
        var second = await Kit.PredictAsync([.. keys.Select(_ => 0.25)], r => r with { Keys = keys });
        var pinned = await Kit.PredictAsync([0.25, 0.25], r => r with { Version = "1.1.0" });

        Assert.Equal(first.Predictions.Select(p => p.Version), second.Predictions.Select(p => p.Version));
        Assert.Equal(2, first.Predictions.Select(p => p.Version).Distinct().Count());
        Assert.All(first.Predictions, p => Assert.Equal(p.Version == "1.0.0" ? 0.25f : 0.75f, p.Probability));
        Assert.All(pinned.Predictions, p => Assert.Equal(("1.1.0", 0.75f), (p.Version, p.Probability)));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<SlipwayException>(
            () => Kit.PredictAsync([0.5], r => r with { Version = "9.9.9" }))).Kind);
    }

    [Fact]
    public async Task What_a_challenger_fails_at_the_champion_answers()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Logistic([1], 0), "robust"), "robust");
        await Kit.RegisterAsync(TestModels.Brittle, "robust");
        await Kit.Serving.SetTrafficAsync(
            "robust", [new Variant("1.0.0", 1, VariantRole.Champion), new Variant("1.1.0", 99, VariantRole.Challenger)],
            ServingKit.Carl, "trial", Cancel);

        // At 2 the challenger's native run fails and takes its whole call with it; 1 / (1 + e⁻²) is the champion's answer.
        var good = await Kit.PredictAsync([1, 0], r => r with { Keys = ["a", "b"] }, "robust");
        var mixed = await Kit.PredictAsync([1, 2], r => r with { Keys = ["a", "a"] }, "robust");

        Assert.Equal([("1.1.0", 0.75f), ("1.1.0", 0.25f)], good.Predictions.Select(p => (p.Version, p.Probability)));
        Assert.All(mixed.Predictions, p => Assert.Equal("1.0.0", p.Version));
        Assert.Equal(1 / (1 + Math.Exp(-2)), mixed.Predictions[1].Probability, 1e-6);
        await Kit.Log.FlushAsync(Cancel);
        var counts = await Kit.Reader.CountsAsync("robust", Cancel);
        Assert.Equal((4, 2), (counts.Predictions, counts.Failures));
    }

    [Fact]
    public async Task What_nobody_can_score_is_refused_and_remembered()
    {
        // √(−1) is no probability.
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Root, "root"), "root");

        var error = await Assert.ThrowsAsync<SlipwayException>(() => Kit.PredictAsync([0.25, -1], endpoint: "root"));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        await Kit.Log.FlushAsync(Cancel);
        var counts = await Kit.Reader.CountsAsync("root", Cancel);
        Assert.Equal((0, 1), (counts.Predictions, counts.Failures));
    }

    [Fact]
    public async Task An_unknown_endpoint_is_not_found()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => Kit.PredictAsync([1], endpoint: "nobody"));
        Assert.Equal((ErrorKind.NotFound, "Request for unknown model: 'nobody' is not found."), (error.Kind, error.Message));
    }
}
