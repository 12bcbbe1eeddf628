using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;

namespace Slipway.Protocols.Feast;

/// <summary>Online reads by the rules of the protocol, for its HTTP and its gRPC form.</summary>
internal sealed class FeastReads(FeatureRegistryService registry, FeatureRights rights, FeatureUses uses, OnlineFeatures features, FeastReferences references)
{
    /// <summary>A view without an entity reads nothing of a request but how many rows it has.</summary>
    private const string RowsColumn = "\u0001rows";

    /// <summary>The join keys as they were given, then the features in the order in which they are named.</summary>
    /// <exception cref="FeastException">Something is missing, or two features would have one name.</exception>
    public async Task<FeastAnswer> ReadAsync(FeastQuery query, Actor actor, CancellationToken cancel)
    {
        var plan = await PlanAsync(query, cancel);
        rights.RequireRead(actor, plan);
        uses.Note(actor, plan);
        if (plan.Clash is { } clash)
        {
            throw FeastException.Collision(clash);
        }

        var (request, keys) = await RequestAsync(plan, query.Given, cancel);
        var answer = await features.ExplainAsync(plan, request, cancel);
        return new FeastAnswer(
        [
            .. keys.Select(key => new FeastVector(
                key.Name, key, Enumerable.Repeat(FeastStatus.Present, key.Length).ToArray(), new long[key.Length])),
            .. answer.Values.Columns.Select((column, i) => new FeastVector(
                column.Name, column, Array.ConvertAll(answer.Statuses[i], Of), answer.EventTimes[i])),
        ], plan.Warnings);
    }

    private async Task<ServicePlan> PlanAsync(FeastQuery query, CancellationToken cancel)
    {
        try
        {
            return query switch
            {
                { Service: { } name, FullNames: { } full } => await registry.GetServiceAsync(name, full, cancel),
                { Service: { } name } => await registry.GetServiceAsync(name, cancel),
                { Features.Count: > 0 } => await registry.SelectAsync(
                    await references.ResolveAsync(query.Features, cancel), query.FullNames ?? false, cancel),
                _ => throw SlipwayException.Invalid("Say which features are wanted: 'features' or 'feature_service'."),
            };
        }
        catch (SlipwayException missing) when (missing.Kind == ErrorKind.NotFound)
        {
            throw query.Service is null
                ? new FeastException(StatusCodes.Status404NotFound, "FeatureViewNotFoundException", missing.Message)
                : FeastException.MissingService(missing.Message);
        }
    }

    /// <summary>The columns that the plan reads, and among them the join keys in the order in which they were given.</summary>
    private async Task<(Table Request, IReadOnlyList<Column> Keys)> RequestAsync(
        ServicePlan plan, IReadOnlyList<GivenColumn> given, CancellationToken cancel)
    {
        var joinKeys = plan.Lookups.SelectMany(lookup => lookup.Keys).Select(key => key.Name).ToHashSet(StringComparer.Ordinal);
        var wanted = plan.Inputs.ToDictionary(input => input.Column.Name, input => input.Column, StringComparer.Ordinal);
        var columns = new List<Column>();
        foreach (var column in given)
        {
            if (wanted.Remove(await NameAsync(column.Name, wanted, cancel), out var schema))
            {
                columns.Add(column.Read(schema));
            }
        }

        if (wanted.Keys.FirstOrDefault(joinKeys.Contains) is { } missing)
        {
            throw FeastException.MissingJoinKey(missing);
        }

        if (wanted.Count > 0)
        {
            throw FeastException.MissingRequestData(wanted.Keys);
        }

        var rows = given.Count == 0 ? 1 : given[0].Rows;
        return (new Table([.. columns, Column.Bool(RowsColumn, new bool[rows])]), columns.FindAll(column => joinKeys.Contains(column.Name)));
    }

    /// <summary>The name of an entity stands for its join key, as it did in the protocol's first form.</summary>
    private async ValueTask<string> NameAsync(string given, Dictionary<string, ColumnSchema> wanted, CancellationToken cancel) =>
        !wanted.ContainsKey(given) && await registry.FindEntityAsync(given, cancel) is { JoinKeys: [var key] } && wanted.ContainsKey(key.Name)
            ? key.Name
            : given;

    private static FeastStatus Of(FeatureStatus status) => status switch
    {
        FeatureStatus.Present => FeastStatus.Present,
        FeatureStatus.NullValue => FeastStatus.NullValue,
        FeatureStatus.NotFound => FeastStatus.NotFound,
        FeatureStatus.OutsideMaxAge => FeastStatus.OutsideMaxAge,
        _ => FeastStatus.Invalid,
    };
}
