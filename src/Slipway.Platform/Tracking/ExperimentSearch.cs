using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Filters;

namespace Slipway.Platform.Tracking;

/// <summary>Searching experiments: attributes and tags, in any order of the attributes.</summary>
internal static class ExperimentSearch
{
    private static readonly FilterGrammar Grammar = new(
        new FilterEntity(
            ["attribute", "attributes", "attr"],
            [
                new FilterKey("name", FilterType.Text, FilterOperators.Text),
                new FilterKey("creation_time", FilterType.Number, FilterOperators.Numeric),
                new FilterKey("last_update_time", FilterType.Number, FilterOperators.Numeric),
                new FilterKey("experiment_id", FilterType.Number, FilterOperators.Numeric),
                new FilterKey("project", FilterType.Text, FilterOperators.TextOrList),
            ]),
        new FilterEntity(["tag", "tags"], [], new FilterKey("", FilterType.Text, FilterOperators.TextOrNull)));

    /// <param name="projects">Null for all.</param>
    public static async Task<Page<Experiment>> PageAsync(
        DbSession session, ExperimentQuery query, string[]? projects, CancellationToken cancel)
    {
        var sql = new FilterSql(session.Engine);
        var filter = Grammar.Parse(query.Filter);
        var keys = Order(Grammar.ParseOrder(query.OrderBy));
        var text = Json.Write(query with { PageToken = null, Limit = 0 });
        string?[] conditions =
        [
            ViewSql(query.View),
            projects is null ? null : $"project {ValueSet.In(session, "projects")}",
            filter is null ? null : FilterSql.Of(filter, one => Condition(one, sql)),
            keys.After(query.PageToken, text, sql),
        ];
        var rows = await session.QueryAsync(
            $"""
            select {ExperimentStore.Columns}, {keys.Select} from experiments
            where {string.Join(" and ", conditions.OfType<string>())} order by {keys.OrderBy} limit @max
            """,
            c =>
            {
                sql.BindTo(c.With("max", query.Limit + 1));
                _ = projects is null ? c : c.With("projects", ValueSet.Of(session, projects));
            },
            row => (Experiment: ExperimentStore.Read(row), Keys: keys.Read(row, ExperimentStore.ColumnCount)),
            cancel);
        var page = PageToken.Cut(rows, query.Limit, text, row => row.Keys);
        return new Page<Experiment>(
            await ExperimentStore.WithTagsAsync(session, [.. page.Items.Select(row => row.Experiment)], cancel), page.NextPageToken);
    }

    private static Keyset Order(IReadOnlyList<Ordering> orders)
    {
        List<KeyColumn> columns =
        [
            .. orders.Select(order => order.Entity == "attribute"
                ? new KeyColumn(Column(order.Key), order.Type, order.Descending)
                : throw SlipwayException.Invalid(
                    $"Invalid order_by entity 'tag' with key '{order.Key}'; order by name, experiment_id, creation_time or last_update_time.")),
        ];
        if (columns.Count == 0)
        {
            columns.Add(new KeyColumn("created_ms", FilterType.Number, true));
        }

        if (columns.TrueForAll(column => column.Sql != "id"))
        {
            columns.Add(new KeyColumn("id", FilterType.Number));
        }

        return new Keyset(columns);
    }

    private static string Condition(Comparison one, FilterSql sql)
    {
        if (one.Entity == "attribute")
        {
            return sql.Compare(Column(one.Key), one);
        }

        var tag = $"select 1 from experiment_tags t where t.experiment_id = experiments.id and t.key = {sql.Bind(one.Key)}";
        return one.Operator switch
        {
            FilterOperator.IsNull => $"not exists ({tag})",
            FilterOperator.IsNotNull => $"exists ({tag})",
            _ => $"exists ({tag} and {sql.Compare("t.value", one)})",
        };
    }

    private static string Column(string key) => key switch
    {
        "creation_time" => "created_ms",
        "last_update_time" => "updated_ms",
        "experiment_id" => "id",
        _ => key,
    };

    private static string? ViewSql(RunView view) => view switch
    {
        RunView.Active => "deleted_ms is null",
        RunView.Deleted => "deleted_ms is not null",
        _ => null,
    };
}
