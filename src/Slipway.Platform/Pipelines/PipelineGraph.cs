using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Slipway.Core.Errors;

namespace Slipway.Platform.Pipelines;

internal static partial class PipelineGraph
{
    /// <summary>Every step that must have ended before this one.</summary>
    public static IReadOnlySet<string> Needs(StepDefinition step) =>
        step.Needs.Concat(References.Steps(step.With)).Concat(References.Steps(JsonValue.Create(step.When))).ToHashSet(StringComparer.Ordinal);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a bad name, an unknown need, a doubled step or a cycle.</exception>
    public static void Check(PipelineDefinition definition)
    {
        CheckName("pipeline", definition.Name);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var step in definition.Steps)
        {
            CheckName("step", step.Name);
            if (!known.Add(step.Name))
            {
                throw SlipwayException.Invalid($"Pipeline '{definition.Name}' has two steps named '{step.Name}'.");
            }
        }

        foreach (var step in definition.Steps)
        {
            if (Needs(step).FirstOrDefault(need => !known.Contains(need)) is { } unknown)
            {
                throw SlipwayException.Invalid($"Step '{step.Name}' of pipeline '{definition.Name}' needs '{unknown}', which is not one of its steps.");
            }

            CheckParameters(definition, step);
        }

        CheckCycle(definition);
    }

    private static void CheckParameters(PipelineDefinition definition, StepDefinition step)
    {
        foreach (var path in References.All(step.With).Concat(References.All(JsonValue.Create(step.When))))
        {
            var parts = path.Split('.');
            if (parts[0] is not ("parameters" or "steps" or "run") || parts.Length < 2
                || (parts[0] == "parameters" && !definition.Parameters.ContainsKey(parts[1])))
            {
                throw SlipwayException.Invalid($"Step '{step.Name}' of pipeline '{definition.Name}' refers to '${{{path}}}', which does not exist.");
            }
        }
    }

    private static void CheckCycle(PipelineDefinition definition)
    {
        var open = definition.Steps.ToDictionary(s => s.Name, s => Needs(s).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        while (open.Count > 0)
        {
            var ready = open.Where(s => s.Value.Count == 0).Select(s => s.Key).ToList();
            if (ready.Count == 0)
            {
                throw SlipwayException.Invalid($"Pipeline '{definition.Name}' has a cycle among the steps {string.Join(", ", open.Keys.Order(StringComparer.Ordinal))}.");
            }

            foreach (var name in ready)
            {
                open.Remove(name);
            }

            foreach (var needs in open.Values)
            {
                needs.ExceptWith(ready);
            }
        }
    }

    private static void CheckName(string what, string name)
    {
        if (!Name().IsMatch(name))
        {
            throw SlipwayException.Invalid($"'{name}' is no name for a {what}: 1 to 100 letters, digits, dashes and underscores.");
        }
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,100}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
