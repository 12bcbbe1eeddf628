using Slipway.Core.Errors;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Tests.Serving;

public abstract class FeedbackContract(PostgresServer? postgres) : OnServing(postgres)
{
    protected override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
    }

    private Task<FeedbackReceipt> RecordAsync(bool replace, params Outcome[] outcomes) =>
        Kit.Feedback.RecordAsync(outcomes, replace, Cancel);

    private async Task<double> OutcomeAsync(string id) =>
        await Db.FirstAsync("select value from outcomes where prediction_id = @id", c => c.With("id", id), row => row.GetDouble(0), Cancel);

    [Fact]
    public async Task The_same_outcome_twice_is_one()
    {
        Assert.Equal(new FeedbackReceipt(2, 0, 0, 2), await RecordAsync(false, new Outcome("a", 1), new Outcome("b", 0)));
        Assert.Equal(new FeedbackReceipt(1, 2, 0, 3), await RecordAsync(false, new Outcome("a", 1), new Outcome("b", 0), new Outcome("c", 1)));
        Assert.Equal(new FeedbackReceipt(0, 2, 0, 1), await RecordAsync(false, new Outcome("a", 1), new Outcome("a", 1)));
    }

    [Fact]
    public async Task A_different_outcome_is_a_conflict_and_nothing_of_the_request_is_recorded()
    {
        await RecordAsync(false, new Outcome("a", 1));

        var error = await Assert.ThrowsAsync<SlipwayException>(() => RecordAsync(false, new Outcome("new", 1), new Outcome("a", 0)));

        Assert.Equal(ErrorKind.Conflict, error.Kind);
        Assert.Contains("'a' (1, now 0)", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, await Db.FirstAsync("select count(*) from outcomes", null, row => row.GetInt64(0), Cancel));
    }

    [Fact]
    public async Task Replace_restates_an_outcome()
    {
        await RecordAsync(false, new Outcome("a", 1));

        Assert.Equal(new FeedbackReceipt(0, 0, 1, 1), await RecordAsync(true, new Outcome("a", 0.25)));
        Assert.Equal(0.25, await OutcomeAsync("a"));
    }

    [Fact]
    public async Task An_outcome_that_comes_first_joins_its_prediction_when_that_arrives()
    {
        Assert.Equal(1, (await RecordAsync(false, new Outcome("early", 1))).Unmatched);
        Assert.Equal(0, (await Kit.Reader.CountsAsync("live", Cancel)).Labelled);

        await Kit.PredictAsync([0.5], r => r with { Ids = ["early"] });
        await Kit.Log.FlushAsync(Cancel);

        var counts = await Kit.Reader.CountsAsync("live", Cancel);
        Assert.Equal((1, 1), (counts.Predictions, counts.Labelled));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(double.MaxValue)]
    [InlineData(1.7976931348623155E+308)]
    [InlineData(0.30000000000000004)]
    public async Task A_value_keeps_its_last_bit(double value)
    {
        await RecordAsync(false, new Outcome("a", value));
        Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(await OutcomeAsync("a")));
        Assert.Equal(1, (await RecordAsync(false, new Outcome("a", value))).Unchanged);
    }

    [Fact]
    public async Task What_is_no_outcome_is_refused()
    {
        Assert.Equal(ErrorKind.Invalid, (await Assert.ThrowsAsync<SlipwayException>(() => RecordAsync(false, new Outcome("a", double.NaN)))).Kind);
        Assert.Equal(ErrorKind.Invalid, (await Assert.ThrowsAsync<SlipwayException>(() => RecordAsync(false, new Outcome("", 1)))).Kind);
        Assert.Equal(ErrorKind.Invalid, (await Assert.ThrowsAsync<SlipwayException>(() => RecordAsync(false, new Outcome("a\0", 1)))).Kind);
        Assert.Equal(ErrorKind.Invalid, (await Assert.ThrowsAsync<SlipwayException>(
            () => RecordAsync(true, new Outcome("a", 1), new Outcome("a", 0)))).Kind);
        Outcome[] many = [.. Enumerable.Range(0, 10_001).Select(i => new Outcome($"p{i}", 1))];
        Assert.Equal(ErrorKind.TooLarge, (await Assert.ThrowsAsync<SlipwayException>(() => RecordAsync(false, many))).Kind);
    }

    [Fact]
    public async Task Two_callers_with_the_same_outcomes_record_them_once()
    {
        Outcome[] outcomes = [.. Enumerable.Range(0, 500).Select(i => new Outcome($"p{i}", i % 2))];
        Outcome[] reversed = [.. outcomes.Reverse()];

        var receipts = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => RecordAsync(false, i % 2 == 0 ? outcomes : reversed)));

        Assert.Equal(500, receipts.Sum(r => r.Recorded));
        Assert.Equal(3500, receipts.Sum(r => r.Unchanged));
    }
}

public sealed class FeedbackOnSqlite() : FeedbackContract(null);

public sealed class FeedbackOnPostgres(PostgresServer postgres) : FeedbackContract(postgres);
