using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Expressions;

namespace Slipway.Platform.Features.Definitions;

/// <summary>Whether definitions fit together. Finds every problem, not only the first.</summary>
internal sealed class RepositoryCheck
{
    private readonly FeatureRepository repository;
    private readonly Func<SourceDefinition, IReadOnlyList<ColumnSchema>?> columnsOf;
    private readonly List<string> problems = [];

    private RepositoryCheck(FeatureRepository repository, Func<SourceDefinition, IReadOnlyList<ColumnSchema>?> columnsOf)
    {
        this.repository = repository;
        this.columnsOf = columnsOf;
    }

    /// <summary>Each begins with file:line:column; empty when all is well.</summary>
    public static IReadOnlyList<string> Problems(
        FeatureRepository repository, Func<SourceDefinition, IReadOnlyList<ColumnSchema>?> columnsOf)
    {
        var check = new RepositoryCheck(repository, columnsOf);
        check.Names();
        foreach (var entity in repository.Entities.Where(e => e.JoinKeys.Count == 0))
        {
            check.Report(entity.Notes.Origin, $"entity '{entity.Name}' has no join key.");
        }

        // What follows looks names up and walks from view to view, so names must be sound and walks must end.
        if (check.problems.Count == 0 && check.References() && !check.Cycles())
        {
            foreach (var view in repository.Views)
            {
                check.View(view);
            }
        }

        return check.problems;
    }

    private void Names()
    {
        Names("entity", repository.Entities.Select(e => (e.Name, e.Notes.Origin)));
        Names("source", repository.Sources.Select(s => (s.Name!, s.Notes.Origin)));
        Names("feature view", repository.Views.Select(v => (v.Name, v.Notes.Origin)));
        Names("feature service", repository.Services.Select(s => (s.Name, s.Notes.Origin)));
        foreach (var view in repository.Views)
        {
            Names($"feature view '{view.Name}': feature", view.Features.Select(f => (f.Name, view.Notes.Origin)));
            if (view.Features.Count == 0)
            {
                Report(view.Notes.Origin, $"feature view '{view.Name}' has no features.");
            }
        }
    }

