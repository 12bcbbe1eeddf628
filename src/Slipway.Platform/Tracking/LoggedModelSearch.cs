using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Tracking;

/// <summary>Searching logged models: attributes, params, tags and the latest values of metrics, in any order of them.</summary>
internal static class LoggedModelSearch
{
    private const string Metric = "metrics";

    private static readonly FilterGrammar Grammar = new(
        new FilterEntity(
            ["attributes"],
            [
                new FilterKey("name", FilterType.Text, FilterOperators.TextOrList),
                new FilterKey("model_id", FilterType.Text, FilterOperators.TextOrList),
                new FilterKey("model_type", FilterType.Text, FilterOperators.TextOrList),
                new FilterKey("status", FilterType.Text, FilterOperators.TextOrList),
                new FilterKey("source_run_id", FilterType.Text, FilterOperators.TextOrList),
                new FilterKey("creation_timestamp", FilterType.Number, FilterOperators.Numeric, "creation_timestamp_ms", "creation_time"),
                new FilterKey(
                    "last_updated_timestamp", FilterType.Number, FilterOperators.Numeric, "last_updated_timestamp_ms", "last_updated_time"),
            ]),
        new FilterEntity([Metric], [], new FilterKey("", FilterType.Number, FilterOperators.Numeric)),
        new FilterEntity(["params"], [], new FilterKey("", FilterType.Text, FilterOperators.TextOrList)),
        new FilterEntity(["tags"], [], new FilterKey("", FilterType.Text, FilterOperators.TextOrList)));

    /// <param name="projects">Null for all.</param>
    public static async Task<Page<LoggedModel>> PageAsync(
        DbSession session, LoggedModelQuery query, string[]? projects, CancellationToken cancel)
    {
        var sql = new FilterSql(session.Engine);
        var filter = Grammar.Parse(query.Filter);
        var keys = Order(query.OrderBy, sql);
        var text = Json.Write(query with { PageToken = null, Limit = 0 });
        string?[] conditions =
        [
            "deleted_ms is null",
            $"experiment_id {ValueSet.In(session, "experiments")}",
            projects is null ? null : $"experiment_id in (select e.id from experiments e where e.project {ValueSet.In(session, "projects")})",
            filter is null ? null : FilterSql.Of(filter, one => Condition(one, query.Datasets, sql)),
            keys.After(query.PageToken, text, sql),
        ];
        var rows = await session.QueryAsync(
            $"""
            select {LoggedModelStore.Columns}, {keys.Select} from logged_models
            where {string.Join(" and ", conditions.OfType<string>())} order by {keys.OrderBy} limit @max
            """,
            c =>
            {
                sql.BindTo(c.With("max", query.Limit + 1).With("experiments", ValueSet.Of(session, query.ExperimentIds.ToArray())));
                _ = projects is null ? c : c.With("projects", ValueSet.Of(session, projects));
            },
            row => (Model: LoggedModelStore.Read(row), Keys: keys.Read(row, LoggedModelStore.ColumnCount)),
            cancel);
        var page = PageToken.Cut(rows, query.Limit, text, row => row.Keys);
        return new Page<LoggedModel>(
            await LoggedModelStore.WithDetailAsync(session, [.. page.Items.Select(row => row.Model)], cancel), page.NextPageToken);
    }

    private static Keyset Order(IReadOnlyList<LoggedModelOrder> orders, FilterSql sql)
    {
        var parsed = Grammar.ParseOrder([.. orders.Select(order => order.Field)]);
        var columns = new List<KeyColumn>();
        foreach (var (order, asked) in parsed.Zip(orders))
        {
            columns.AddRange(order.Entity switch
            {
                Metric => MetricColumns(order.Key, !asked.Ascending, asked.Dataset, sql),
                "attributes" when order.Key == "source_run_id" => Nullable("source_run_id", !asked.Ascending),
                "attributes" => [new KeyColumn(Column(order.Key), order.Type, !asked.Ascending)],
                var table => Nullable(
                    $"(select p.value from {Table(table)} p where p.model_id = logged_models.id and p.key = {sql.Bind(order.Key)})", !asked.Ascending),
            });
        }

        if (columns.Count == 0)
        {
            columns.Add(new KeyColumn("created_ms", FilterType.Number, true));
        }

        if (columns.TrueForAll(column => column.Sql != "id"))
        {
            columns.Add(new KeyColumn("id", FilterType.Text));
        }

        return new Keyset(columns);
    }

