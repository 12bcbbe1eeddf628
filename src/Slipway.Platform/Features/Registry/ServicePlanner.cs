using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Expressions;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;

namespace Slipway.Platform.Features.Registry;

/// <summary>Resolves a feature service: follows its views, and the views those build on, down to look-ups and request columns.</summary>
internal sealed class ServicePlanner
{
    private readonly FeatureRepository repository;
    private readonly IReadOnlyDictionary<string, StoredView> stored;
    private readonly Dictionary<string, (ColumnSchema Column, int Slot)> inputs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (StoredView View, ColumnSchema[] Keys, Dictionary<int, int> Features)> lookups =
        new(StringComparer.Ordinal);

    private readonly List<ViewFormulas> computed = [];
    private readonly Dictionary<int, FeatureDefault> defaults = [];
    private readonly string service;
    private int slots;

    private ServicePlanner(FeatureRepository repository, IReadOnlyDictionary<string, StoredView> stored, string service)
    {
        this.repository = repository;
        this.stored = stored;
        this.service = service;
    }

    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when a column would need two types, or a default has the wrong one.
    /// </exception>
    public static ServicePlan Plan(
        FeatureRepository repository, IReadOnlyDictionary<string, StoredView> stored, FeatureServiceDefinition service, int version)
    {
        var planner = new ServicePlanner(repository, stored, service.Name);
        var columns = new List<(ColumnSchema Column, int Slot)>();
        foreach (var selection in service.Features)
        {
            var slotOf = planner.Take(selection, key => key);
            columns.AddRange(repository.Selected(selection).Select(feature => (
                feature.Column with { Name = service.FullNames ? $"{selection.Name}__{feature.Name}" : feature.Name },
                slotOf[feature.Name])));
        }

        return new ServicePlan(
            service.Name, version, [.. planner.inputs.Values],
            [.. planner.lookups.Values.Select(l => new ViewLookup(l.View, l.Keys, [.. l.Features.Select(f => (f.Key, f.Value))]))],
            planner.computed, columns, planner.defaults, planner.slots)
        {
            Clash = Clash(repository, service),
            Views = [.. service.Features.Select(selection => selection.View).Distinct()],
            Taken = [.. Taken(repository, service.Features).Distinct()],
            Warnings = Deprecation.Warnings(repository, service),
        };
    }

    /// <summary>Two features that would be columns of one name; null when there are none.</summary>
    /// <remarks>Names that differ in case only clash too: they are one column to DuckDB and to many a reader.</remarks>
    public static string? Clash(FeatureRepository repository, FeatureServiceDefinition service)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (from, feature) in service.Features.SelectMany(s => repository.Selected(s).Select(f => (From: s.Name, f.Name))))
        {
            var name = service.FullNames ? $"{from}__{feature}" : feature;
            if (!seen.TryAdd(name, $"{from}:{feature}"))
            {
                return $"'{seen[name]}' and '{from}:{feature}' both give a column '{name}'; "
                    + (service.FullNames ? "give one of them another 'as'." : "ask for full names ('full_feature_names: true', --full-names).");
            }
        }

        return null;
    }

    private static IEnumerable<(string View, string Feature)> Taken(FeatureRepository repository, IReadOnlyList<FeatureSelection> selections) =>
        selections.SelectMany(selection => repository.Selected(selection).Select(feature => (selection.View, feature.Name))
            .Concat(Taken(repository, repository.View(selection.View).From)));

    /// <summary>The slots of the features a selection names.</summary>
    /// <param name="outer">From the columns of the place that selects to those of the request.</param>
    private Dictionary<string, int> Take(FeatureSelection selection, Func<string, string> outer)
    {
        var view = repository.View(selection.View);
        var features = repository.Selected(selection);
        string Map(string key) => outer(selection.JoinKeyMap.GetValueOrDefault(key, key));
        return view.Kind is ViewKind.Batch or ViewKind.Streaming ? LookUp(view, features, Map) : Compute(view, features, Map);
    }

    private Dictionary<string, int> LookUp(FeatureViewDefinition view, IReadOnlyList<FeatureDefinition> features, Func<string, string> map)
    {
        var keys = repository.JoinKeys(view).Select(key => Input(key with { Name = map(key.Name) }).Column).ToArray();
        var name = string.Join('\n', keys.Select(key => key.Name).Prepend(view.Name));
        if (!lookups.TryGetValue(name, out var lookup))
        {
            lookups[name] = lookup = (stored[view.Name], keys, []);
        }

        var slotOf = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var feature in features)
        {
            var position = view.Features.ToList().FindIndex(f => f.Name == feature.Name);
            if (!lookup.Features.TryGetValue(position, out var slot))
            {
                lookup.Features[position] = slot = NewSlot(feature);
            }

            slotOf[feature.Name] = slot;
        }

        return slotOf;
    }

    private Dictionary<string, int> Compute(FeatureViewDefinition view, IReadOnlyList<FeatureDefinition> features, Func<string, string> map)
    {
        var given = view.Inputs.ToDictionary(input => input.Name, input => Input(input).Slot, StringComparer.Ordinal);
        foreach (var selection in view.From)
        {
            foreach (var (feature, slot) in Take(selection, map))
            {
                given[$"{selection.Name}__{feature}"] = slot;
            }
        }

        var columns = repository.FormulaColumns(view);
        var formulas = features.Select(f => (Expression.Compile(f.Expression!, columns, f.Type), f.Name, NewSlot(f))).ToList();
        var read = formulas.SelectMany(f => f.Item1.Inputs.Select(input => input.Name)).Distinct();
        computed.Add(new ViewFormulas([.. read.Select(name => (name, given[name]))], formulas));
        return formulas.ToDictionary(f => f.Name, f => f.Item3, StringComparer.Ordinal);
    }

    private (ColumnSchema Column, int Slot) Input(ColumnSchema column)
    {
        if (!inputs.TryGetValue(column.Name, out var known))
        {
            return inputs[column.Name] = (column, slots++);
        }

        return known.Column.Type == column.Type ? known : throw SlipwayException.Invalid(
            $"Feature service '{service}' needs the column '{column.Name}' as {known.Column.Type.Text()} and as {column.Type.Text()}; rename one of them.");
    }

    private int NewSlot(FeatureDefinition feature)
    {
        if (feature.Default is not null)
        {
            defaults[slots] = FeatureDefault.Of(feature);
        }

        return slots++;
    }
}
