using System.Text.Json;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

internal static class ArtifactJson
{
    /// <param name="skip">Leading characters of each path that the answer leaves out.</param>
    public static void WriteFiles(Utf8JsonWriter json, IReadOnlyList<ArtifactInfo> files, int skip)
    {
        if (files.Count == 0)
        {
            return;
        }

        json.WriteStartArray("files");
        foreach (var file in files)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path.AsSpan(skip));
            json.WriteBoolean("is_dir", file.IsFolder);
            if (!file.IsFolder)
            {
                json.WriteNumber("file_size", file.Bytes);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
