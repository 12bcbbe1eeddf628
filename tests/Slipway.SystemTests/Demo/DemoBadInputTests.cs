using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Slipway.Platform.Foundation.Analytics;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Demo;

/// <summary>Each mistake: one line that names the thing and what to do, an exit code that is not 0, and no half of a summary.</summary>
public sealed class DemoBadInputTests(SmallFlights flights) : IDisposable
{
    private static readonly string[] Addresses = ["--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0"];

    private readonly TempFolder folder = new();

    [Theory]
    [InlineData("missing.parquet", "missing.parquet' does not exist; a Parquet file is needed")]
    [InlineData("", "' is a folder; a Parquet file is needed")]
    public async Task A_source_that_is_no_file_is_named_before_anything_is_written(string source, string expected)
    {
        var result = await RunAsync("--source", folder.Combine(source), "--data", "data");

        Refused(result, expected);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Theory]
    [InlineData("", "source' is empty; a Parquet file is needed")]
    [InlineData("date,delay,distance,origin,destination\n2001-01-01 00:01:00,5,900,ORD,LAX\n", "source' is not Parquet")]
    public async Task A_source_that_is_not_Parquet_is_named_before_anything_is_written(string content, string expected)
    {
        var source = folder.WriteText("source", content);

        var result = await RunAsync("--source", source, "--data", "data");

        Refused(result, expected);
        Assert.Equal([source], Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public async Task A_source_that_is_cut_short_is_named_before_anything_is_written()
    {
        var whole = await File.ReadAllBytesAsync(await flights.SourceAsync(), TestContext.Current.CancellationToken);
        var source = folder.Combine("short.parquet");
        await File.WriteAllBytesAsync(source, whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);

        var result = await RunAsync("--source", source, "--data", "data");

        Refused(result, "short.parquet' is not Parquet (it does not begin and end with PAR1), or it is cut short");
        Assert.Equal([source], Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Theory]
    [InlineData("* exclude (distance)", "lacks the column 'distance'; it has date, delay, origin, destination")]
    [InlineData("* replace ('far' as distance)", "Column 'distance' of '{0}' is string; the rules of 'flights' want int64")]
    [InlineData("* replace (-1 as distance)", "break a rule; 'flights' allows")]
    public async Task A_source_of_another_shape_is_refused_and_the_same_folder_takes_a_good_one_later(string columns, string expected)
    {
        var source = folder.Combine("bad.parquet");
        using (var analytics = new AnalyticsEngine(new AnalyticsOptions()))
        {
            var read = $"select {columns} from read_parquet({Sql.Text(await flights.SourceAsync())}) limit 100";
            await analytics.RunAsync(session => Write(session, read, source), TestContext.Current.CancellationToken);
        }

        var result = await RunAsync("--source", source, "--data", "data");

        Refused(result, expected.Replace("{0}", source, StringComparison.Ordinal));
        Assert.Contains("'ingest'", result.Errors, StringComparison.Ordinal);
        await using var good = await DemoProcess.StartAsync(await flights.SourceAsync(), folder);
        Assert.Equal("ready\n", await good.Http.GetStringAsync("/readyz", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_damaged_footer_is_named_as_such()
    {
        var bytes = await File.ReadAllBytesAsync(await flights.SourceAsync(), TestContext.Current.CancellationToken);
        new Random(7).NextBytes(bytes.AsSpan(4, bytes.Length - 12));
        var source = folder.Combine("damaged.parquet");
        await File.WriteAllBytesAsync(source, bytes, TestContext.Current.CancellationToken);

        Refused(await RunAsync("--source", source, "--data", "data"), "damaged.parquet' is damaged: its Parquet footer cannot be read");
    }

    [Theory]
    [InlineData("absent/summary.json", "the folder of 'absent/summary.json' does not exist; create it or choose another")]
    [InlineData("/proc/summary.json", "'/proc/summary.json' cannot be written")]
    [InlineData(".", "'.' is a folder; give a file")]
    public async Task A_summary_that_could_not_be_written_is_refused_before_the_job_begins(string file, string expected)
    {
        var result = await SlipwayProcess.RunAsync(
            ["demo", "flights", "--exit", "--json", file, "--data", "data", .. Addresses], folder.FullPath);

        Refused(result, $"flag --json: {expected}");
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Theory]
    [InlineData("demo trains", "unknown command 'trains'; 'slipway demo --help' lists the commands")]
    [InlineData("demo flight", "unknown command 'flight' (did you mean 'flights'?)")]
    [InlineData("demo", "'slipway demo' needs a command: flights")]
    public async Task An_example_that_does_not_exist_is_named(string command, string expected)
    {
        var result = await SlipwayProcess.RunAsync(command.Split(' '), folder.FullPath);

        Refused(result, expected);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public async Task A_port_in_use_is_refused_before_anything_is_written()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        var result = await SlipwayProcess.RunAsync(
            ["demo", "flights", "--exit", "--json", "summary.json", "--urls", $"http://127.0.0.1:{port}", "--grpc-urls", "http://127.0.0.1:0"],
            folder.FullPath);

        Refused(result, $"port {port} is in use by another process (http://127.0.0.1:{port}); choose another with --urls");
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    public void Dispose() => folder.Dispose();

    private Task<CommandResult> RunAsync(params string[] args) =>
        SlipwayProcess.RunAsync(["demo", "flights", "--exit", "--json", "summary.json", .. Addresses, .. args], folder.FullPath);

    private void Refused(CommandResult result, string expected)
    {
        Assert.Contains(expected, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.NotEqual(0, result.ExitCode);
        Assert.False(File.Exists(folder.Combine("summary.json")));
        Assert.Empty(Directory.GetFiles(folder.FullPath, "*.tmp"));
    }

    private static bool Write(AnalyticsSession session, string sql, string file)
    {
        session.WriteParquet(sql, file);
        return true;
    }
}
