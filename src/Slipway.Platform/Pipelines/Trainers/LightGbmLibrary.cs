using System.Runtime.InteropServices;
using Microsoft.ML.Trainers.LightGbm;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>LightGBM's native library, which leans on a library of the system that minimal images lack.</summary>
public static class LightGbmLibrary
{
    private static readonly Lazy<string?> Loaded = new(Load);

    /// <summary>Why LightGBM cannot train on this machine and what to do, in one sentence; null when it can.</summary>
    public static string? Problem() => Loaded.Value;

    private static string? Load()
    {
        WaitPassively();
        try
        {
            NativeLibrary.Load("lib_lightgbm", typeof(LightGbmBinaryTrainer).Assembly, null);
            return null;
        }
        catch (DllNotFoundException e) when (e.Message.Contains("libgomp", StringComparison.Ordinal))
        {
            return "LightGBM needs the system library libgomp1, which is not installed (Debian: apt-get install libgomp1).";
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            var reason = e.Message.Split('\n')[0].TrimEnd();
            return $"LightGBM's native library does not load on {RuntimeInformation.RuntimeIdentifier}: {reason}";
        }
    }

    /// <remarks>
    /// OpenMP's threads spin where they wait for each other. Beside other work that burns the time the late thread needs:
    /// 300,000 rows × 20 features × 100 trees on two busy cores took 45 s spinning and 6 s waiting passively. libgomp reads
    /// the variable once, from the native environment, which .NET's own setter does not reach; a user's value stays.
    /// </remarks>
    private static void WaitPassively()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetNativeEnvironment("OMP_WAIT_POLICY\0"u8.ToArray(), "passive\0"u8.ToArray(), overwrite: 0);
        }
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetNativeEnvironment(byte[] name, byte[] value, int overwrite);
}
