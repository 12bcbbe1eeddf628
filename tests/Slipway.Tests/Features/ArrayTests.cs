using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Npgsql;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.TestKit;

namespace Slipway.Tests.Features;

/// <summary>Arrays and embeddings, from where they come to where they are asked for.</summary>
public sealed class ArrayTests(PostgresServer postgres) : OnBothEngines(null)
{
    private const string Yaml =
        """
        entities:
          - {name: item, join_keys: [{name: item, type: int64}]}
        feature_views:
          - name: traits
            kind: batch
            entities: [item]
            source: {SOURCE, event_timestamp: at}
            features:
              - {name: vector, type: embedding<3>}
              - {name: tags, type: array<string>}
              - {name: visits, type: array<timestamp>}
              - {name: counts, type: array<int64>}
              - {name: weights, type: array<float64>}
              - {name: scores, type: array<float32>}
              - {name: flags, type: array<bool>}
        feature_services:
          - {name: traits_service, features: [{view: traits}]}
        """;

    /// <summary>Two items with everything, an item with an older row, one with nulls and one with empty arrays.</summary>
    private const string Rows =
        """
        select * from (values
          (1, timestamp '2026-01-01 00:00', [0.5, -1, 2]::float[], ['a', 'b "c", ü', ''], [timestamp '2026-01-01', timestamp '1969-12-31 23:59:59.5'],
            [1, -2], [0.1, 1e300]::double[], [0.25]::float[], [true, false]),
          (1, timestamp '2025-01-01 00:00', [9, 9, 9], ['old'], [], [9], [9], [9], [true]),
          (2, timestamp '2026-01-01 00:00', null, null, null, null, null, null, null),
          (3, timestamp '2026-01-01 00:00', [1, 2, 3], [], [], [], [], [], []))
          t(item, "at", vector, tags, visits, counts, weights, scores, flags)
        """;

