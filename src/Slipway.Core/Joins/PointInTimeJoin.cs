using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Core.Joins;

/// <summary>Adds to every entity row the features as they were known at its event timestamp.</summary>
public static class PointInTimeJoin
{
    /// <summary>
    /// One output row per entity row, in order: the entity's columns, then the features of the views in turn. A feature is null where
    /// no row of its view matches, and where the row that wins holds null.
    /// </summary>
    /// <param name="fullNames">Name features <c>view__feature</c> instead of <c>feature</c>.</param>
    /// <param name="createdFilter">Use only rows written by then too, in views that have a created timestamp.</param>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when a column is missing, a key differs in type, or two output columns have one name.
    /// </exception>
    public static Table Join(
        Table entities, string eventTimestamp, IReadOnlyList<JoinedView> views, bool fullNames = false, bool createdFilter = false)
    {
        CheckNames(entities, views, fullNames);
        var time = Time(entities, eventTimestamp);
        var columns = new List<Column>(entities.Columns);
        foreach (var view in views)
        {
            var winners = Match(entities, time, view, createdFilter);
            columns.AddRange(view.Features.Select(f => view.Rows[f].Take(winners).Rename(OutputName(view, f, fullNames))));
        }

        return new Table(columns);
    }

    public static string OutputName(JoinedView view, string feature, bool fullNames) => fullNames ? $"{view.Name}__{feature}" : feature;

    private static int[] Match(Table entities, Column time, JoinedView view, bool createdFilter)
    {
        var matcher = new PointInTimeMatcher(new EntityTimeline([.. view.Keys.Select(k => entities[k.EntityColumn])], time), createdFilter);
        matcher.Add(
            [.. view.Keys.Select(k => view.Rows[k.ViewColumn])],
            Time(view.Rows, view.EventTimestamp),
            view.CreatedTimestamp is null ? null : Time(view.Rows, view.CreatedTimestamp));
        return matcher.Winners(view.Ttl);
    }

    private static Column Time(Table table, string name) => table[name] is { Type: DataType.Timestamp } column
        ? column
        : throw SlipwayException.Invalid($"Column '{name}' is {table[name].Type.Text()}, not a timestamp.");

    private static void CheckNames(Table entities, IReadOnlyList<JoinedView> views, bool fullNames)
    {
        var sources = entities.Columns.ToDictionary(c => c.Name, _ => "the entity rows", StringComparer.Ordinal);
        foreach (var view in views)
        {
            foreach (var feature in view.Features)
            {
                var name = OutputName(view, feature, fullNames);
                if (!sources.TryAdd(name, $"'{view.Name}'"))
                {
                    var remedy = fullNames ? "Give one of the views another alias." : "Ask for full feature names, or for one of them only.";
                    throw SlipwayException.Invalid($"'{view.Name}' and {sources[name]} both give a column '{name}'. {remedy}");
                }
            }
        }
    }
}
