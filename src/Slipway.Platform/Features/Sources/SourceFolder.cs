using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Offline;

namespace Slipway.Platform.Features.Sources;

/// <summary>The one folder in which this server looks for the files of sources: a definition cannot make it read others.</summary>
/// <param name="Path">Absolute.</param>
public sealed record SourceFolder(string Path)
{
    /// <exception cref="SlipwayException">FailedPrecondition for a source without a file; Invalid for one outside the folder; NotFound.</exception>
    public SourceData Find(SourceDefinition source, string view)
    {
        if (source.Path is not { } path)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"The source of view '{view}' is a topic and has no 'path'; its values come from its stream.");
        }

        var file = System.IO.Path.GetFullPath(path, Path);
        if (!file.StartsWith(Path.TrimEnd(System.IO.Path.DirectorySeparatorChar) + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw SlipwayException.Invalid($"The source of view '{view}' is '{path}', which is outside the folder of sources that this server reads.");
        }

        return File.Exists(file) ? SourceData.File(file) : throw SlipwayException.NotFound(
            $"The source of view '{view}' is '{path}', which is not in the folder of sources that this server reads.");
    }
}
