using System.Collections;
using Slipway.Core.Data;

namespace Slipway.Tests.Trainers;

/// <summary>Tables drawn from a known law, so that a model has something to learn.</summary>
internal static class Rows
{
    public static readonly string[] Features = ["hour", "delay", "distance", "weekend", "noise"];

    /// <summary>P(late) = σ(0.8·sin(hour·π/12) + d − distance), where d is 1.5·min(delay, 2), or ½ if the delay is missing;
    /// 8 % of the values are.</summary>
    public static Table Draw(int count, int seed)
    {
        var random = new Random(seed);
        var hour = new long[count];
        var (delay, distance, noise) = (new double[count], new double[count], new double[count]);
        var (weekend, late) = (new bool[count], new bool[count]);
        var missing = Enumerable.Range(0, 5).Select(_ => new BitArray(count)).ToArray();
        for (var i = 0; i < count; i++)
        {
            hour[i] = random.Next(24);
            delay[i] = (random.NextDouble() * 6) - 3;
            distance[i] = Math.Round(random.NextDouble() * 3, 1);
            weekend[i] = random.Next(7) < 2;
            noise[i] = random.NextDouble();
            foreach (var column in missing)
            {
                column[i] = random.NextDouble() < 0.08;
            }

            var logit = (0.8 * Math.Sin(hour[i] * Math.PI / 12)) + (missing[1][i] ? 0.5 : 1.5 * Math.Min(delay[i], 2)) - distance[i];
            late[i] = random.NextDouble() < 1 / (1 + Math.Exp(-logit));
        }

        return new Table([
            Column.Int64("hour", hour, missing[0]), Column.Float64("delay", delay, missing[1]),
            Column.Float64("distance", distance, missing[2]), Column.Bool("weekend", weekend, missing[3]),
            Column.Float64("noise", noise, missing[4]), Column.Bool("late", late)]);
    }

    /// <summary>50 rows with x = 0, of which 10 are late, and 50 with x = 1, of which 35 are.</summary>
    public static Table TwoGroups() => new([
        Column.Int64("x", [.. Enumerable.Range(0, 100).Select(i => (long)(i / 50))]),
        Column.Bool("late", [.. Enumerable.Range(0, 100).Select(i => i < 50 ? i < 10 : i < 85)])]);
}
