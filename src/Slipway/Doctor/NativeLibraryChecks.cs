using System.Reflection;
using System.Runtime.InteropServices;
using DuckDB.NET.Data;
using Microsoft.Data.Sqlite;
using Microsoft.ML.OnnxRuntime;
using Slipway.Configuration;

namespace Slipway.Doctor;

/// <summary>Each native library is loaded and asked something, since a file that is there may still lack what it links to.</summary>
internal static class NativeLibraryChecks
{
    private const string Reinstall = "build or install slipway again for this operating system and processor";

    public static Task<Finding> SqliteAsync(SlipwayOptions options, CancellationToken cancel) => LoadAsync("SQLite", () =>
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select sqlite_version() from json_each('[1]')";
        return (string)command.ExecuteScalar()!;
    });

    public static Task<Finding> DuckDbAsync(SlipwayOptions options, CancellationToken cancel) => LoadAsync("DuckDB", () =>
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select version()";
        return (string)command.ExecuteScalar()!;
    });

    public static Task<Finding> OnnxRuntimeAsync(SlipwayOptions options, CancellationToken cancel) => LoadAsync(
        "ONNX Runtime", () => $"{OrtEnv.Instance().GetVersionString()} with {string.Join(", ", OrtEnv.Instance().GetAvailableProviders())}");

    /// <summary>LightGBM links to the OpenMP runtime, which minimal images lack.</summary>
    public static Task<Finding> LightGbmAsync(SlipwayOptions options, CancellationToken cancel) => Task.Run(
        () =>
        {
            var assembly = Assembly.Load("Microsoft.ML.LightGbm");
            if (NativeLibrary.TryLoad("lib_lightgbm", assembly, DllImportSearchPath.AssemblyDirectory, out _))
            {
                return Finding.Ok("the LightGBM library loads");
            }

            const string fallback = "training falls back to FastTree";
            return OperatingSystem.IsLinux() && !NativeLibrary.TryLoad("libgomp.so.1", out _)
                ? Finding.Warn($"libgomp.so.1 is missing, which LightGBM needs; {fallback}", "install it (Debian and Ubuntu: apt-get install libgomp1)")
                : Finding.Warn($"the LightGBM library does not load; {fallback}", Reinstall);
        },
        cancel);

    private static Task<Finding> LoadAsync(string name, Func<string> load) => Task.Run(() =>
    {
        try
        {
            return Finding.Ok($"{name} {load()}");
        }
        catch (Exception error) when (Root(error) is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            return Finding.Fail($"{name} does not load: {Root(error).Message.ReplaceLineEndings(" ")}", Reinstall);
        }
    });

    private static Exception Root(Exception error) => error.GetBaseException();
}
