using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Streaming;

namespace Slipway.Protocols.SageMaker;

/// <summary>Many records of several feature groups in one call. What cannot be answered is told record by record; the rest is answered.</summary>
internal static class SageMakerBatch
{
    private const int MaxGroups = 100;
    private const int MaxRecords = 100;

    public static async Task GetAsync(HttpContext context, Actor actor, RecordService records)
    {
        var cancel = context.RequestAborted;
        var body = await SageMakerBody.ReadAsync(context.Request, cancel);
        var expiry = SageMakerBody.TellsExpiry(body.Text("ExpirationTimeResponse"));
        var asked = body.Parts("Identifiers", MaxGroups).Select(part => new Asked(
            part.RequiredText("FeatureGroupName"), part.RequiredTexts("RecordIdentifiersValueAsString", MaxRecords), part.Texts("FeatureNames") ?? [])).ToArray();
        var (found, failed) = (new List<Found>(), new List<Failed>());
        foreach (var one in asked)
        {
            await GetAsync(context, one, expiry, actor, records, found, failed);
        }

        await context.Response.WriteJsonAsync(Write, (found, failed), cancel);
    }

    private static async Task GetAsync(
        HttpContext context, Asked asked, bool expiry, Actor actor, RecordService records, List<Found> found, List<Failed> failed)
    {
        try
        {
            var group = await SageMakerEndpoints.GroupAsync(context, asked.Group, actor, Role.Viewer, records);
            var shape = new RecordShape(group, asked.Features, expiry);
            var identifiers = Parse(group, asked, failed);
            var answers = await records.GetAsync(group, [.. identifiers.Select(identifier => identifier.Value)], context.RequestAborted);
            found.AddRange(answers.Select((record, i) => (record, i)).Where(answer => answer.record is not null)
                .Select(answer => new Found(asked.Group, identifiers[answer.i].Text, shape, answer.record!)));
        }
        catch (SlipwayException wrong) when (wrong.Kind is ErrorKind.NotFound or ErrorKind.Invalid or ErrorKind.Forbidden or ErrorKind.FailedPrecondition)
        {
            failed.AddRange(asked.Records.Select(text => new Failed(asked.Group, text, SageMakerError.CodeOf(wrong.Kind), wrong.Message)));
        }
    }

    private static List<(string Text, object Value)> Parse(RecordGroup group, Asked asked, List<Failed> failed)
    {
        var parsed = new List<(string, object)>();
        foreach (var text in asked.Records)
        {
            try
            {
                parsed.Add((text, RecordText.Parse(group.Identifier, text)));
            }
            catch (SlipwayException wrong)
            {
                failed.Add(new Failed(asked.Group, text, SageMakerError.CodeOf(wrong.Kind), wrong.Message));
            }
        }

        return parsed;
    }

    private static void Write(Utf8JsonWriter json, (List<Found> Found, List<Failed> Failed) answer)
    {
        json.WriteStartObject();
        json.WriteStartArray("Records");
        foreach (var one in answer.Found)
        {
            json.WriteStartObject();
            json.WriteString("FeatureGroupName", one.Group);
            json.WriteString("RecordIdentifierValueAsString", one.Identifier);
            one.Shape.WriteMembers(json, one.Record);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("Errors");
        foreach (var one in answer.Failed)
        {
            json.WriteStartObject();
            json.WriteString("FeatureGroupName", one.Group);
            json.WriteString("RecordIdentifierValueAsString", one.Identifier);
            json.WriteString("ErrorCode", one.Code);
            json.WriteString("ErrorMessage", one.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("UnprocessedIdentifiers");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private sealed record Asked(string Group, IReadOnlyList<string> Records, IReadOnlyList<string> Features);

    private sealed record Found(string Group, string Identifier, RecordShape Shape, StoredRecord Record);

    private sealed record Failed(string Group, string Identifier, string Code, string Message);
}
