using System.Collections;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Data;
using Slipway.Core.Joins;

namespace Slipway.Tests.Joins;

public sealed class PointInTimeOracleTests
{
    private const int Keys = 4;

    private sealed record Row(int? Left, string? Right, long? Time, long? Created);

    /// <summary>Few keys and few times, so that ties, edges and nulls are common.</summary>
    private static readonly Gen<Row> Rows =
        from left in OrNull(Gen.Choose(0, Keys - 1))
        from right in OrNull(Gen.Choose(0, 1))
        from time in OrNull(Gen.Choose(0, 12))
        from created in OrNull(Gen.Choose(0, 15))
        select new Row(left, right is null ? null : new string('x', right.Value), time, created);

    [Fact]
    public void The_join_agrees_with_trying_every_pair() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(500),
        Prop.ForAll(Rows.ListOf().ToArbitrary(), Rows.ListOf().ToArbitrary(), Options().ToArbitrary(), (entities, features, option) =>
        {
            var view = new JoinedView("v", TableOf(features), "time")
            {
                Keys = [.. new JoinKey[] { new("left", "left"), new("right", "right") }.Take(option.Components)],
                CreatedTimestamp = "created",
                Ttl = option.Ttl is { } ttl ? TimeSpan.FromMicroseconds(ttl) : null,
                Features = ["number"],
            };
            var joined = PointInTimeJoin.Join(TableOf(entities), "time", [view], fullNames: true, createdFilter: option.CreatedFilter);
            var expected = entities.Select(e => Naive(e, [.. features], option));
            return expected.SequenceEqual(Enumerable.Range(0, joined.Rows).Select(i => (long?)joined["v__number"].Value(i)));
        }));

    [Fact]
    public void Feature_rows_in_chunks_win_as_they_do_at_once() => Check.QuickThrowOnFailure(
        Prop.ForAll(Rows.ListOf().ToArbitrary(), Rows.ListOf().ToArbitrary(), Gen.Choose(1, 5).ToArbitrary(), (entities, features, size) =>
        {
            var whole = Matcher(entities, features.Chunk(Math.Max(1, features.Count)));
            return whole.SequenceEqual(Matcher(entities, features.Chunk(size)));
        }));

    /// <summary>The sentence, word by word.</summary>
    private static long? Naive(Row entity, Row[] features, Option option)
    {
        var winner = features.Select((f, arrival) => (Row: f, Arrival: arrival))
            .Where(f => option.Components < 1 || (f.Row.Left is not null && f.Row.Left == entity.Left))
            .Where(f => option.Components < 2 || (f.Row.Right is not null && f.Row.Right == entity.Right))
            .Where(f => f.Row.Time <= entity.Time)
            .Where(f => option.Ttl is null || f.Row.Time >= entity.Time - option.Ttl)
            .Where(f => !option.CreatedFilter || f.Row.Created <= entity.Time)
            .OrderBy(f => f.Row.Time).ThenBy(f => f.Row.Created ?? -1).ThenBy(f => f.Arrival)
            .Cast<(Row Row, int Arrival)?>()
            .LastOrDefault();
        return winner?.Arrival % 3 == 0 ? null : winner?.Arrival;
    }

    private sealed record Option(int Components, long? Ttl, bool CreatedFilter);

    private static Gen<Option> Options() =>
        from components in Gen.Choose(0, 2)
        from ttl in OrNull(Gen.Choose(1, 8))
        from filter in Gen.Elements(true, false)
        select new Option(components, ttl, filter);

    private static Gen<int?> OrNull(Gen<int> values) => Gen.Frequency(
        (1, Gen.Constant<int?>(null)), (6, values.Select(v => (int?)v)));

    private static int[] Matcher(IEnumerable<Row> entities, IEnumerable<Row[]> chunks)
    {
        var table = TableOf(entities);
        var matcher = new PointInTimeMatcher(new EntityTimeline([table["left"]], table["time"]), createdFilter: false);
        foreach (var chunk in chunks.Select(TableOf))
        {
            matcher.Add([chunk["left"]], chunk["time"], chunk["created"]);
        }

        return matcher.Winners(null);
    }

    private static Table TableOf(IEnumerable<Row> source)
    {
        var rows = source.ToArray();
        return new Table(
        [
            Column.Int64("left", [.. rows.Select(r => (long)(r.Left ?? 0))], Nulls(rows, r => r.Left is null)),
            Column.String("right", [.. rows.Select(r => r.Right)]),
            Column.Timestamp("time", [.. rows.Select(r => r.Time ?? 0)], Nulls(rows, r => r.Time is null)),
            Column.Timestamp("created", [.. rows.Select(r => r.Created ?? 0)], Nulls(rows, r => r.Created is null)),
            Column.Int64("number", [.. rows.Select((_, i) => (long)i)], new BitArray([.. rows.Select((_, i) => i % 3 == 0)])),
        ]);
    }

    private static BitArray Nulls(Row[] rows, Func<Row, bool> isNull) => new([.. rows.Select(isNull)]);
}
