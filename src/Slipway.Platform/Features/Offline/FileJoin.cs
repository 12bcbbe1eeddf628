using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>Point-in-time joins over files, by the definitions of a folder: no server and no registry.</summary>
/// <remarks>Entity rows go by in blocks; each block meets the views' rows in a stream. Memory has a bound, however many rows there are.</remarks>
public sealed class FileJoin(AnalyticsEngine analytics)
{
    /// <summary>Bytes that a block of entity rows and what is kept for them may take, roughly.</summary>
    private const long BlockBytes = 512L << 20;

    private const string Asked = "asked_for";

    /// <exception cref="SlipwayException">NotFound or Invalid naming what is wrong: file, line and column of the YAML, row and value of the data.</exception>
    public async Task<JoinResult> RunAsync(JoinRequest request, CancellationToken cancel)
    {
        var toCsv = JoinOutput.IsCsv(request.Output);
        var repository = FeatureRepository.Load(request.Repository);
        var service = Service(repository, request);
        if (ServicePlanner.Clash(repository, service) is { } clash)
        {
            throw SlipwayException.Invalid($"There would be two columns of one name: {clash}");
        }

        using var scratch = new ScratchFolder(Directory.CreateTempSubdirectory("slipway-join-").FullName);
        var sources = await analytics.RunAsync(session => ViewSources.Open(session, repository, service, scratch, cancel), cancel);
        var plan = sources.Catalog.Service(service.Name);
        var entities = await analytics.RunAsync(session => EntityFile.Open(session, request.Entities, Needed(plan), toCsv), cancel);
        CheckNames(plan, entities);
        var streams = new ViewStreams(sources.Catalog, new SourceTables(sources.ByName, analytics), analytics);
        var violations = await streams.CheckAsync(plan, cancel);
        var output = new JoinOutput(entities, [.. plan.Columns.Select(c => c.Column)], scratch, analytics);
        var blockRows = BlockRows(plan);
        while (true)
        {
            var block = await analytics.RunAsync(session => entities.Read(session, output.Rows, blockRows), cancel);
            if (block.Rows > 0 || output.Rows == 0)
            {
                await output.AddAsync(await OfflineJoin.FeaturesAsync(plan, block, request.CreatedFilter, streams.RowsAsync, erased: null, cancel), cancel);
            }

            if (block.Rows < blockRows)
            {
                await output.WriteAsync(request.Output, cancel);
                return new JoinResult(output.Rows, [.. plan.Columns.Select(c => c.Column.Name)], violations);
            }
        }
    }

    private static FeatureServiceDefinition Service(FeatureRepository repository, JoinRequest request)
    {
        if (request.Service is null == (request.Features.Count == 0))
        {
            throw SlipwayException.Invalid("Ask for either a feature service or a list of features.");
        }

        if (request.Service is { } name)
        {
            var service = repository.Service(name);
            return service with { FullNames = service.FullNames || request.FullNames };
        }

        return new FeatureServiceDefinition(Asked, [.. request.Features.Select(feature => Selection(repository, feature))], request.FullNames)
        {
            Notes = new Notes(""),
        };
    }

    private static FeatureSelection Selection(FeatureRepository repository, string asked)
    {
        if (asked.Split(':') is not [var viewName, var feature])
        {
            throw SlipwayException.Invalid($"'{asked}' does not name a feature; write view:feature.");
        }

        var view = repository.View(viewName);
        return view.Features.Any(f => f.Name == feature)
            ? new FeatureSelection(viewName, null, new Dictionary<string, string>(), [feature]) { Origin = "" }
            : throw SlipwayException.NotFound(
                $"Feature view '{viewName}' has no feature '{feature}'; it has {string.Join(", ", view.Features.Select(f => f.Name))}.");
    }

    private static List<ColumnSchema> Needed(ServicePlan plan)
    {
        var time = new ColumnSchema(StoredView.EventTimestamp, DataType.Timestamp);
        return [time, .. plan.Inputs.Select(input => input.Column).Where(column => column.Name != time.Name)];
    }

    private static void CheckNames(ServicePlan plan, EntityFile entities)
    {
        foreach (var (column, _) in plan.Columns)
        {
            if (entities.Names.FirstOrDefault(name => name.Equals(column.Name, StringComparison.OrdinalIgnoreCase)) is { } taken)
            {
                throw SlipwayException.Invalid(
                    $"The entity rows have a column '{taken}', and a feature would be called '{column.Name}'; rename the column or ask for full names (--full-names).");
            }
        }
    }

    /// <summary>By what a row takes: its inputs, places in the views' timelines, and the features that are captured and put out.</summary>
    private static int BlockRows(ServicePlan plan)
    {
        static long Bytes(ColumnSchema column) => column.Dimension is { } dimension ? 32 + (sizeof(float) * dimension)
            : column.Type.IsArray() ? 256 : column.Type == DataType.String ? 64 : 9;
        var inputs = 8 + plan.Inputs.Sum(input => Bytes(input.Column));
        var lookups = plan.Lookups.Sum(lookup => 64 + lookup.Features.Sum(f => 2 * Bytes(lookup.View.Features[f.Feature])));
        var features = plan.Columns.Sum(column => 2 * Bytes(column.Column));
        return (int)Math.Clamp(BlockBytes / (inputs + lookups + features), 10_000, 4_000_000);
    }
}
