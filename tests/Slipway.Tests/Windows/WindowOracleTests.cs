using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Data;
using Slipway.Core.Windows;
using static Slipway.Tests.Windows.WindowOracle;

namespace Slipway.Tests.Windows;

public sealed class WindowOracleTests
{
    [Theory]
    [InlineData(WindowKind.Hopping)]
    [InlineData(WindowKind.Tumbling)]
    [InlineData(WindowKind.Sliding)]
    public void Every_boundary_agrees_with_computing_it_anew_from_all_events(WindowKind kind) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(100),
        Prop.ForAll(Events.ToArbitrary(), events =>
        {
            var definition = Definition(kind);
            var (expected, actual) = (Naive(definition, events, End), Rows(definition, Backfill(definition, events)));
            AssertClose(definition, expected, actual);
        }));

    [Fact]
    public void Kinds_in_one_definition_each_keep_their_own_boundaries() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(100),
        Prop.ForAll(Events.ToArbitrary(), events =>
        {
            var definition = Definition(Enum.GetValues<WindowKind>());
            var (expected, actual) = (Naive(definition, events, End), Rows(definition, Backfill(definition, events)));
            AssertClose(definition, expected, actual);
        }));

    /// <summary>What was refused is as if it had never been; what was taken counts, whenever it came: to the last bit.</summary>
    [Theory]
    [InlineData(0, null)]
    [InlineData(15, null)]
    [InlineData(400, null)]
    [InlineData(0, 0)]
    [InlineData(0, 40)]
    [InlineData(70, 40)]
    public void Whatever_the_order_of_arrival_the_rows_end_as_those_of_the_events_that_were_taken(int latenessSeconds, int? outOfOrderSeconds) =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(100),
            Prop.ForAll(Events.ToArbitrary(), Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), (events, seed) =>
            {
                var random = new Random(seed);
                var definition = Definition(random.Next(2) == 0 ? Enum.GetValues<WindowKind>() : [(WindowKind)random.Next(3)]) with
                {
                    AllowedLateness = TimeSpan.FromSeconds(latenessSeconds),
                    MaxOutOfOrderness = outOfOrderSeconds is { } bound ? TimeSpan.FromSeconds(bound) : null,
                };
                var (taken, streamed) = Stream(definition, events, random);
                Assert.Equal(Bits(Backfill(definition, taken)).Order(StringComparer.Ordinal), streamed.Order(StringComparer.Ordinal));
            }));

    [Fact]
    public void A_division_into_calls_does_not_change_which_events_are_late() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(100),
        Prop.ForAll(Events.ToArbitrary(), Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), (events, seed) =>
        {
            var definition = Definition(WindowKind.Hopping) with { MaxOutOfOrderness = TimeSpan.FromSeconds(20) };
            var whole = new WindowAggregator(definition, Columns);
            var late = whole.Add(TableOf(events)).Select(r => r.Row);
            var (random, pieces, found, at) = (new Random(seed), new WindowAggregator(definition, Columns), new List<int>(), 0);
            while (at < events.Length)
            {
                var size = Math.Min(random.Next(1, 5), events.Length - at);
                found.AddRange(pieces.Add(TableOf(events[at..(at + size)])).Select(r => at + r.Row));
                pieces.Advance();
                at += size;
            }

            Assert.Equal(late, found);
        }));

    /// <summary>
    /// Delivers the events in a random order and in pieces, saving and restoring at random points, with watermarks in between that
    /// make some of them late.
    /// </summary>
    /// <returns>The events that were taken, and of every key and boundary the last row.</returns>
    private static (Event[] Taken, IEnumerable<string> Rows) Stream(WindowDefinition definition, Event[] events, Random random)
    {
        var aggregator = new WindowAggregator(definition, Columns);
        var (taken, last, watermark) = (new List<Event>(), new Dictionary<string, string>(), -25 * Hop);
        var shuffled = events.OrderBy(e => e.At + random.NextInt64(0, 30 * Hop)).ToArray();
        foreach (var piece in shuffled.Chunk(1 + random.Next(4)))
        {
            var refused = aggregator.Add(TableOf(piece)).Select(r => r.Row).ToHashSet();
            taken.AddRange(piece.Where((_, row) => !refused.Contains(row)));
            watermark = Math.Max(watermark, piece[^1].At - random.NextInt64(-5 * Hop, 20 * Hop));
            Keep(definition.MaxOutOfOrderness is not null || random.Next(2) == 0 ? aggregator.Advance() : aggregator.Advance(watermark));
            aggregator = random.Next(3) == 0 ? WindowAggregator.Restore(definition, Columns, aggregator.Save()) : aggregator;
        }

        Keep(aggregator.Advance(End));
        return ([.. taken], last.Values);

        void Keep(Table rows)
        {
            foreach (var row in Bits(rows))
            {
                last[string.Join(' ', row.Split(' ')[..3])] = row;
            }
        }
    }

    /// <summary>The oracle adds in another order, so the last bits may differ; two hashes of few may fall into one register.</summary>
    private static void AssertClose(WindowDefinition definition, IReadOnlyList<Row> expected, IReadOnlyList<Row> actual)
    {
        Assert.Equal(expected.Select(r => (r.H, r.Key)), actual.Select(r => (r.H, r.Key)));
        for (var row = 0; row < expected.Count; row++)
        {
            for (var i = 0; i < definition.Aggregations.Count; i++)
            {
                var (one, wanted, got) = (definition.Aggregations[i], expected[row].Values[i], actual[row].Values[i]);
                var tolerance = one.Function == AggregateFunction.DistinctApprox ? 1 + (0.1 * wanted ?? 0) : 1e-9;
                Assert.True(
                    wanted is null ? got is null : Math.Abs(wanted.Value - (got ?? double.NaN)) <= tolerance,
                    $"{one.Name} of key {expected[row].Key} at {expected[row].H}: {wanted?.ToString() ?? "null"} expected, {got?.ToString() ?? "null"} found");
            }
        }
    }
}
