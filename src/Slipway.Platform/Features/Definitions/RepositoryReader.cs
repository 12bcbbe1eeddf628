using Slipway.Core.Data;
using Slipway.Core.Windows;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Features.Definitions;

/// <summary>Turns YAML into definitions, one file after another; whether they fit together is <see cref="RepositoryCheck"/>'s concern.</summary>
internal sealed class RepositoryReader
{
    private const string DefaultEventTimestamp = "event_timestamp";

    private readonly List<SourceDefinition> sources = [];

    public static FeatureRepository Read(IReadOnlyList<(string Name, string Text)> files)
    {
        var reader = new RepositoryReader();
        var roots = files.Select(f => YamlFile.Parse(f.Text, f.Name)).ToList();

        // Sources of all files first: a view may name one of a file that comes later.
        reader.sources.AddRange(Each(roots, "sources", reader.Source));
        var repository = new FeatureRepository(
            Each(roots, "entities", reader.Entity),
            reader.sources,
            Each(roots, "feature_views", reader.View),
            Each(roots, "feature_services", reader.Service));
        roots.ForEach(root => root.End());
        return repository;
    }

    private static List<T> Each<T>(List<YamlMap> roots, string key, Func<YamlMap, T> read) =>
        [.. roots.SelectMany(root => root.Maps(key)).Select(map => Closed(map, read))];

    private static T Closed<T>(YamlMap map, Func<YamlMap, T> read)
    {
        var value = read(map);
        map.End();
        return value;
    }

    private EntityDefinition Entity(YamlMap map) =>
        new(map.Text("name"), Singles(map, "join_keys", "a join key")) { Notes = NotesOf(map) };

    private SourceDefinition Source(YamlMap map) => SourceBody(map, map.Text("name"));

    private static SourceDefinition SourceBody(YamlMap map, string? name)
    {
        var source = new SourceDefinition(name)
        {
            Path = map.OptionalText("path"),
            Topic = map.OptionalText("topic"),
            Push = map.Flag("push", otherwise: false),
            Postgres = Postgres(map),
            Columns = Columns(map, "columns"),
            Computed = [.. map.Maps("computed").Select(m => Closed(m, c => new ComputedColumn(
                c.Text("name"), ColumnTypes.OptionalSingle(c, "what a formula computes"), c.Text("expression"))))],
            Filter = map.OptionalText("filter"),
            Notes = NotesOf(map),
        };
        return new object?[] { source.Path, source.Topic, source.Postgres, source.Push ? "push" : null }.Count(kind => kind is not null) == 1
            ? source
            : throw map.Error("path", "a source has one of 'path', 'topic', 'postgres' and 'push: true'");
    }

    private static PostgresQuery? Postgres(YamlMap map)
    {
        if (map.OptionalText("postgres") is not { } connection)
        {
            return null;
        }

        var query = new PostgresQuery(connection, map.OptionalText("table"), map.OptionalText("sql"));
        return query.Table is null == query.Sql is null
            ? throw map.Error("postgres", "a source on PostgreSQL has either a 'table' or 'sql'")
            : connection.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? query
            : throw map.Error("postgres", "'postgres' is the name of a connection, of letters, digits and underscores; "
                + $"what it stands for is in the environment variable {PostgresSource.VariablePrefix}NAME, never here");
    }

    private FeatureViewDefinition View(YamlMap map)
    {
        var view = new FeatureViewDefinition(map.Text("name"), map.Choice<ViewKind>("kind"))
        {
            Entities = map.Texts("entities"),
            Ttl = map.OptionalDuration("ttl") is { Ticks: > 0 } ttl ? ttl : null,
            Version = map.OptionalInteger("version"),
            Notes = NotesOf(map),
        };
        if (view.Kind != ViewKind.Batch && map.Has("expectations"))
        {
            throw map.Error("expectations", "expectations are of batch views, whose rows are checked when they are brought online");
        }

        return view.Kind switch
        {
            ViewKind.Batch => Batch(view, map),
            ViewKind.Streaming => Streaming(view, map),
            ViewKind.OnDemand => view with
            {
                Inputs = Singles(map, "inputs", "what a request brings for formulas"),
                From = Selections(map, "from"),
                Features = Features(map, formulas: true),
            },
            _ => view with { From = Selections(map, "from"), Features = Features(map, formulas: true) },
        };
    }

    private FeatureViewDefinition Batch(FeatureViewDefinition view, YamlMap map)
    {
        var batch = view with
        {
            Source = ViewSource(map),
            Sql = map.OptionalText("sql"),
            Features = Features(map, formulas: false),
            Expectations = map.Maps("expectations") is { Count: > 0 } some ? [.. some.Select(Expectation.Read)] : null,
        };
        if (batch.Expectations is not null && batch.Source!.Source.Push)
        {
            throw map.Error("expectations", "pushed rows are taken as they come; give the source a 'filter'");
        }

        return batch.Sql is null || !batch.Source!.Source.Push
            ? batch
            : throw map.Error("sql", "pushed rows are the view's rows as they are; 'sql' needs a source with a 'path'");
    }

