using System.Globalization;
using Slipway.Client;
using Slipway.Core.Errors;

// Fits y = a·x + b by gradient descent and tracks it:  dotnet run --project examples/dotnet-client -- 0.1
var server = new Uri(Environment.GetEnvironmentVariable("SLIPWAY_SERVER") ?? "http://127.0.0.1:8080");
var rate = double.Parse(args.FirstOrDefault() ?? "0.1", CultureInfo.InvariantCulture);
const int seed = 7;
var random = new Random(seed);
var points = Enumerable.Range(0, 200).Select(_ => random.NextDouble()).Select(x => (X: x, Y: (2 * x) + 1 + (0.05 * random.NextDouble()))).ToArray();

try
{
    using var client = new SlipwayClient(server, Environment.GetEnvironmentVariable("SLIPWAY_API_KEY"));
    await using var run = await client.StartRunAsync("line", new TrackedRunOptions
    {
        Seed = seed,
        Command = $"dotnet run --project examples/dotnet-client -- {rate.ToString(CultureInfo.InvariantCulture)}",
    });
    run.LogParam("rate", rate.ToString(CultureInfo.InvariantCulture));
    var (a, b) = (0.0, 0.0);
    for (var step = 0; step < 500; step++)
    {
        var (da, db) = (points.Average(p => 2 * ((a * p.X) + b - p.Y) * p.X), points.Average(p => 2 * ((a * p.X) + b - p.Y)));
        (a, b) = (a - (rate * da), b - (rate * db));
        run.LogMetric("loss", points.Average(p => Math.Pow((a * p.X) + b - p.Y, 2)), step);
    }

    run.LogMetric("slope", a);
    run.LogMetric("intercept", b);
    await run.FlushAsync();
    Console.WriteLine($"run {run.Id}: y = {a:F3}·x + {b:F3}; to make it again: slipway runs reproduce {run.Id} --run");
    return 0;
}
catch (SlipwayException error)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}
