using Slipway.Core.Data;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Tests.Monitoring;

/// <summary>
/// Seeded traffic of a model with features a, b, c: a and b standard normal, c a category 0, 1, 2. The model knows the truth:
/// its score p = 1/(1 + e^(1 − a)) is the chance of a positive outcome.
/// </summary>
internal sealed class Traffic(int seed)
{
    public static readonly string[] Inputs = ["a", "b", "c"];

    /// <summary>2001-05-14, a Monday.</summary>
    public static readonly long Start = Us(new DateTime(2001, 5, 14, 0, 0, 0, DateTimeKind.Utc));

    public const long Day = 86_400_000_000;

    private readonly Random random = new(seed);

    public sealed record Row(string Id, long TimeUs, float[] Features, double Score, bool Positive);

    /// <param name="spoil">Changes a row's features before the model sees them.</param>
    /// <param name="skill">1 for a model that is right, 0 for outcomes that have nothing to do with the scores.</param>
    public List<Row> Of(int day, int rows, Action<float[]>? spoil = null, double skill = 1) =>
    [
        .. Enumerable.Range(0, rows).Select(i =>
        {
            float[] features = [(float)Normal(), (float)Normal(), random.Next(3)];
            spoil?.Invoke(features);
            var score = 1 / (1 + Math.Exp(1 - (float.IsNaN(features[0]) ? 0 : features[0])));
            var chance = random.NextDouble() < skill ? score : 0.3;
            return new Row($"{day}-{i}", Start + (day * Day) + (i * (Day / rows)), features, (float)score, random.NextDouble() < chance);
        }),
    ];

    public static Table Reference(IReadOnlyList<Row> rows, bool times = false)
    {
        List<Column> columns =
        [
            .. Inputs.Select((name, i) => Column.Float64(name, [.. rows.Select(r => (double)r.Features[i])])),
            Column.Float64("score", [.. rows.Select(r => r.Score)]),
            Column.Bool("label", [.. rows.Select(r => r.Positive)]),
        ];
        if (times)
        {
            columns.Add(Column.Timestamp("event_time", [.. rows.Select(r => r.TimeUs)]));
        }

        return new Table(columns);
    }

    /// <summary>The same rows as the log's reader gives them.</summary>
    public static PredictionWindow Window(IEnumerable<Row> rows)
    {
        var window = new PredictionWindow();
        foreach (var row in rows)
        {
            window.Add(
                row.Id, "1.0.0", VariantRole.Champion, row.TimeUs, row.Score, row.Score >= 0.5, Bytes(row.Features), row.Positive ? 1 : 0, 900);
        }

        return window;
    }

    public static byte[] Bytes(float[] features) => [.. features.SelectMany(BitConverter.GetBytes)];

    public static long Us(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