    /// <summary>Whatever the direction, what has no value comes last.</summary>
    private static IEnumerable<KeyColumn> Nullable(string column, bool descending) =>
    [
        new KeyColumn($"case when {column} is null then 1 else 0 end", FilterType.Number),
        new KeyColumn($"coalesce({column}, '')", FilterType.Text, descending),
    ];

    /// <summary>Whatever the direction, NaN comes after numbers and what has no value last.</summary>
    private static IEnumerable<KeyColumn> MetricColumns(string key, bool descending, MetricDataset? dataset, FilterSql sql)
    {
        var latest = Latest(key, dataset is null ? [] : [dataset], sql);
        return
        [
            new KeyColumn($"coalesce((select case m.kind when 2 then 1 else 0 end from {latest} m), 2)", FilterType.Number),
            new KeyColumn($"coalesce((select m.kind from {latest} m), 0)", FilterType.Number, descending),
            new KeyColumn($"coalesce((select m.value from {latest} m), 0)", FilterType.Number, descending),
        ];
    }

    private static string Condition(Comparison one, IReadOnlyList<MetricDataset> datasets, FilterSql sql) => one.Entity switch
    {
        "attributes" when one.Key == "status" => sql.Compare("status", one with { Texts = [.. one.Texts.Select(Status)] }),
        "attributes" => sql.Compare(Column(one.Key), one),
        Metric => $"exists (select 1 from {Latest(one.Key, datasets, sql)} m where {MetricCondition(one, sql)})",
        var table =>
            $"exists (select 1 from {Table(table)} p where p.model_id = logged_models.id and p.key = {sql.Bind(one.Key)} and {sql.Compare("p.value", one)})",
    };

    /// <summary>A number lies between the infinities; NaN meets nothing.</summary>
    private static string MetricCondition(Comparison one, FilterSql sql)
    {
        int[] infinite = one.Operator switch
        {
            FilterOperator.Greater or FilterOperator.GreaterOrEqual => [1],
            FilterOperator.Less or FilterOperator.LessOrEqual => [-1],
            FilterOperator.NotEqual => [-1, 1],
            _ => [],
        };
        return string.Join(" or ", infinite.Select(kind => $"m.kind = {kind}").Prepend($"(m.kind = 0 and {sql.Compare("m.value", one)})"));
    }

    /// <summary>The latest point of a metric, on any of the datasets.</summary>
    private static string Latest(string key, IReadOnlyList<MetricDataset> datasets, FilterSql sql)
    {
        var on = datasets.Select(dataset => dataset.Digest is null
            ? $"l.dataset_name = {sql.Bind(dataset.Name)}"
            : $"(l.dataset_name = {sql.Bind(dataset.Name)} and l.dataset_digest = {sql.Bind(dataset.Digest)})");
        return $"""
            (select l.kind, l.value from logged_model_metrics l
             where l.model_id = logged_models.id and l.key = {sql.Bind(key)} {(datasets.Count == 0 ? "" : $"and ({string.Join(" or ", on)})")}
             order by l.step desc, l.ts_ms desc, l.kind desc, l.value desc limit 1)
            """;
    }

    /// <summary>As it is stored, from the protocol's own names: <c>LOGGED_MODEL_READY</c> or <c>READY</c> is <c>ready</c>.</summary>
    private static string Status(string text) => text.ToLowerInvariant().Replace("logged_model_", "", StringComparison.Ordinal);

    private static string Table(string entity) => entity == "params" ? "logged_model_params" : "logged_model_tags";

    private static string Column(string key) => key switch
    {
        "model_id" => "id",
        "creation_timestamp" => "created_ms",
        "last_updated_timestamp" => "updated_ms",
        _ => key,
    };
}
