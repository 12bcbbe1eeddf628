using System.Text.RegularExpressions;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Hosting.SignIn;
using Slipway.Platform.Access;
using Slipway.Platform.Streaming;

namespace Slipway.Protocols.SageMaker;

/// <summary>The runtime of SageMaker Feature Store: its four calls, as AWS's clients sign and send them.</summary>
internal static partial class SageMakerEndpoints
{
    /// <summary>Columns of one record.</summary>
    private const int MaxFeatures = 2500;

    public static IServiceCollection AddSageMaker(this IServiceCollection services) => services.AddSingleton(SageMakerError.Shape);

    public static IEndpointRouteBuilder MapSageMaker(this IEndpointRouteBuilder routes)
    {
        var sageMaker = routes.MapGroup("").WithTags("SageMaker").WithMetadata(new TakesSignatures("sagemaker")).ChecksInService();

        // To its end: clients escape the slash of an ARN, and proxies undo that.
        const string Group = "/FeatureGroup/{**group}";
        sageMaker.MapPut(Group, PutRecordAsync).WithSummary("Put a record, as SageMaker's clients do");
        sageMaker.MapGet(Group, GetRecordAsync).WithSummary("Get a record, as SageMaker's clients do");
        sageMaker.MapDelete(Group, DeleteRecordAsync).WithSummary("Delete a record, as SageMaker's clients do");
        sageMaker.MapPost("/BatchGetRecord", SageMakerBatch.GetAsync).WithSummary("Get records, as SageMaker's clients do");
        return routes;
    }

    /// <summary>The name in what may be an ARN.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/></exception>
    private static string NameOf(string group)
    {
        var match = NameOrArn().Match(group.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));
        return match.Success ? match.Groups["name"].Value : throw SlipwayException.Invalid($"'{group}' is neither the name nor the ARN of a feature group.");
    }

    /// <summary>The group; what a caller should know of it goes into a header.</summary>
    public static async Task<RecordGroup> GroupAsync(HttpContext context, string group, Actor actor, Role least, RecordService records)
    {
        var found = await records.GroupAsync(NameOf(group), actor, least, context.RequestAborted);
        WarningHeader.Append(context.Response, found.Warnings);
        return found;
    }

    private static async Task<IResult> PutRecordAsync(string group, HttpContext context, Actor actor, RecordService records)
    {
        var cancel = context.RequestAborted;
        var body = await SageMakerBody.ReadAsync(context.Request, cancel);
        var found = await GroupAsync(context, group, actor, Role.Contributor, records);
        await records.PutAsync(
            found,
            new NewRecord(
                [.. body.Parts("Record", MaxFeatures).Select(value => Value(found, value))],
                SageMakerBody.Target(body.Texts("TargetStores")), body.Part("TtlDuration")?.Duration(), IdOf(context.Request, actor)),
            cancel);
        return Results.Ok();
    }

    private static async Task GetRecordAsync(string group, HttpContext context, Actor actor, RecordService records)
    {
        var (query, cancel) = (context.Request.Query, context.RequestAborted);
        var found = await GroupAsync(context, group, actor, Role.Viewer, records);
        var shape = new RecordShape(found, [.. query["FeatureName"].OfType<string>()], SageMakerBody.TellsExpiry(query["ExpirationTimeResponse"]));
        var identifier = RecordText.Parse(found.Identifier, Required(query, "RecordIdentifierValueAsString"));
        await context.Response.WriteJsonAsync(shape.Write, (await records.GetAsync(found, [identifier], cancel))[0], cancel);
    }

    private static async Task<IResult> DeleteRecordAsync(string group, HttpContext context, Actor actor, RecordService records)
    {
        var (query, cancel) = (context.Request.Query, context.RequestAborted);
        var found = await GroupAsync(context, group, actor, Role.Contributor, records);
        var hard = query["DeletionMode"].ToString() switch
        {
            "HardDelete" => true,
            "SoftDelete" or "" => false,
            var other => throw SlipwayException.Invalid($"'DeletionMode' must be SoftDelete or HardDelete; got '{other}'."),
        };
        await records.DeleteAsync(
            found,
            new RecordDeletion(
                RecordText.Parse(found.Identifier, Required(query, "RecordIdentifierValueAsString")),
                (long)RecordText.Parse(found.Column(found.EventTime), Required(query, "EventTime")),
                SageMakerBody.Target([.. query["TargetStores"].OfType<string>()]), hard, IdOf(context.Request, actor)),
            cancel);
        return Results.Ok();
    }

    private static RecordValue Value(RecordGroup group, SageMakerBody value)
    {
        var column = group.Column(value.RequiredText("FeatureName"));
        if (value.Has("ValueAsStringList") != column.Type.IsArray())
        {
            throw SlipwayException.Invalid(column.Type.IsArray()
                ? $"Feature '{column.Name}' is a collection: it takes 'ValueAsStringList', not 'ValueAsString'."
                : $"Feature '{column.Name}' is no collection: it takes 'ValueAsString', not 'ValueAsStringList'.");
        }

        if (column.Type.IsArray())
        {
            var element = new ColumnSchema(column.Name, column.Type.Element());
            object[] elements = [.. value.Texts("ValueAsStringList")!.Select(text => RecordText.Parse(element, text))];
            return elements.Length == (column.Dimension ?? elements.Length) ? new RecordValue(column.Name, elements) : throw SlipwayException.Invalid(
                $"Feature '{column.Name}' is an embedding of {column.Dimension} numbers; got {elements.Length}.");
        }

        return new RecordValue(column.Name, RecordText.Parse(column, value.RequiredText("ValueAsString")));
    }

    private static string Required(IQueryCollection query, string name) =>
        query[name] is [{ } value] ? value : throw SlipwayException.Invalid($"'{name}' must be given once.");

    /// <summary>A client that got no answer sends the same call again, under the id that it gave it.</summary>
    private static string? IdOf(HttpRequest request, Actor actor) =>
        Guid.TryParse(request.Headers["amz-sdk-invocation-id"], out var call) ? $"aws:{actor.Name}:{call:n}" : null;

    [GeneratedRegex(@"^(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:feature-group/)?(?<name>[a-zA-Z0-9](?:[-_]*[a-zA-Z0-9]){0,63})$", RegexOptions.CultureInvariant)]
    private static partial Regex NameOrArn();
}
