using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Pipelines;

/// <summary>Reads a pipeline from YAML and checks its graph.</summary>
public static class PipelineYaml
{
    /// <exception cref="SlipwayException">Naming file, line and column, or the step that is wrong.</exception>
    public static PipelineDefinition Read(string file) => Build(YamlFile.Read(file));

    /// <param name="name">What errors call the text.</param>
    public static PipelineDefinition Parse(string text, string name) => Build(YamlFile.Parse(text, name));

    private static PipelineDefinition Build(YamlMap root)
    {
        var schedule = root.OptionalMap("schedule");
        var definition = new PipelineDefinition(
            root.Text("pipeline"), root.OptionalText("description") ?? "", root.Object("parameters"),
            schedule is null ? null : ReadSchedule(schedule), [.. root.Maps("steps").Select(ReadStep)]);
        root.End();
        if (definition.Steps.Count == 0)
        {
            throw root.Error("'steps' is empty; a pipeline has at least one step");
        }

        PipelineGraph.Check(definition);
        return definition;
    }

    private static PipelineSchedule ReadSchedule(YamlMap map)
    {
        var schedule = new PipelineSchedule(map.Text("cron"), map.OptionalText("time_zone") ?? "UTC");
        map.End();
        return schedule;
    }

    private static StepDefinition ReadStep(YamlMap map)
    {
        var step = new StepDefinition(
            map.Text("name"), map.Text("uses"), map.Object("with"), map.Texts("needs"), map.OptionalText("when"),
            map.OptionalInteger("retries") ?? 0, map.OptionalDuration("timeout") ?? TimeSpan.FromHours(1), map.Flag("cache", false));
        map.End();
        return step.Retries is < 0 or > 20
            ? throw map.Error("retries", $"'retries' is 0 to 20; got {step.Retries}")
            : step;
    }
}
