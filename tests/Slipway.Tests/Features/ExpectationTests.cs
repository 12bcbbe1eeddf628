using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Tests.Features;

/// <summary>What the rows of a view are held to, when they come online and into training sets. Times are hours after the epoch.</summary>
public sealed class ExpectationTests() : OnBothEngines(null)
{
    private const long Hour = 3_600_000_000;

    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());
    private FeatureRegistryService registry = null!;
    private OnlineStore store = null!;
    private BatchMaterialisation batches = null!;
    private int runs;

    /// <summary>Item 1 has a price that is too high, then one that is not; 2 no price; a row has no item; 3 a price of 0 and no known colour.</summary>
    private static readonly Table Rows = new(
    [
        Column.Int64("item", [1, 1, 2, 0, 3, 1], new([false, false, false, true, false, false])),
        Column.Timestamp("at", [1 * Hour, 2 * Hour, 2 * Hour, 2 * Hour, 3 * Hour, 3 * Hour]),
        Column.Float64("price", [10, 20, 0, 5, 0, 99], new([false, false, true, false, false, false])),
        Column.String("colour", ["red", "red", "blue", "red", "mauve", null]),
    ]);

    private static string Yaml(params string[] expectations) =>
        $$"""
        entities:
          - {name: item, join_keys: [{name: item, type: int64}]}
        feature_views:
          - name: prices
            kind: batch
            entities: [item]
            source: {path: prices.parquet, event_timestamp: at}
            features: [{name: price, type: float64}, {name: colour, type: string}]
            expectations: [{{string.Join(", ", expectations)}}]
        feature_services:
          - {name: priced, features: [{view: prices}]}
        """;

    protected override Task PrepareAsync()
    {
        registry = new FeatureRegistryService(Db, new AuditLog(Db, Time), Time);
        store = new OnlineStore(new SqlOnlineStore(Db, new OnlineStoreOptions()), new ErasureList(Db, registry));
        batches = new BatchMaterialisation(Db, registry, new ViewHistory(analytics), analytics, store, Time);
        return Task.CompletedTask;
    }

    protected override Task CleanUpAsync()
    {
        analytics.Dispose();
        return Task.CompletedTask;
    }

    private Task<IReadOnlyList<DefinitionChange>> ApplyAsync(params string[] expectations) =>
        registry.ApplyAsync(FeatureRepository.Parse(("prices.yaml", Yaml(expectations))), new Actor("test", Role.Admin), Cancel);

    private async Task<IReadOnlyList<ExpectationViolation>> MaterialiseAsync(double? from = null) => (await batches.RunAsync(
        $"run {++runs}", "prices", SourceData.Of(Rows),
        new MaterialisationRange(from is null ? MaterialisationMode.Full : MaterialisationMode.Range, (long?)(from * Hour), 10 * Hour), Time.GetUtcNow(), Cancel)).Violations;

    private async Task<(Table Rows, IReadOnlyList<ExpectationViolation> Violations)> TrainAsync() =>
        await new TrainingSetService(registry, analytics, new ErasureList(Db, registry)).BuildCheckedAsync(
            "priced", new Table([Column.Int64("item", [1, 2, 3]), Column.Timestamp("event_timestamp", [4 * Hour, 4 * Hour, 4 * Hour])]),
            new Dictionary<string, SourceData> { ["prices"] = SourceData.Of(Rows) }, Cancel);

    private async Task<object?[]> OnlineAsync()
    {
        var read = await new OnlineFeatures(registry, store, Time).GetAsync("priced", new Table([Column.Int64("item", [1, 2, 3])]), Cancel);
        return [.. Enumerable.Range(0, 3).Select(read["price"].Value)];
    }

    private static IEnumerable<(string, ViolationAction, long)> Counts(IEnumerable<ExpectationViolation> violations) =>
        violations.Select(v => (v.Rule, v.OnViolation, v.Rows));

    [Fact]
    public async Task Rows_that_break_an_expectation_are_counted_and_used()
    {
        await ApplyAsync(
            "{column: price, not_null: true, max: 50}", "{column: colour, in: [red, blue]}", "{column: item, not_null: true}",
            "{columns: [item, event_timestamp], unique: true}", "{column: colour, pattern: '[a-z]+'}");
        var violations = await MaterialiseAsync();
        (string, ViolationAction, long)[] expected =
        [
            ("price.null", ViolationAction.Warn, 1), ("price.range", ViolationAction.Warn, 1), ("colour.allowed", ViolationAction.Warn, 1),
            ("item.null", ViolationAction.Warn, 1),
        ];
        Assert.Equal(expected, Counts(violations));
        Assert.Equal((6, DateTimeOffset.UnixEpoch.AddHours(3)), (violations[1].Of, violations[1].Earliest));
        Assert.Equal("prices@1: 1 of 6 rows break price.range, the first of 1970-01-01 03:00:00Z", violations[1].Message);
        Assert.Equal([99.0, null, 0.0], await OnlineAsync());

        var training = await TrainAsync();
        Assert.Equal(violations, training.Violations);
        Assert.Equal([99.0, null, 0.0], Enumerable.Range(0, 3).Select(training.Rows["price"].Value));
    }

    [Fact]
    public async Task Rows_may_be_left_out_as_if_they_were_not_there_online_and_in_training_sets_alike()
    {
        await ApplyAsync("{column: price, max: 50, on_violation: drop}", "{column: colour, in: [red, blue], on_violation: drop}", "{column: price, min: 15}");
        (string, ViolationAction, long)[] expected =
        [
            ("price.range", ViolationAction.Drop, 1), ("colour.allowed", ViolationAction.Drop, 1), ("price.range", ViolationAction.Warn, 3),
        ];
        Assert.Equal(expected, Counts(await MaterialiseAsync()));
        Assert.Equal([20.0, null, null], await OnlineAsync());
        var training = await TrainAsync();
        Assert.Equal(expected, Counts(training.Violations));
        Assert.Equal([20.0, null, null], Enumerable.Range(0, 3).Select(training.Rows["price"].Value));
    }

    [Fact]
    public async Task Of_rows_that_must_be_unique_the_first_stays()
    {
        await ApplyAsync("{column: colour, unique: true, on_violation: drop}");
        Assert.Equal([("unique(colour)", ViolationAction.Drop, 2L)], Counts(await MaterialiseAsync()));
        var training = await TrainAsync();
        Assert.Equal([99.0, null, 0.0], Enumerable.Range(0, 3).Select(training.Rows["price"].Value));
        Assert.Equal([null, "blue", "mauve"], Enumerable.Range(0, 3).Select(training.Rows["colour"].Value));
    }

    [Fact]
    public async Task A_run_or_training_set_may_be_refused()
    {
        await ApplyAsync("{column: price, max: 50, on_violation: fail}", "{column: price, not_null: true}", "{column: colour, in: [red, blue], on_violation: fail}");
        const string Message = "prices@1: 1 of 6 rows break price.range, the first of 1970-01-01 03:00:00Z; "
            + "prices@1: 1 of 6 rows break colour.allowed, the first of 1970-01-01 03:00:00Z: refused, as the view's expectations say.";
        var refused = await Assert.ThrowsAsync<SlipwayException>(() => MaterialiseAsync());
        Assert.Equal((ErrorKind.Invalid, Message), (refused.Kind, refused.Message));
        Assert.Equal([null, null, null], await OnlineAsync());
        Assert.Equal(Message, (await Assert.ThrowsAsync<SlipwayException>(TrainAsync)).Message);
    }

    [Fact]
    public async Task A_run_looks_at_the_rows_that_it_brings_online()
    {
        await ApplyAsync("{column: price, min: 15}");
        var violation = Assert.Single(await MaterialiseAsync(from: 2));
        Assert.Equal((2, 5), (violation.Rows, violation.Of));
        Assert.Equal(2, Assert.Single((await batches.RunAsync("run 1", Cancel))[0].Violations).Rows);
    }

    [Fact]
    public async Task Only_expectations_that_leave_rows_out_make_a_new_version()
    {
        await ApplyAsync("{column: price, max: 50}");
        Assert.Equal(ChangeAction.Annotate, await ChangeAsync("{column: price, max: 60, on_violation: fail}"));
        Assert.Equal(ChangeAction.Update, await ChangeAsync("{column: price, max: 60, on_violation: drop}"));
        Assert.Equal(ChangeAction.Unchanged, await ChangeAsync("{column: price, max: 60, on_violation: drop}"));

        async Task<ChangeAction> ChangeAsync(string expectation) =>
            (await ApplyAsync(expectation)).Single(change => change.Kind == DefinitionKind.View).Action;
    }

    [Theory]
    [InlineData("{column: weight, not_null: true}", "prices.yaml:9:20: feature view 'prices', expectation: there is no column 'weight'; there are item, event_timestamp, price, colour.")]
    [InlineData("{column: price, min: low}", "prices.yaml:9:20: feature view 'prices', expectation: 'low' is no float64, which 'price' is.")]
    [InlineData("{column: price, pattern: x}", "prices.yaml:9:20: feature view 'prices', expectation: 'price' is float64; a pattern is of strings.")]
    [InlineData("{column: price}", "prices.yaml:9:20: an expectation says 'not_null', 'min', 'max', 'pattern', 'in' or 'unique'.")]
    [InlineData("{column: price, max: 5, on_violation: shout}", "prices.yaml:9:58: 'on_violation' must be one of warn, drop, fail; got 'shout'.")]
    [InlineData("{columns: [price, item], min: 3}", "prices.yaml:9:30: 'columns' are what is unique together; of one 'column' more can be said.")]
    [InlineData("{column: colour, in: []}", "prices.yaml:9:41: 'in' is empty; no value could be right.")]
    [InlineData("{column: colour, nul: true}", "prices.yaml:9:37: 'nul' is not a key here; known are column, max, min, not_null, on_violation, pattern, unique.")]
    public void What_cannot_be_expected_is_refused_where_it_stands(string expectation, string message) =>
        Assert.Equal(message, Assert.Throws<SlipwayException>(() => FeatureRepository.Parse(("prices.yaml", Yaml(expectation)))).Message);

    [Fact]
    public void Views_without_rows_of_a_source_expect_nothing() => Assert.Equal(
        "prices.yaml:9:19: expectations are of batch views, whose rows are checked when they are brought online.",
        Assert.Throws<SlipwayException>(() => FeatureRepository.Parse(
            ("prices.yaml", Yaml("{column: price, not_null: true}").Replace("kind: batch", "kind: derived", StringComparison.Ordinal)))).Message);
}
