using System.Runtime.InteropServices;
using Slipway.Configuration;

namespace Slipway.Doctor;

internal static class RuntimeCheck
{
    public static Task<Finding> RunAsync(SlipwayOptions options, CancellationToken cancel)
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var found = $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}, "
            + $"{Environment.ProcessorCount} cores, {ByteSize.Format(memory)} memory";
        return Task.FromResult(memory < 512L << 20
            ? Finding.Warn(found, "give the process at least 512 MiB, or training and batch scoring may end out of memory")
            : Finding.Ok(found));
    }
}