    private void Names(string what, IEnumerable<(string Name, string Origin)> named)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, origin) in named)
        {
            if (name.Length == 0 || name.Contains("__", StringComparison.Ordinal) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            {
                Report(origin, $"{what} '{name}': a name is of letters, digits and single underscores.");
            }

            if (!seen.TryAdd(name, origin))
            {
                Report(origin, $"{what} '{name}' is defined twice; first at {seen[name]}.");
            }
        }
    }

    /// <summary>Every name stands for something.</summary>
    private bool References()
    {
        foreach (var view in repository.Views)
        {
            foreach (var entity in view.Entities.Where(name => repository.Entities.All(e => e.Name != name)))
            {
                Report(view.Notes.Origin, $"feature view '{view.Name}': there is no entity '{entity}'; "
                    + $"there are {string.Join(", ", repository.Entities.Select(e => e.Name))}.");
            }

            view.From.ToList().ForEach(s => Reference($"feature view '{view.Name}'", s));
        }

        foreach (var service in repository.Services)
        {
            service.Features.ToList().ForEach(s => Reference($"feature service '{service.Name}'", s));
        }

        return problems.Count == 0;
    }

    private void Reference(string who, FeatureSelection selection)
    {
        if (repository.Views.FirstOrDefault(v => v.Name == selection.View) is not { } view)
        {
            Report(selection.Origin, $"{who}: there is no feature view '{selection.View}'; "
                + $"there are {string.Join(", ", repository.Views.Select(v => v.Name))}.");
            return;
        }

        foreach (var feature in selection.Features.Where(name => view.Features.All(f => f.Name != name)))
        {
            Report(selection.Origin, $"{who}: '{view.Name}' has no feature '{feature}'; "
                + $"it has {string.Join(", ", view.Features.Select(f => f.Name))}.");
        }

        var keys = view.Entities.SelectMany(name => repository.Entities.Where(e => e.Name == name)).SelectMany(e => e.JoinKeys).ToList();
        foreach (var key in selection.JoinKeyMap.Keys.Where(name => keys.All(k => k.Name != name)))
        {
            Report(selection.Origin, $"{who}: '{view.Name}' has no join key '{key}'; it has {string.Join(", ", keys.Select(k => k.Name))}.");
        }
    }

    private bool Cycles()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var view in repository.Views)
        {
            Walk(view, []);
        }

        return problems.Count > 0;

        void Walk(FeatureViewDefinition view, List<string> path)
        {
            if (path.IndexOf(view.Name) is >= 0 and var start)
            {
                Report(view.Notes.Origin, $"features cannot be derived in a circle: {string.Join(" → ", path[start..].Append(view.Name))}.");
            }
            else if (!done.Contains(view.Name))
            {
                view.From.ToList().ForEach(s => Walk(repository.View(s.View), [.. path, view.Name]));
                done.Add(view.Name);
            }
        }
    }

    private void View(FeatureViewDefinition view)
    {
        var taken = repository.JoinKeys(view).Select(k => k.Name).Append(BatchQuery.EventTimestamp).ToList();
        Unique(view, "key", taken);
        Unique(view, "feature or key", [.. taken.Distinct(), .. view.Features.Select(f => f.Name).Distinct()]);
        Unique(view, "input", [.. repository.FormulaColumns(view).Select(c => c.Name)]);
        foreach (var expectation in view.Expectations ?? [])
        {
            if (expectation.Problem(repository.RowColumns(view)) is { } problem)
            {
                Report(expectation.Origin, $"feature view '{view.Name}', expectation: {problem}");
            }
        }

        try
        {
            if (view.Source is { } source)
            {
                if (columnsOf(source.Source) is { } columns)
                {
                    Sourced(view, new SourceProjection(source, columns));
                }
            }
            else
            {
                Formulas(view);
            }
        }
        catch (SlipwayException e)
        {
            Report(view.Notes.Origin, $"feature view '{view.Name}': {e.Message}");
        }
    }

    /// <summary>Columns that the view reads are there, with the types it says. The result of SQL is known only by running it.</summary>
    private void Sourced(FeatureViewDefinition view, SourceProjection projection)
    {
        if (view.Sql is not null)
        {
            return;
        }

        var wanted = repository.JoinKeys(view).Append(new ColumnSchema(view.Source!.EventTimestamp, DataType.Timestamp)).ToList();
        if (view.Kind == ViewKind.Batch)
        {
            wanted.AddRange(view.Features.Select(f => f.Column));
        }

        if (view.Source.CreatedTimestamp is { } created)
        {
            wanted.Add(new ColumnSchema(created, DataType.Timestamp));
        }

        foreach (var column in wanted)
        {
            Column(view, projection.Columns, column);
        }

        if (view.Kind == ViewKind.Streaming && problems.Count == 0)
        {
            _ = StreamingWindows.Aggregator(repository, view, projection);
        }
    }

    private void Column(FeatureViewDefinition view, IReadOnlyList<ColumnSchema> columns, ColumnSchema wanted)
    {
        var found = columns.FirstOrDefault(c => c.Name == wanted.Name);
        if (found is null)
        {
            Report(view.Notes.Origin, $"feature view '{view.Name}': its source has no column '{wanted.Name}'; "
                + $"it has {string.Join(", ", columns.Select(c => c.Name))}.");
        }
        else if (!found.Type.Serves(wanted.Type) || (found.Dimension ?? wanted.Dimension) != (wanted.Dimension ?? found.Dimension))
        {
            Report(view.Notes.Origin, $"feature view '{view.Name}': column '{wanted.Name}' is {found.TypeText()} in its source, "
                + $"not {wanted.TypeText()}.");
        }
    }

    private void Formulas(FeatureViewDefinition view)
    {
        var columns = repository.FormulaColumns(view);
        foreach (var feature in view.Features)
        {
            try
            {
                Expression.Compile(feature.Expression!, columns, feature.Type);
            }
            catch (SlipwayException e)
            {
                Report(view.Notes.Origin, $"feature view '{view.Name}', feature '{feature.Name}': {e.Message}");
            }
        }
    }

    private void Unique(FeatureViewDefinition view, string what, List<string> names)
    {
        foreach (var name in names.GroupBy(n => n).Where(g => g.Count() > 1).Select(g => g.Key))
        {
            Report(view.Notes.Origin, $"feature view '{view.Name}' has more than one {what} '{name}'.");
        }
    }

    private void Report(string origin, string problem) => problems.Add($"{origin}: {problem}");
}
