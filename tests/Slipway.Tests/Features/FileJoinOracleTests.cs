using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Tests.Features;

/// <summary>Joins of whole files, CSV and Parquet, against trying every pair of rows.</summary>
public sealed class FileJoinOracleTests : IDisposable
{
    private const string Yaml = """
        entities:
          - {name: pair, join_keys: [{name: left, type: int64}, {name: right, type: string}]}
          - {name: one, join_keys: [{name: left, type: int64}]}
        feature_views:
          - {name: pairs, kind: batch, entities: [pair], ttl: TTL, source: {path: rows.EXT, event_timestamp: at, created_timestamp: written}, features: [{name: n, type: int64}]}
          - {name: ones, kind: batch, entities: [one], source: {path: rows.EXT, event_timestamp: at, created_timestamp: written}, features: [{name: n, type: int64}]}
          - {name: all, kind: batch, entities: [], ttl: TTL, source: {path: rows.EXT, event_timestamp: at, created_timestamp: written}, features: [{name: n, type: int64}]}
        """;

    private readonly TempFolder folder = new();
    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());

    private sealed record Row(int? Left, string? Right, int? Time, int? Created);

    private sealed record Option(int? Ttl, bool CreatedFilter, bool Parquet);

    /// <summary>Few keys and few times, so that ties, edges and nulls are common. Texts that concatenate alike must not meet.</summary>
    private static readonly Gen<Row> Rows =
        from left in OrNull(Gen.Choose(0, 2))
        from right in OrNull(Gen.Choose(0, 2))
        from time in OrNull(Gen.Choose(0, 12))
        from created in OrNull(Gen.Choose(0, 15))
        select new Row(left, right is null ? null : new string('1', right.Value), time, created);

    private static readonly Gen<Option> Options =
        from ttl in OrNull(Gen.Choose(1, 8))
        from filter in Gen.Elements(true, false)
        from parquet in Gen.Elements(true, false)
        select new Option(ttl, filter, parquet);

    public void Dispose()
    {
        analytics.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Files_are_joined_as_trying_every_pair_of_rows_would() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(40),
        Prop.ForAll(Rows.ListOf(30).ToArbitrary(), Rows.ListOf(60).ToArbitrary(), Options.ToArbitrary(), (entities, features, option) =>
        {
            var lines = JoinAsync(entities, features, option).GetAwaiter().GetResult();
            var expected = entities.Select(e => string.Join(',', Naive(e, features, option, 2, option.Ttl),
                Naive(e, features, option, 1, null), Naive(e, features, option, 0, option.Ttl)));
            return expected.SequenceEqual(lines.Select(line => string.Join(',', line.Split(',')[^3..])));
        }));

    private async Task<string[]> JoinAsync(IReadOnlyList<Row> entities, IReadOnlyList<Row> features, Option option)
    {
        var (entityFile, extension) = (folder.Combine("entities.csv"), option.Parquet ? "parquet" : "csv");
        await File.WriteAllLinesAsync(entityFile, ["left,right,event_timestamp", .. entities.Select(e => $"{e.Left},{Text(e.Right)},{Time(e.Time)}")]);
        await File.WriteAllLinesAsync(
            folder.Combine("rows.csv"),
            ["left,right,at,written,n", .. features.Select((f, i) => $"{f.Left},{Text(f.Right)},{Time(f.Time)},{Time(f.Created)},{(i % 3 == 0 ? "" : i)}")]);
        folder.WriteText("features.yaml", Yaml.Replace("EXT", extension, StringComparison.Ordinal)
            .Replace("TTL", option.Ttl is { } ttl ? $"{ttl}h" : "0", StringComparison.Ordinal));
        if (option.Parquet)
        {
            await ToParquetAsync("entities", "event_timestamp timestamptz");
            await ToParquetAsync("rows", "at timestamptz, written timestamptz, n bigint");
            entityFile = folder.Combine("entities.parquet");
        }

        var request = new JoinRequest(folder.FullPath, entityFile, folder.Combine("out.csv"))
        {
            Features = ["pairs:n", "ones:n", "all:n"],
            FullNames = true,
            CreatedFilter = option.CreatedFilter,
        };
        await new FileJoin(analytics).RunAsync(request, TestContext.Current.CancellationToken);
        return (await File.ReadAllLinesAsync(request.Output))[1..];
    }

    private Task ToParquetAsync(string name, string types)
    {
        var casts = types.Split(", ").Select(type => type.Split(' ')).Select(type => $"{Sql.Name(type[0])}::{type[1]} as {Sql.Name(type[0])}");
        return analytics.RunAsync(
            session =>
            {
                session.WriteParquet(
                    $"select * replace (\"left\"::bigint as \"left\", {string.Join(", ", casts)}) from read_csv({Sql.Text(folder.Combine($"{name}.csv"))}, "
                        + "header = true, all_varchar = true, nullstr = '', allow_quoted_nulls = false, delim = ',', quote = '\"')",
                    folder.Combine($"{name}.parquet"));
                return 0;
            },
            TestContext.Current.CancellationToken);
    }

    /// <summary>The sentence of the manual, word by word.</summary>
    private static int? Naive(Row entity, IReadOnlyList<Row> features, Option option, int components, int? ttl)
    {
        var winner = features.Select((f, arrival) => (Row: f, Arrival: arrival))
            .Where(f => components < 1 || (f.Row.Left is not null && f.Row.Left == entity.Left))
            .Where(f => components < 2 || (f.Row.Right is not null && f.Row.Right == entity.Right))
            .Where(f => f.Row.Time <= entity.Time)
            .Where(f => ttl is null || f.Row.Time >= entity.Time - ttl)
            .Where(f => !option.CreatedFilter || f.Row.Created <= entity.Time)
            .OrderBy(f => f.Row.Time).ThenBy(f => f.Row.Created ?? -1).ThenBy(f => f.Arrival)
            .Cast<(Row Row, int Arrival)?>()
            .LastOrDefault();
        return winner?.Arrival % 3 == 0 ? null : winner?.Arrival;
    }

    /// <summary>In CSV the empty text is quoted; without quotes it would be null.</summary>
    private static string Text(string? value) => value is null ? "" : $"\"{value}\"";

    private static string Time(int? hour) => hour is null ? ""
        : DateTimeOffset.UnixEpoch.AddHours(hour.Value).ToOffset(TimeSpan.FromHours(hour.Value % 3)).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    private static Gen<int?> OrNull(Gen<int> values) => Gen.Frequency(
        (1, Gen.Constant<int?>(null)), (6, values.Select(v => (int?)v)));
}
