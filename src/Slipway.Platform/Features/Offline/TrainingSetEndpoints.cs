using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;

namespace Slipway.Platform.Features.Offline;

/// <param name="Service">A name, or a version as <c>flight_delay@3</c>.</param>
/// <param name="Entities">Per column its values: <c>event_timestamp</c>, join keys after their mapping, and request data.</param>
public sealed record TrainingSetRequest(string Service, JsonElement Entities);

/// <summary>By column, one entry per row of the request and in its order: the columns of the request, then the features.</summary>
/// <param name="Service">The version that was read, as <c>flight_delay@3</c>.</param>
public sealed record TrainingSetResponse(
    string Service, IReadOnlyList<string> Columns, IReadOnlyDictionary<string, object?[]> Values, IReadOnlyList<ExpectationViolation> Violations)
{
    /// <summary>What a reader should know, such as that a view is deprecated; absent when there is nothing.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}

internal static class TrainingSetEndpoints
{
    /// <summary>What an answer in JSON may hold; pipelines and the command <c>features join</c> build larger sets.</summary>
    private const int MaxRows = 100_000;

    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/features/training-set", BuildAsync).WithTags("Features").ChecksInService()
            .WithSummary("The features of a service as they were known at the time of each row");
        return routes;
    }

    private static async Task<Ok<TrainingSetResponse>> BuildAsync(
        TrainingSetRequest request, Actor actor, FeatureRegistryService registry, FeatureRights rights, TrainingSetService training,
        CancellationToken cancel)
    {
        var plan = await registry.GetServiceAsync(request.Service, cancel);
        rights.RequireRead(actor, plan);
        var rows = JsonColumns.Read(
            request.Entities, [new ColumnSchema(StoredView.EventTimestamp, DataType.Timestamp), .. plan.Inputs.Select(input => input.Column)], []);
        if (rows.Rows > MaxRows)
        {
            throw new SlipwayException(ErrorKind.TooLarge, $"A training set over HTTP has at most {MaxRows} rows; got {rows.Rows}.");
        }

        var (set, violations) = await training.BuildCheckedAsync(plan.Key, rows, new Dictionary<string, SourceData>(), cancel);
        return TypedResults.Ok(new TrainingSetResponse(
            plan.Key, [.. set.Columns.Select(column => column.Name)], set.Columns.ToDictionary(column => column.Name, JsonColumns.Write), violations)
        {
            Warnings = plan.Warnings.Count == 0 ? null : plan.Warnings,
        });
    }
}
