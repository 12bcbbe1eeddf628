using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Sources;

/// <summary>The one folder in which this server looks for the files of sources: a definition cannot make it read others.</summary>
/// <param name="Path">Absolute.</param>
public sealed record SourceFolder(string Path)
{
    private string Prefix => Path.TrimEnd(System.IO.Path.DirectorySeparatorChar) + System.IO.Path.DirectorySeparatorChar;

    /// <summary>Whether there is something to read, so that nobody has to give the rows.</summary>
    public bool Has(SourceDefinition source, string view) =>
        source.Postgres is not null || (source.Path is not null && IsThere(Locate(source, view)));

    /// <summary>Refuses at once what no run could read. What a pattern finds is known only when it is read.</summary>
    /// <exception cref="SlipwayException">
    /// FailedPrecondition for a topic; Invalid for what is outside the folder, or a connection that is not set; NotFound.
    /// </exception>
    public void Check(SourceDefinition source, string view)
    {
        if (source.Postgres is { } query)
        {
            _ = PostgresSource.ConnectionString(query);
            return;
        }

        var path = Locate(source, view);
        if (!IsThere(path))
        {
            throw SlipwayException.NotFound(
                $"The source of view '{view}' is '{source.Path}', which is not in the folder of sources that this server reads.");
        }
    }

    /// <summary>The rows of a view's source, wherever a definition may have them: Parquet, CSV, a pattern, a folder or PostgreSQL.</summary>
    /// <param name="scratch">Keeps the rows of a database as long as they are read.</param>
    /// <param name="window">What a database need not send, it does not; null for all rows.</param>
    /// <inheritdoc cref="Check"/>
    public async Task<SourceData> OpenAsync(SourcedView view, AnalyticsEngine analytics, ScratchFolder scratch, CancellationToken cancel, SourceWindow? window = null)
    {
        Check(view.Source, view.Stored.Name);
        var path = view.Source.Postgres is null ? Locate(view.Source, view.Stored.Name) : scratch.File($"{view.SourceName}.parquet");
        try
        {
            return SourceData.Of(await analytics.RunAsync(
                session =>
                {
                    if (view.Source.Postgres is { } query)
                    {
                        PostgresSource.Copy(session, query, window, path, cancel);
                    }

                    return DataFiles.Open(session, path, view.Types);
                },
                cancel));
        }
        catch (SlipwayException wrong)
        {
            // Where the folder is on this server is nobody else's business.
            throw new SlipwayException(
                wrong.Kind, $"The source of view '{view.Stored.Name}': {wrong.Message.Replace(Prefix, "", StringComparison.Ordinal)}", wrong);
        }
    }

    /// <summary>The same, in memory.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    public async Task<Table> ReadAsync(
        SourcedView view, IReadOnlyList<ColumnSchema> columns, AnalyticsEngine analytics, ScratchFolder scratch, CancellationToken cancel)
    {
        var data = await OpenAsync(view, analytics, scratch, cancel);
        return await analytics.RunAsync(session => session.Read($"select * from {data.Relation!.Sql}", columns), cancel);
    }

    private static bool IsThere(string path) => File.Exists(path) || Directory.Exists(path) || path.IndexOfAny(['*', '?']) >= 0;

    private string Locate(SourceDefinition source, string view)
    {
        if (source.Path is not { } path)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"The source of view '{view}' is a topic and has no 'path'; its values come from its stream.");
        }

        var file = System.IO.Path.GetFullPath(path, Path);
        return file.StartsWith(Prefix, StringComparison.Ordinal) ? file : throw SlipwayException.Invalid(
            $"The source of view '{view}' is '{path}', which is outside the folder of sources that this server reads.");
    }
}
