using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Client.Http;

namespace Slipway.Client;

/// <summary>By column, one entry per row of the request and in its order: the columns of the request, then the features.</summary>
/// <param name="Service">The version that was read, as <c>flight_delay@3</c>.</param>
/// <param name="Violations">Where rows of sources are not what views expect of them.</param>
public sealed record TrainingSet(
    string Service, IReadOnlyList<string> Columns, IReadOnlyDictionary<string, IReadOnlyList<JsonElement>> Values,
    IReadOnlyList<ExpectationViolation> Violations, IReadOnlyList<string>? Warnings = null);

[JsonConverter(typeof(SnakeCase<PushTarget>))]
public enum PushTarget
{
    /// <summary>For online reads, not for training sets.</summary>
    Online,

    /// <summary>For training sets, not for online reads.</summary>
    Offline,

    OnlineAndOffline,
}

/// <param name="Source">The name of a push source.</param>
/// <param name="Rows">Objects with the fields of the source.</param>
/// <param name="Ids">One per row: a row whose id the source has had is not taken again, so that a push can be repeated. Without ids each row counts.</param>
/// <param name="Watermark">No row up to this time is still to come; for sources that windows read.</param>
/// <param name="NoWait">Return when the rows are stored, before the online store has taken them in.</param>
public sealed record NewRows(
    string Source, IReadOnlyList<JsonElement> Rows, IReadOnlyList<string>? Ids = null, PushTarget To = PushTarget.OnlineAndOffline,
    DateTimeOffset? Watermark = null, bool NoWait = false);

internal sealed record PushBody(
    string Source, IReadOnlyList<JsonElement> Rows, IReadOnlyList<string>? Ids, PushTarget To, DateTimeOffset? Watermark, bool Wait);

/// <param name="Added">Rows that the source did not have yet.</param>
/// <param name="Duplicates">Rows whose id it had.</param>
/// <param name="EndOffset">Where the next row will go.</param>
public sealed record PushedRows(int Added, int Duplicates, long EndOffset);
