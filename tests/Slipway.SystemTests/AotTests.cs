using System.Diagnostics;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

/// <summary>The .NET client compiled ahead of time: every warning of the trimmer or the compiler about any part of it is an error.</summary>
public sealed class AotTests
{
    private const string Switch = "SLIPWAY_TEST_AOT";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <remarks>Rooted whole, so that what this program does not call is compiled and checked as well.</remarks>
    private static string Project => $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <Nullable>enable</Nullable>
            <PublishAot>true</PublishAot>
            <InvariantGlobalization>true</InvariantGlobalization>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <TrimmerSingleWarn>false</TrimmerSingleWarn>
          </PropertyGroup>
          <ItemGroup>
            <Reference Include="{Path.Combine(AppContext.BaseDirectory, "Slipway.Client.dll")}" />
            <Reference Include="{Path.Combine(AppContext.BaseDirectory, "Slipway.Core.dll")}" />
            <TrimmerRootAssembly Include="Slipway.Client" />
          </ItemGroup>
        </Project>
        """;

    private const string Program = """
        using Slipway.Client;

        using var client = new SlipwayClient(new Uri(args[0]));
        var experiment = await client.Experiments.GetOrCreateAsync("native");
        var run = await client.Runs.StartAsync(new RunStart(experiment.Id));
        await client.Runs.LogBatchAsync(run.Id, new LogBatch([new MetricPoint("auc", 0.75, 1)]));
        await client.Runs.FinishAsync(run.Id, RunStatus.Finished);
        Console.WriteLine(run.Id);
        """;

    /// <remarks>Half a minute of both cores, so a developer asks for it.</remarks>
    [Fact]
    public async Task A_program_compiled_ahead_of_time_logs_a_run_and_the_compiler_warns_of_nothing()
    {
        Assert.SkipUnless(
            Requirement.InCi || Environment.GetEnvironmentVariable(Switch) == "1", $"It takes a native compilation; {Switch}=1 runs it.");
        using var folder = new TempFolder();
        folder.WriteText("native.csproj", Project);
        folder.WriteText("Program.cs", Program);
        await RunAsync(folder, "dotnet", "publish", "--use-current-runtime", "--output", "out", "--nologo");

        await using var server = await SlipwayServer.StartAsync();
        var run = (await RunAsync(folder, folder.Combine("out", "native"), server.Http.BaseAddress!.ToString())).Trim();

        var logged = await server.JsonAsync("runs", "get", run);
        Assert.Equal("finished", (string?)logged["run"]!["status"]);
        Assert.Equal(0.75, (double?)logged["metrics"]![0]!["value"]);
    }

    private static async Task<string> RunAsync(TempFolder folder, string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { WorkingDirectory = folder.FullPath, RedirectStandardOutput = true };

        // What the runner of the tests says of its own build is not meant for this one.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.True(process.ExitCode == 0, output);
        return output;
    }
}
