using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Expressions;
using Slipway.Platform.Features.Online;

namespace Slipway.Platform.Features.Registry;

/// <summary>One view as a service joins it.</summary>
/// <param name="Keys">Per join key of the view the request's column that holds it.</param>
/// <param name="Features">Position in the view, and the slot its value goes to.</param>
public sealed record ViewLookup(StoredView View, IReadOnlyList<ColumnSchema> Keys, IReadOnlyList<(int Feature, int Slot)> Features);

/// <summary>One on-demand or derived view as a service computes it.</summary>
/// <param name="Inputs">The columns its formulas read, by the names they use.</param>
public sealed record ViewFormulas(
    IReadOnlyList<(string Name, int Slot)> Inputs, IReadOnlyList<(Expression Formula, string Name, int Slot)> Features);

/// <summary>
/// A version of a feature service with all names resolved: what is looked up, what is computed from it, and in which order it is
/// given. Values travel in numbered slots. Serving and training sets both go by it, so a feature has one meaning.
/// </summary>
/// <param name="Inputs">What a request must hold: join keys after their mapping, and request data.</param>
/// <param name="Computed">In the order in which they build on one another.</param>
/// <param name="Columns">The features in the service's order.</param>
/// <param name="Defaults">By slot, what stands in for a missing value.</param>
public sealed record ServicePlan(
    string Name, int Version, IReadOnlyList<(ColumnSchema Column, int Slot)> Inputs, IReadOnlyList<ViewLookup> Lookups,
    IReadOnlyList<ViewFormulas> Computed, IReadOnlyList<(ColumnSchema Column, int Slot)> Columns,
    IReadOnlyDictionary<int, FeatureDefault> Defaults, int SlotCount)
{
    /// <summary>This very version, as <c>flight_delay@3</c>.</summary>
    public string Key { get; } = $"{Name}@{Version}";

    /// <summary>The views whose values it gives; not those that they are computed from.</summary>
    public IReadOnlyList<string> Views { get; init; } = [];

    /// <summary>The features that it reads or computes: those that it gives, and those that they are computed from.</summary>
    public IReadOnlyList<(string View, string Feature)> Taken { get; init; } = [];

    /// <summary>What who reads by it should know, such as that a view goes away.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Two features that would be columns of one name, and how to tell them apart; null when there are none.</summary>
    public string? Clash { get; init; }

    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> naming the column that is missing or of another type, or two features of one name.
    /// </exception>
    public void Check(Table request)
    {
        if (Clash is not null)
        {
            throw SlipwayException.Invalid($"Feature service '{Name}': {Clash}");
        }

        foreach (var (input, _) in Inputs)
        {
            if (!request.Has(input.Name))
            {
                var has = string.Join(", ", request.Columns.Select(c => c.Name));
                throw SlipwayException.Invalid($"Feature service '{Name}' needs the column '{input.Name}' ({Lower(input.Type)}); there are {has}.");
            }

            if (request[input.Name].Type != input.Type)
            {
                throw SlipwayException.Invalid(
                    $"Column '{input.Name}' is {Lower(request[input.Name].Type)}; feature service '{Name}' needs {Lower(input.Type)}.");
            }
        }
    }

    /// <param name="request">Holds the <see cref="Inputs"/>.</param>
    /// <param name="slots">One place per slot; those of the lookups are filled.</param>
    /// <returns>The <see cref="Columns"/>, in order.</returns>
    public Table Assemble(Table request, Column?[] slots)
    {
        Compute(request, slots);
        return new Table([.. Columns.Select(column => slots[column.Slot]!.Rename(column.Column.Name))]);
    }

    /// <summary>Fills the slots of what is computed, and defaults into those of the lookups that are filled.</summary>
    /// <param name="slots">Those of the lookups that formulas read are filled.</param>
    public void Compute(Table request, Column?[] slots)
    {
        foreach (var (column, slot) in Inputs)
        {
            slots[slot] = request[column.Name];
        }

        foreach (var lookup in Lookups)
        {
            foreach (var (_, slot) in lookup.Features)
            {
                slots[slot] = slots[slot] is { } column ? Filled(slot, column) : null;
            }
        }

        foreach (var view in Computed)
        {
            // A constant reads nothing, but must know how many rows there are.
            var inputs = view.Inputs.Count == 0
                ? request
                : new Table([.. view.Inputs.Select(input => slots[input.Slot]!.Rename(input.Name))]);
            foreach (var (formula, name, slot) in view.Features)
            {
                slots[slot] = Filled(slot, formula.Evaluate(inputs, name));
            }
        }
    }

    private Column Filled(int slot, Column column) => Defaults.TryGetValue(slot, out var value) ? value.Fill(column) : column;

    private static string Lower(DataType type) => type.Text();
}
