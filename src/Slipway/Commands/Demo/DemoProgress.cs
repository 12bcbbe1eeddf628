using System.Globalization;

namespace Slipway.Commands.Demo;

/// <summary>Tells a person where the job is: a line when a step begins, indented lines within it, its seconds at its end.</summary>
internal sealed class DemoProgress(TextWriter output, TimeProvider time)
{
    private readonly long started = time.GetTimestamp();
    private readonly Dictionary<string, double> seconds = [];

    /// <summary>Seconds of each step, by name, and of all under <c>total</c>.</summary>
    public IReadOnlyDictionary<string, double> Seconds =>
        new Dictionary<string, double>(seconds) { ["total"] = Math.Round(time.GetElapsedTime(started).TotalSeconds, 1) };

    public void Say(string line) => output.WriteLine(line);

    public void Detail(string line) => output.WriteLine($"   {line}");

    public async Task<T> StepAsync<T>(string name, string title, Func<Task<T>> work)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n[{time.GetElapsedTime(started).TotalSeconds,5:0.0} s] {title}"));
        var from = time.GetTimestamp();
        var result = await work();
        seconds[name] = Math.Round(time.GetElapsedTime(from).TotalSeconds, 1);
        return result;
    }
}
