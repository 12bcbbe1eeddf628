using System.Globalization;
using System.Text;

namespace Slipway.Platform.Registry.Packages;

/// <summary>
/// What a signature signs: which version it is, and the name, size and SHA-256 of each file, one per line, sorted by byte, each
/// line ended by a line feed.
/// </summary>
/// <example><code>
/// slipway-package 1
/// model flight-delay
/// version 1.0.0
/// number 1
/// file code.json 211 3fa1…
/// file model.onnx 10482 9c05…
/// </code></example>
internal static class PackageManifest
{
    /// <param name="files">In any order.</param>
    public static string Write(ModelVersion version, IEnumerable<PackageFile> files)
    {
        // Neither names of models nor of files hold a control character, so no name can pretend to be a line.
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"slipway-package 1\nmodel {version.Model}\nversion {version.Version}\nnumber {version.Number}\n");
        foreach (var file in files.OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"file {file.Name} {file.Bytes} {file.Sha256}\n");
        }

        return text.ToString();
    }
}
