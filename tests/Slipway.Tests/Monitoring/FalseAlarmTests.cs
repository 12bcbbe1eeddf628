using Slipway.Core.Data;
using Slipway.Core.Statistics;
using Slipway.Platform.Monitoring;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Tests.Monitoring;

public sealed class FalseAlarmTests
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 15).Select(i => $"f{i}")];

    /// <summary>60 days of 15 features, none of which drifts; every third has seven categories.</summary>
    [Theory]
    [InlineData(500, 0.0, 0.0, 60 * 0.05 * 1.2)]
    [InlineData(500, 0.1, 0.05, 60 * 0.05 * 1.2)]
    [InlineData(2000, 0.1, 0.05, 0)]
    public void Clean_days_alarm_at_most_at_the_nominal_share(int rows, double numericFloor, double categoricalFloor, double mostDays)
    {
        var random = new Random(20);
        var monitor = new MonitorDefinition(
            "flights", [.. Names.Select((name, i) => new WatchedFeature(name, i % 3 == 0 ? FeatureKind.Categorical : FeatureKind.Numeric))])
        {
            Drift = new() { Test = new() { NumericEffectFloor = numericFloor, CategoricalEffectFloor = categoricalFloor } },
        };
        var profile = ReferenceBuilder.Build(Reference(random, 50_000), new("1.0.0", "blob", Names), monitor, 20_000);
        var days = Enumerable.Range(0, 60).Count(day =>
            WindowReport.Of(monitor, WindowLength.OneDay, 0, Day(random, rows), profile, 0).Verdicts
                .Any(v => v.Kind == FindingKind.Drift && v.Finding == Finding.Bad));
        Assert.InRange(days, 0, mostDays);
    }

    private static Table Reference(Random random, int rows) => new(
    [
        .. Names.Select((name, i) => Column.Float64(name, [.. Enumerable.Range(0, rows).Select(_ => (double)Value(random, i))])),
        Column.Float64("score", [.. Enumerable.Range(0, rows).Select(_ => (double)random.NextSingle())]),
        Column.Bool("label", [.. Enumerable.Range(0, rows).Select(_ => random.NextSingle() < 0.3)]),
    ]);

    private static PredictionWindow Day(Random random, int rows)
    {
        var window = new PredictionWindow();
        for (var row = 0; row < rows; row++)
        {
            var features = Traffic.Bytes([.. Names.Select((_, i) => Value(random, i))]);
            window.Add($"{row}", "1.0.0", VariantRole.Champion, row, random.NextSingle(), false, features, null, 1);
        }

        return window;
    }

    private static float Value(Random random, int feature) =>
        feature % 3 == 0 ? random.Next(7) : (float)(-Math.Log(1 - random.NextDouble()) * (feature + 1));
}
