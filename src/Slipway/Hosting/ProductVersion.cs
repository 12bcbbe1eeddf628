using System.Reflection;

namespace Slipway.Hosting;

/// <param name="Version">As in <c>0.1.0</c>.</param>
/// <param name="Commit">The source revision it was built from; null outside a repository.</param>
internal sealed record ProductVersion(string Version, string? Commit)
{
    public static ProductVersion Current { get; } = Read();

    private static ProductVersion Read()
    {
        var text = typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        return text.Split('+', 2) is [var version, var commit] ? new(version, commit) : new(text, null);
    }
}
