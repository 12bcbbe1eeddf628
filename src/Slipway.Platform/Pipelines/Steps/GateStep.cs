using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Core.Statistics;
using Slipway.Platform.Pipelines.Models;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Platform.Pipelines.Steps;

public enum GateDecision
{
    Pass,
    Reject,
}

/// <param name="Champion">AUC of the model to beat, on the same rows.</param>
/// <param name="PValue">One-sided: the chance of such a gain if the challenger ranks no better (DeLong).</param>
/// <param name="Reason">In words, with the numbers that decided.</param>
public sealed record GateResult(
    bool Passed, GateDecision Decision, double Champion, double Challenger, double Gain, double PValue, long Rows, string Reason);

/// <summary>
/// <c>model.gate</c>: lets a challenger pass only when it ranks better than the champion on rows that neither has seen, by more
/// than chance explains, and meets the floors.
/// </summary>
internal sealed class GateStep(Datasets datasets, ModelScorer scorer)
{
    /// <param name="MinAuc">Floor of the challenger's AUC.</param>
    /// <param name="MinGain">Floor of its AUC less the champion's.</param>
    /// <param name="Alpha">The p-value must be below it.</param>
    private sealed record Inputs(
        ModelBlob Champion, ModelBlob Challenger, DatasetSnapshot Data, string Label, double MinAuc = 0, double MinGain = 0, double Alpha = 0.05);

    public async Task<JsonObject> RunAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<Inputs>();
        var columns = inputs.Champion.Features.Concat(inputs.Challenger.Features).Append(inputs.Label).Distinct(StringComparer.Ordinal);
        var table = await datasets.ReadAsync(inputs.Data, cancel, columns);
        var labels = BinaryLabels.From(table, inputs.Label);
        var compared = DeLong.Compare(
            scorer.Score(inputs.Champion, table, cancel), scorer.Score(inputs.Challenger, table, cancel), labels);
        var result = Decide(compared, table.Rows, inputs);
        step.Log(result.Reason);
        return StepInputs.Write(result);
    }

    private static GateResult Decide(DeLongResult compared, long rows, Inputs inputs)
    {
        var numbers = string.Create(
            CultureInfo.InvariantCulture,
            $"challenger AUC {compared.AucB:0.0000}, champion {compared.AucA:0.0000} on {rows} rows, p = {compared.PValueBBetter:g3}");
        var objection = compared switch
        {
            _ when compared.AucB < inputs.MinAuc => string.Create(CultureInfo.InvariantCulture, $"the floor is an AUC of {inputs.MinAuc}"),
            _ when compared.Difference < inputs.MinGain => string.Create(CultureInfo.InvariantCulture, $"the floor is a gain of {inputs.MinGain}"),
            _ when compared.PValueBBetter >= inputs.Alpha => string.Create(CultureInfo.InvariantCulture, $"chance explains it (alpha {inputs.Alpha})"),
            _ => null,
        };
        var decision = objection is null ? GateDecision.Pass : GateDecision.Reject;
        return new GateResult(
            objection is null, decision, compared.AucA, compared.AucB, compared.Difference, compared.PValueBBetter, rows,
            objection is null ? $"passed: {numbers}" : $"rejected: {numbers}; {objection}");
    }
}
