using Slipway.Core.Tensors;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Commands.Demo;

/// <summary>
/// Training-serving skew, measured: for the predictions of the last week the features that were served are compared, bit by
/// bit, with those that a training set of the same flights holds.
/// </summary>
internal sealed class SkewCheck(TrainingSetService trainingSets, PredictionReader predictions)
{
    private const string Service = "flight_delay_v1";

    /// <param name="accepted">The Parquet file of flights that passed the quality rules.</param>
    public async Task<DemoSkew> RunAsync(FlightsWorld world, string accepted, CancellationToken cancel)
    {
        var end = world.LastTickUs;
        var served = await predictions.WindowAsync(FlightsReplay.Endpoint, end - (7 * FlightsWorld.DayUs), end, cancel);
        var flights = world.Flights(served.Ids);
        var sources = new Dictionary<string, SourceData> { ["flights"] = SourceData.File(accepted) };
        var joined = await trainingSets.BuildAsync(Service, flights, sources, cancel);
        string[] names = [.. joined.Columns.Select(c => c.Name).Where(name => !flights.Has(name))];
        var offline = FeatureMatrix.From(joined, names);
        var (compared, different) = (0L, 0L);
        for (var row = 0; row < served.Rows; row++)
        {
            var online = served.Features(row);
            var expected = offline.Row(row);
            for (var i = 0; i < names.Length; i++)
            {
                compared++;
                different += online[i].Equals(expected[i]) ? 0 : 1; // NaN, a missing value, equals itself
            }
        }

        return new DemoSkew(compared, different);
    }
}