    private const string Expected =
        """
        {"vector":[[0.5,-1,2],null,[1,2,3],null],"tags":[["a","b \"c\", ü",""],null,[],null],
         "visits":[["2026-01-01T00:00:00+00:00","1969-12-31T23:59:59.5+00:00"],null,[],null],"counts":[[1,-2],null,[],null],
         "weights":[[0.1,1E+300],null,[],null],"scores":[[0.25],null,[],null],"flags":[[true,false],null,[],null]}
        """;

    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());
    private FeatureRegistryService registry = null!;
    private OnlineStore store = null!;
    private SourceFolder folder = null!;
    private Scratch scratch = null!;

    protected override Task PrepareAsync()
    {
        registry = new FeatureRegistryService(Db, new AuditLog(Db, Time), Time);
        store = new OnlineStore(new SqlOnlineStore(Db, new OnlineStoreOptions()), new ErasureList(Db, registry));
        folder = new SourceFolder(Directory.CreateDirectory(Folder.Combine("sources")).FullName);
        scratch = new Scratch(new FoundationOptions(Folder.Combine("data"), null));
        return Task.CompletedTask;
    }

    protected override Task CleanUpAsync()
    {
        analytics.Dispose();
        return Task.CompletedTask;
    }

    private Task ApplyAsync(string source) => registry.ApplyAsync(
        FeatureRepository.Parse(("traits.yaml", Yaml.Replace("SOURCE", source, StringComparison.Ordinal))), new Actor("test", Role.Admin), Cancel);

    private async Task<string> SourceAsync(string kind)
    {
        if (kind == "postgres")
        {
            var connect = await postgres.CreateDatabaseAsync(Cancel);
            var name = $"a{Guid.CreateVersion7():N}";
            Environment.SetEnvironmentVariable(PostgresSource.VariablePrefix + name.ToUpperInvariant(), connect);
            await using var connection = new NpgsqlConnection(connect);
            await connection.OpenAsync(Cancel);
            await using var create = new NpgsqlCommand(
                """
                create table traits (item int, at timestamptz, vector real[], tags text[], visits timestamptz[], counts int[], weights float8[], scores real[], flags bool[]);
                insert into traits values
                  (1, '2026-01-01Z', '{0.5,-1,2}', array['a', 'b "c", ü', ''], array['2026-01-01Z', '1969-12-31 23:59:59.5Z']::timestamptz[], '{1,-2}', '{0.1,1e300}',
                    '{0.25}', '{t,f}'),
                  (1, '2025-01-01Z', '{9,9,9}', '{old}', '{}', '{9}', '{9}', '{9}', '{t}'), (2, '2026-01-01Z', null, null, null, null, null, null, null), (3, '2026-01-01Z', '{1,2,3}', '{}', '{}', '{}', '{}', '{}', '{}')
                """,
                connection);
            await create.ExecuteNonQueryAsync(Cancel);
            return $"postgres: {name}, table: traits";
        }

        await analytics.RunAsync(
            session =>
            {
                var file = Path.Combine(folder.Path, $"traits.{kind}");
                session.Copy(
                    kind == "parquet" ? Rows : "select columns(c -> c in ('item', 'at')), columns(c -> c not in ('item', 'at', 'visits'))::json::varchar, visits::varchar as visits from (" + Rows + ")",
                    file, kind == "parquet" ? "format parquet" : "format csv, header");
                return 0;
            },
            Cancel);
        return $"path: traits.{kind}";
    }

    [Theory]
    [InlineData("parquet")]
    [InlineData("csv")]
    [InlineData("postgres")]
    public async Task Arrays_of_every_type_come_from_any_source_online_and_into_training_sets_with_equal_values(string kind)
    {
        await ApplyAsync(await SourceAsync(kind));
        var view = (await registry.StoredViewsAsync(Cancel)).Single();
        using (var copies = scratch.Open())
        {
            var data = await folder.OpenAsync(view, analytics, copies, Cancel);
            await new BatchMaterialisation(Db, registry, new ViewHistory(analytics), analytics, store, Time).RunAsync(
                "run", "traits", data, new MaterialisationRange(MaterialisationMode.Full, null, long.MaxValue / 2), Time.GetUtcNow(), Cancel);
        }

        var request = new Table([Column.Int64("item", [1, 2, 3, 4])]);
        var online = new OnlineFeatures(registry, store, Time);
        var read = await online.GetAsync("traits_service", request, Cancel);
        AssertExpected(read);

        // As the endpoint writes it, from the packed rows.
        using var json = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(json))
        {
            (await online.ReadAsync(await registry.GetServiceAsync("traits_service", Cancel), request, Cancel)).WriteJson(writer);
        }

        using var expected = JsonDocument.Parse(Expected);
        using var answer = JsonDocument.Parse(json.ToArray());
        Assert.True(JsonElement.DeepEquals(expected.RootElement, answer.RootElement.GetProperty("values")), answer.RootElement.GetRawText());

        var entities = request.With(Column.Timestamp("event_timestamp", [.. Enumerable.Repeat(Microseconds.From(Time.GetUtcNow().AddHours(1)), 4)]));
        var training = new TrainingSetService(registry, analytics, new ErasureList(Db, registry), null, folder, scratch);
        AssertExpected((await training.BuildAsync("traits_service", entities, new Dictionary<string, SourceData>(), Cancel)).Select(read.Columns.Select(c => c.Name)));
    }

    private static void AssertExpected(Table features)
    {
        using var expected = JsonDocument.Parse(Expected);
        var values = JsonSerializer.SerializeToElement(features.Columns.ToDictionary(c => c.Name, JsonColumns.Write));
        Assert.True(JsonElement.DeepEquals(expected.RootElement, values), values.GetRawText());
    }

    [Theory]
    [InlineData(".parquet")]
    [InlineData(".csv")]
    public async Task A_join_of_files_writes_arrays_that_can_be_read_again(string extension)
    {
        var source = await SourceAsync("parquet");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "f.yaml"), Yaml.Replace("SOURCE", source, StringComparison.Ordinal), Cancel);
        await File.WriteAllTextAsync(Folder.Combine("rows.csv"), "item,event_timestamp\n1,2026-02-01T00:00:00Z\n2,2026-02-01T00:00:00Z\n3,2026-02-01T00:00:00Z\n4,2026-02-01T00:00:00Z\n", Cancel);
        var output = Folder.Combine("out" + extension);
        await new FileJoin(analytics).RunAsync(new JoinRequest(folder.Path, Folder.Combine("rows.csv"), output) { Service = "traits_service" }, Cancel);
        var types = FeatureRepository.Load(folder.Path).View("traits").Features.Select(f => new ColumnSchema(f.Name, f.Type)).ToArray();
        var back = await analytics.RunAsync(
            session =>
            {
                var wanted = types.ToDictionary(c => c.Name, c => c.Type);
                return session.Read($"select * from {DataFiles.Open(session, output, wanted).Sql}", types);
            },
            Cancel);
        AssertExpected(back);
    }

    [Fact]
    public async Task An_embedding_of_another_dimension_is_refused_wherever_it_comes_from()
    {
        await ApplyAsync("path: traits.parquet");
        var batches = new BatchMaterialisation(Db, registry, new ViewHistory(analytics), analytics, store, Time);
        await SourceAsync("parquet");
        var rows = await analytics.QueryAsync($"select * replace ([1, 2]::float[] as vector) from ({Rows})", Cancel);
        var wrong = await Assert.ThrowsAsync<SlipwayException>(() => batches.RunAsync(
            "run", "traits", SourceData.Of(rows), new MaterialisationRange(MaterialisationMode.Full, null, long.MaxValue / 2), Time.GetUtcNow(), Cancel));
        Assert.Contains("Feature 'vector' is an embedding of 3 numbers; a row has 2.", wrong.Message, StringComparison.Ordinal);

        var pushed = JsonRows.Read([new ColumnSchema("v", DataType.Embedding, Dimension: 2), new ColumnSchema("a", DataType.Int64Array)], [
            """{"v": [1, 2.5], "a": []}"""u8.ToArray(), """{"v": [1]}"""u8.ToArray(), """{"v": [1, null]}"""u8.ToArray(), """{"a": [1, 2.5]}"""u8.ToArray(),
            """{"a": 3}"""u8.ToArray(), """{"a": null}"""u8.ToArray(),
        ]);
        Assert.Equal(
        [
            "Field 'v' must be an array of 2 numbers, none of them null; got 1 of them.", "Field 'v' must be an array of 2 numbers, none of them null; got null.",
            "Field 'a' must be an array of int64 values, none of them null; got 2.5.", "Field 'a' must be an array of int64 values, none of them null; got 3.",
        ], pushed.Unreadable.Select(row => row.Cause));
        Assert.Equal([1f, 2.5f], Assert.IsType<float[]>(pushed.Table["v"].Value(0)));
        Assert.Equal((2, true, true), (pushed.Table.Rows, pushed.Table["v"].IsNull(1), pushed.Table["a"].IsNull(1)));
    }

    [Fact]
    public async Task An_array_with_a_null_among_its_elements_is_refused()
    {
        var schema = new[] { new ColumnSchema("x", DataType.Float32Array) };
        var wrong = await Assert.ThrowsAsync<SlipwayException>(() => analytics.RunAsync(session => session.Read("select [1, null]::float[] as x", schema), Cancel));
        Assert.Equal("An array in column 'x' has a null among its elements; leave it out.", wrong.Message);
    }

    [Theory]
    [InlineData("type: embedding<3>", "type: embedding", "traits.yaml:9:30: an embedding says how many numbers it has, from 1 to 16384, as embedding<128>; got 'embedding'.")]
    [InlineData("type: embedding<3>", "type: embedding<0>", "traits.yaml:9:30: an embedding says how many numbers it has, from 1 to 16384, as embedding<128>; got 'embedding<0>'.")]
    [InlineData("type: array<string>", "type: array<date>", "traits.yaml:10:28: 'type' must be one of bool, int64, float32, float64, string, timestamp, array<bool>, array<int64>, "
        + "array<float32>, array<float64>, array<string>, array<timestamp>, embedding; got 'array<date>'.")]
    [InlineData("type: array<string>", "type: array<string>, default: x", "traits.yaml:10:52: an array has no default; where there is none, the answer is null.")]
    [InlineData("{name: item, type: int64}", "{name: item, type: array<int64>}", "traits.yaml:2:49: a join key is a single value; got 'array<int64>'.")]
    [InlineData("kind: batch", "kind: batch\n    expectations: [{column: tags, in: [a]}]", "traits.yaml:6:20: feature view 'traits', expectation: 'tags' is array<string>; of an array only 'not_null' and 'unique' can be said.")]
    [InlineData("SOURCE", "path: x, columns: [{name: item, type: int64}, {name: at, type: timestamp}, {name: vector, type: embedding<4>}, {name: tags, type: string}, "
        + "{name: visits, type: array<timestamp>}, {name: counts, type: array<int64>}, {name: weights, type: array<int64>}, {name: scores, type: array<float64>}, {name: flags, type: array<bool>}]",
        "traits.yaml:4:5: feature view 'traits': column 'vector' is embedding<4> in its source, not embedding<3>.\n"
        + "traits.yaml:4:5: feature view 'traits': column 'tags' is string in its source, not array<string>.")]
    [InlineData("feature_services:", "  - {name: sum, kind: derived, from: [{view: traits}], features: [{name: x, type: float64, expression: traits__vector * 2}]}\nfeature_services:",
        "traits.yaml:16:5: feature view 'sum', feature 'x': Expression `traits__vector * 2`, position 1: 'traits__vector' is embedding; formulas compute with single values.")]
    public void What_an_array_cannot_be_is_refused_where_it_stands(string right, string wrong, string message) => Assert.Equal(
        message,
        Assert.Throws<SlipwayException>(() => FeatureRepository.Parse(("traits.yaml", Yaml.Replace(right, wrong, StringComparison.Ordinal).Replace("SOURCE", "path: x", StringComparison.Ordinal)))).Message);

    [Fact]
    public void An_array_has_exactly_the_documented_bytes()
    {
        var layout = new RowLayout([new ColumnSchema("n", DataType.Int64), new ColumnSchema("v", DataType.Embedding, Dimension: 2), new ColumnSchema("t", DataType.StringArray)]);
        var row = layout.Pack(new Table([
            Column.Int64("n", [258]), Column.Array("v", DataType.Embedding, [PackedArray.Of([1f, -2f])]), Column.Array("t", DataType.StringArray, [PackedArray.Of(["é", ""])])]))[0];

        // Format 1, no nulls; 258; the embedding at byte 18, the strings at 30; 8 bytes of floats; 10 bytes: length 2, c3 a9, length 0.
        Assert.Equal(
            "01" + "00" + "0201000000000000" + "12000000" + "1e000000" + "08000000" + "0000803f" + "000000c0" + "0a000000" + "02000000" + "c3a9" + "00000000",
            Convert.ToHexStringLower(row));
        Assert.Equal([1f, -2f], Assert.IsType<float[]>(layout.Unpack(1, "v", [row]).Value(0)));
        Assert.Equal(["é", ""], Assert.IsType<string[]>(layout.Unpack(2, "t", [row]).Value(0)));
    }

    [Fact]
    public void Arrays_of_any_length_go_through_DuckDB_and_back_unchanged() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => PassesAsync(new Random(seed)).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    private async Task<bool> PassesAsync(Random random)
    {
        var rows = random.Next(0, 5000);
        byte[]?[] Many(Func<byte[]> one) => [.. Enumerable.Range(0, rows).Select(_ => random.Next(5) == 0 ? null : one())];
        var table = new Table([
            Column.Array("f", DataType.Float32Array, Many(() => PackedArray.Of([.. Enumerable.Range(0, random.Next(9)).Select(_ => random.NextSingle())]))),
            Column.Array("s", DataType.StringArray, Many(() => PackedArray.Of([.. Enumerable.Range(0, random.Next(4)).Select(_ => new string('é', random.Next(20)))]))),
            Column.Array("l", DataType.TimestampArray, Many(() => PackedArray.Of([.. Enumerable.Range(0, random.Next(300) / 290 * 500).Select(_ => random.NextInt64(1L << 50))])))]);
        var back = await analytics.RunAsync(
            session =>
            {
                session.Load("t", table);
                return session.Read("select * from t", [.. table.Columns.Select(c => new ColumnSchema(c.Name, c.Type))]);
            },
            CancellationToken.None);
        return back.Rows == rows && table.Columns.All(c => Enumerable.Range(0, rows).All(row =>
            c.Arrays[row].AsSpan().SequenceEqual(back[c.Name].Arrays[row]) && c.IsNull(row) == back[c.Name].IsNull(row)));
    }
}