    private FeatureViewDefinition Streaming(FeatureViewDefinition view, YamlMap map)
    {
        var declared = map.Maps("aggregations").Select(m => Closed(m, a => (Window: Aggregation(a), Deprecated: Deprecation.Of(a)))).ToList();
        var aggregations = declared.ConvertAll(a => a.Window);
        var hop = map.OptionalDuration("hop");
        if (hop is null && aggregations.Any(a => a.Kind == WindowKind.Hopping))
        {
            throw map.Error("hop", "'hop' is missing; only tumbling and sliding windows need none");
        }

        var lateness = map.OptionalDuration("allowed_lateness") is { Ticks: > 0 } some ? some : (TimeSpan?)null;
        var late = map.Choice<LatePolicy>("late", lateness is null ? LatePolicy.Drop : LatePolicy.Update);
        if ((late == LatePolicy.Update) != lateness.HasValue)
        {
            throw map.Error("late", "'late: update' and an 'allowed_lateness' go together");
        }

        return view with
        {
            Source = ViewSource(map),
            Hop = hop,
            Aggregations = aggregations,
            Late = late,
            AllowedLateness = lateness,
            MaxOutOfOrderness = map.OptionalDuration("max_out_of_orderness"),
            Features = [.. declared.Select(a => new FeatureDefinition(a.Window.Name, a.Window.Type) { Deprecated = a.Deprecated })],
        };
    }

    private static WindowAggregation Aggregation(YamlMap map) => new(
        map.Text("name"), map.Choice<AggregateFunction>("function"), map.OptionalText("input"),
        map.OptionalDuration("window") ?? throw map.Error("window", "'window' is missing"))
    {
        Kind = map.Choice<WindowKind>("kind", WindowKind.Hopping),
        Quantile = map.OptionalNumber("quantile"),
        InputType = ColumnTypes.OptionalSingle(map, "what a window aggregates") ?? DataType.Float64,
    };

    private ViewSource ViewSource(YamlMap view)
    {
        var map = view.OptionalMap("source") ?? throw view.Error("source", "'source' is missing");
        return Closed(map, m =>
        {
            var name = m.OptionalText("name");
            return new ViewSource(
                name is null ? SourceBody(m, null) : sources.FirstOrDefault(s => s.Name == name) ?? throw m.Error("name", UnknownSource(name)),
                m.OptionalText("event_timestamp") ?? DefaultEventTimestamp,
                m.OptionalText("created_timestamp"),
                m.Pairs("field_map"),
                name is null ? null : m.OptionalText("filter"));
        });
    }

    private string UnknownSource(string name) =>
        $"there is no source '{name}'; there are {string.Join(", ", sources.Select(s => s.Name))}";

    private FeatureServiceDefinition Service(YamlMap map) =>
        new(map.Text("name"), Selections(map, "features"), map.Flag("full_feature_names", otherwise: false)) { Notes = NotesOf(map) };

    private static List<FeatureSelection> Selections(YamlMap map, string key) => [.. map.Maps(key).Select(m => Closed(m, s =>
        new FeatureSelection(s.Text("view"), s.OptionalText("as"), s.Pairs("join_key_map"), s.Texts("features")) { Origin = s.Origin }))];

    private static List<FeatureDefinition> Features(YamlMap map, bool formulas) =>
        [.. map.Maps("features").Select(m => Closed(m, f => Feature(f, formulas)))];

    private static FeatureDefinition Feature(YamlMap map, bool formula)
    {
        var column = formula ? ColumnTypes.Single(map, "what a formula computes") : ColumnTypes.Read(map);
        var (otherwise, deprecated) = (map.OptionalText("default"), Deprecation.Of(map));
        return otherwise is null || !column.Type.IsArray()
            ? new FeatureDefinition(column.Name, column.Type, formula ? map.Text("expression") : null, otherwise, column.Dimension) { Deprecated = deprecated }
            : throw map.Error("default", "an array has no default; where there is none, the answer is null");
    }

    private static List<ColumnSchema> Columns(YamlMap map, string key) => [.. map.Maps(key).Select(m => Closed(m, ColumnTypes.Read))];

    private static List<ColumnSchema> Singles(YamlMap map, string key, string what) =>
        [.. map.Maps(key).Select(m => Closed(m, c => ColumnTypes.Single(c, what)))];

    private static Notes NotesOf(YamlMap map) =>
        new(map.Origin, map.OptionalText("description"), map.OptionalText("owner")) { Tags = map.Texts("tags"), Deprecated = Deprecation.Of(map) };
}
