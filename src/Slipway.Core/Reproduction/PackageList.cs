using System.Text.Json;

namespace Slipway.Core.Reproduction;

/// <summary>The packages that this process was built from, as its host was told by <c>*.deps.json</c>.</summary>
public static class PackageList
{
    /// <returns>
    /// Name and version of each, sorted by name; empty where no such file exists, as in a program that was compiled ahead of time.
    /// </returns>
    public static IReadOnlyList<KeyValuePair<string, string>> OfThisProcess()
    {
        var files = (AppContext.GetData("APP_CONTEXT_DEPS_FILES") as string ?? "")
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        // The first file is the program's; those after it describe the shared framework, which the runtime's version names.
        return files is [var own, ..] && File.Exists(own) ? Read(File.ReadAllBytes(own)) : [];
    }

    /// <param name="depsJson">UTF-8; its <c>libraries</c> are named <c>Name/Version</c>.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(ReadOnlyMemory<byte> depsJson)
    {
        try
        {
            using var document = JsonDocument.Parse(depsJson);
            return document.RootElement.TryGetProperty("libraries", out var libraries)
                ? [.. libraries.EnumerateObject().Where(IsPackage).Select(Split).OrderBy(package => package.Key, StringComparer.OrdinalIgnoreCase)]
                : [];
        }
        catch (JsonException)
        {
            // A file that a build tool left half-written says nothing; the run matters more.
            return [];
        }
    }

    /// <summary>One per line, as <c>Name==Version</c>.</summary>
    public static string Text(IEnumerable<KeyValuePair<string, string>> packages) =>
        string.Concat(packages.Select(package => $"{package.Key}=={package.Value}\n"));

    private static bool IsPackage(JsonProperty library) =>
        library.Value.TryGetProperty("type", out var type) && type.ValueEquals("package") && library.Name.Contains('/', StringComparison.Ordinal);

    private static KeyValuePair<string, string> Split(JsonProperty library)
    {
        var slash = library.Name.IndexOf('/', StringComparison.Ordinal);
        return new(library.Name[..slash], library.Name[(slash + 1)..]);
    }
}
