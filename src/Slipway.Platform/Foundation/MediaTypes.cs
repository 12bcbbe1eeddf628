using System.Collections.Frozen;

namespace Slipway.Platform.Foundation;

/// <summary>
/// Media types of stored files by extension, as far as a browser that shows them runs nothing: pages, drawings and scripts
/// are plain text, what is not known is bytes.
/// </summary>
public static class MediaTypes
{
    public const string Binary = "application/octet-stream";

    private const string Text = "text/plain";

    private static readonly FrozenDictionary<string, string> ByExtension = Entries().ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static string Of(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return name is "MLmodel" or "MLproject" ? Text : ByExtension.GetValueOrDefault(Path.GetExtension(name), Binary);
    }

    private static IEnumerable<KeyValuePair<string, string>> Entries()
    {
        string[] text =
        [
            ".txt", ".log", ".err", ".cfg", ".conf", ".cnf", ".cf", ".ini", ".properties", ".prop", ".hocon", ".toml", ".yaml", ".yml",
            ".json", ".jsonl", ".csv", ".tsv", ".md", ".rst", ".py", ".r", ".sql", ".sh", ".cs", ".js", ".mjs", ".css", ".ts", ".xml", ".html", ".htm",
            ".xhtml", ".svg", ".diff", ".patch",
        ];
        return text.Select(extension => KeyValuePair.Create(extension, Text)).Concat(
        [
            new(".png", "image/png"), new(".jpg", "image/jpeg"), new(".jpeg", "image/jpeg"), new(".gif", "image/gif"), new(".webp", "image/webp"),
            new(".bmp", "image/bmp"), new(".wav", "audio/wav"), new(".mp3", "audio/mpeg"), new(".mp4", "video/mp4"), new(".webm", "video/webm"),
            new(".gz", "application/gzip"), new(".zip", "application/zip"), new(".pdf", "application/pdf"),
        ]);
    }
}
