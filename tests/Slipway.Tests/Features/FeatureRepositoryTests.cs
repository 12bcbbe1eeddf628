using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Windows;
using Slipway.Platform.Features.Definitions;

namespace Slipway.Tests.Features;

public sealed class FeatureRepositoryTests
{
    /// <summary>As in the manual of the repository format.</summary>
    private const string Weather = """
        entities:
          - {name: airport, join_keys: [{name: airport_id, type: string}]}
        feature_views:
          - name: airport_weather
            kind: batch
            entities: [airport]
            ttl: 2h
            source: {path: weather.parquet, event_timestamp: event_timestamp, created_timestamp: created, field_map: {station: airport_id}}
            features: [{name: temperature, type: float64}]
        feature_services:
          - name: flight_delay_v1
            full_feature_names: true
            features:
              - {view: airport_weather, as: origin, join_key_map: {airport_id: origin_id}, features: [temperature]}
              - {view: airport_weather, as: destination, join_key_map: {airport_id: destination_id}, features: [temperature]}

        """;

    private const string Flow = """
        sources:
          - name: flights
            topic: flights
            columns: [{name: at, type: timestamp}, {name: delay, type: int64}, {name: airport_id, type: string}]
        feature_views:
          - name: arrivals
            kind: streaming
            entities: [airport]
            source: {name: flights, event_timestamp: at}
            hop: 10m
            aggregations: [{name: mean_delay, function: mean, input: delay, window: 3h}]
          - name: stress
            kind: derived
            from: [{view: arrivals}]
            features: [{name: squared, type: float64, expression: arrivals__mean_delay * arrivals__mean_delay}]
          - name: request
            kind: on_demand
            inputs: [{name: limit, type: int64}]
            from: [{view: stress, as: s}]
            features: [{name: over, type: bool, expression: s__squared > limit}]

        """;

    [Fact]
    public void The_repository_of_the_manual_is_read_as_written()
    {
        var repository = Parse(Weather);

        var view = repository.View("airport_weather");
        Assert.Equal(ViewKind.Batch, view.Kind);
        Assert.Equal(TimeSpan.FromHours(2), view.Ttl);
        Assert.Equal([new ColumnSchema("airport_id", DataType.String)], repository.JoinKeys(view));
        Assert.Equal("weather.parquet", view.Source!.Source.Path);
        Assert.Equal("created", view.Source.CreatedTimestamp);
        Assert.Equal("airport_id", view.Source.FieldMap["station"]);
        Assert.Equal([new FeatureDefinition("temperature", DataType.Float64)], view.Features);
        Assert.Equal("file.yaml:4:5", view.Notes.Origin);
        Assert.Equal(["origin", "destination"], repository.Service("flight_delay_v1").Features.Select(s => s.Name));
        Assert.Equal("origin_id", repository.Service("flight_delay_v1").Features[0].JoinKeyMap["airport_id"]);
    }

    [Fact]
    public void Definitions_may_be_spread_over_files_in_any_order()
    {
        var repository = FeatureRepository.Parse(("a.yaml", Flow), ("b.yaml", Weather));

        Assert.Equal(["arrivals", "stress", "request", "airport_weather"], repository.Views.Select(v => v.Name));
        Assert.Equal(["arrivals", "stress"], repository.Upstream(repository.View("request")).Select(v => v.Name));
        Assert.Equal(["limit", "s__squared"], repository.FormulaColumns(repository.View("request")).Select(c => c.Name));
        Assert.Equal(
            new WindowAggregation("mean_delay", AggregateFunction.Mean, "delay", TimeSpan.FromHours(3)),
            Assert.Single(repository.View("arrivals").Aggregations));
    }

    [Fact]
    public void A_folder_is_read_with_what_is_below_it_and_paths_are_relative_to_it()
    {
        var folder = Directory.CreateTempSubdirectory("features").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "views"));
        File.WriteAllText(Path.Combine(folder, "weather.yaml"), Weather);
        File.WriteAllText(Path.Combine(folder, "views", "flow.yml"), Flow);

        var repository = FeatureRepository.Load(folder);

        Assert.Equal(4, repository.Views.Count);
        Assert.Equal(Path.Combine("views", "flow.yml") + ":6:5", repository.View("arrivals").Notes.Origin);
        Assert.Equal(Path.Combine(folder, "weather.parquet"), repository.PathOf(repository.View("airport_weather").Source!.Source));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_not_found() =>
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<SlipwayException>(() => FeatureRepository.Load("/no/such/folder")).Kind);

    [Theory]
    [InlineData("ttl: 2h", "tll: 2h", "file.yaml:7:5: 'tll' is not a key here; known are")]
    [InlineData("ttl: 2h", "ttl: 2 hours", "file.yaml:7:10: 'ttl' must be a duration such as 30m, 2h, 1d or PT30M; got '2 hours'.")]
    [InlineData("ttl: 2h", "hop: 2h", "file.yaml:7:5: 'hop' is not a key here")]
    [InlineData("kind: batch", "kind: bath", "file.yaml:5:11: 'kind' must be one of batch, streaming, on_demand, derived; got 'bath'.")]
    [InlineData("type: float64", "type: double", "file.yaml:9:42: 'type' must be one of bool, int64, float32, float64, string, timestamp, array<bool>, array<int64>, array<float32>, array<float64>, array<string>, array<timestamp>, embedding; got 'double'.")]
    [InlineData("kind: batch", "kind: [batch", "file.yaml:5:11: this is not YAML.")]
    [InlineData("kind: batch", "kind: batch\n    kind: batch", "file.yaml:6:")]
    [InlineData("- name: airport_weather", "- nam: airport_weather", "file.yaml:4:5: 'name' is missing.")]
    [InlineData("entities: [airport]", "entities: airport", "file.yaml:6:15: 'entities' must be a list.")]
    [InlineData("path: weather.parquet, ", "", "file.yaml:8:13: a source has one of 'path', 'topic', 'postgres' and 'push: true'.")]
    [InlineData("path: weather.parquet, ", "postgres: db, ", "file.yaml:8:24: a source on PostgreSQL has either a 'table' or 'sql'.")]
    [InlineData("path: weather.parquet, ", "postgres: 'Host=db;Password=x', table: t, ", "in the environment variable SLIPWAY_POSTGRES_NAME, never here.")]
    [InlineData("entities: [airport]", "entities: [port]", "file.yaml:4:5: feature view 'airport_weather': there is no entity 'port'; there are airport.")]
    [InlineData("{airport_id: origin_id}", "{id: origin_id}", "file.yaml:14:9: feature service 'flight_delay_v1': 'airport_weather' has no join key 'id'; it has airport_id.")]
    [InlineData("features: [temperature]}", "features: [wind]}", "'airport_weather' has no feature 'wind'; it has temperature.")]
    [InlineData("type: float64}", "type: float64}, {name: airport_id, type: string}", "file.yaml:4:5: feature view 'airport_weather' has more than one feature or key 'airport_id'.")]
    [InlineData("name: temperature", "name: a__b", "feature 'a__b': a name is of letters, digits and single underscores.")]
    public void A_mistake_is_named_with_file_line_and_column(string right, string wrong, string expected)
    {
        var error = Assert.Throws<SlipwayException>(() => Parse(Weather.Replace(right, wrong, StringComparison.Ordinal)));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("event_timestamp: at", "event_timestamp: landed", "its source has no column 'landed'; it has at, delay, airport_id.")]
    [InlineData("event_timestamp: at", "event_timestamp: delay", "column 'delay' is int64 in its source, not timestamp.")]
    [InlineData("input: delay", "input: speed", "there is no column 'speed'")]
    [InlineData("hop: 10m", "late: update", "'hop' is missing; only tumbling and sliding windows need none")]
    [InlineData("hop: 10m", "hop: 10m\n    late: update", "'late: update' and an 'allowed_lateness' go together")]
    [InlineData("window: 3h", "window: 3h, quantile: 0.5", "takes no quantile.")]
    [InlineData("window: 3h", "window: 3h, kind: jumping", "'kind' must be one of hopping, tumbling, sliding; got 'jumping'.")]
    [InlineData("window: 3h", "window: 3m", "its window of 00:03:00 is not a positive multiple of the hop of 00:10:00.")]
    [InlineData("{name: flights, event", "{name: trains, event", "there is no source 'trains'; there are flights.")]
    [InlineData("s__squared > limit", "squared > limit", "feature 'over': Expression `squared > limit`, position 1: there is no column 'squared'")]
    [InlineData("s__squared > limit", "s__squared + limit", "the value is float64, not bool as declared.")]
    [InlineData("[{view: arrivals}]", "[{view: request}]", "features cannot be derived in a circle: stress → request → stress.")]
    public void A_definition_that_does_not_fit_the_others_is_refused(string right, string wrong, string expected)
    {
        var error = Assert.Throws<SlipwayException>(
            () => FeatureRepository.Parse(("b.yaml", Weather), ("a.yaml", Flow.Replace(right, wrong, StringComparison.Ordinal))));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_are_named_at_once()
    {
        var text = Weather.Replace("origin_id}, features: [temperature]", "origin_id}, features: [wind]", StringComparison.Ordinal)
            .Replace("{airport_id: destination_id}", "{id: destination_id}", StringComparison.Ordinal);

        Assert.Equal(2, Assert.Throws<SlipwayException>(() => Parse(text)).Message.Split('\n').Length);
    }

    [Fact]
    public void Columns_that_only_the_file_knows_are_checked_when_they_are_known()
    {
        var repository = Parse(Weather);

        var problems = repository.Check(_ =>
            [new("station", DataType.String), new("event_timestamp", DataType.Timestamp), new("temperature", DataType.String)]);

        Assert.Equal(2, problems.Count);
        Assert.Contains("column 'temperature' is string in its source, not float64.", problems[0], StringComparison.Ordinal);
        Assert.Contains("its source has no column 'created'; it has airport_id, event_timestamp, temperature.", problems[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_version_changes_with_what_values_depend_on_and_with_nothing_else()
    {
        static string Hash(string text, string view)
        {
            var repository = FeatureRepository.Parse(("a", Weather), ("b", text));
            return DefinitionHash.Of(repository, repository.View(view));
        }

        var original = Hash(Flow, "request");

        Assert.Equal(original, Hash(Flow.Replace("kind: on_demand", "owner: me\n    kind: on_demand", StringComparison.Ordinal), "request"));
        Assert.Equal(original, Hash(Flow.Replace("hop: 10m", "hop: PT10M", StringComparison.Ordinal), "request"));
        Assert.NotEqual(original, Hash(Flow.Replace("hop: 10m", "hop: 20m", StringComparison.Ordinal), "request")); // two views upstream
        Assert.NotEqual(original, Hash(Flow.Replace("> limit", ">= limit", StringComparison.Ordinal), "request"));
        Assert.NotEqual(Hash(Flow, "arrivals"), Hash(Flow.Replace("topic: flights", "topic: other", StringComparison.Ordinal), "arrivals"));
    }

    private static FeatureRepository Parse(string text) => FeatureRepository.Parse(("file.yaml", text));
}
