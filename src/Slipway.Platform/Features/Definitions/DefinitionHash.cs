using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Slipway.Core.Data;
using Slipway.Core.Windows;

namespace Slipway.Platform.Features.Definitions;

/// <summary>
/// The content of a definition in one normal form, and its hash. Equal hashes mean equal values: notes and the order of maps do not
/// count; entities, sources and upstream views, which the values depend on, do.
/// </summary>
public static class DefinitionHash
{
    /// <summary>SHA-256 of the normal form, in lower-case hex.</summary>
    public static string Of(FeatureRepository repository, FeatureViewDefinition view) => Hash(Normal(repository, view));

    /// <inheritdoc cref="Of(FeatureRepository,FeatureViewDefinition)"/>
    public static string Of(FeatureRepository repository, FeatureServiceDefinition service) => Hash(Normal(repository, service));

    public static JsonObject Normal(FeatureRepository repository, FeatureViewDefinition view) => With(new()
    {
        ["name"] = view.Name,
        ["kind"] = view.Kind.ToString(),
        ["join_keys"] = Columns(repository.JoinKeys(view)),
        ["ttl_us"] = Micros(view.Ttl),
        ["source"] = view.Source is { } source ? Normal(source) : null,
        ["sql"] = view.Sql,
        ["hop_us"] = Micros(view.Hop),
        ["late"] = view.Late.ToString(),
        ["aggregations"] = List(view.Aggregations, a => With(
            new()
            {
                ["name"] = a.Name,
                ["function"] = a.Function.ToString(),
                ["input"] = a.Input,
                ["window_us"] = Micros(a.Window),
            },
            ("kind", a.Kind == WindowKind.Hopping ? null : a.Kind.ToString()), ("quantile", a.Quantile),
            ("type", a.InputType == DataType.Float64 ? null : a.InputType.ToString()))),
        ["inputs"] = Columns(view.Inputs),
        ["from"] = List(view.From, s => Normal(repository, s)),
        ["features"] = List(view.Features, f => With(
            new()
            {
                ["name"] = f.Name,
                ["type"] = f.Type.ToString(),
                ["expression"] = f.Expression,
                ["default"] = f.Default,
            },
            ("dimension", f.Dimension))),
    }, ("allowed_lateness_us", Micros(view.AllowedLateness)), ("max_out_of_orderness_us", Micros(view.MaxOutOfOrderness)),
        ("dropped", Dropped(view)));

    public static JsonObject Normal(FeatureRepository repository, FeatureServiceDefinition service) => new()
    {
        ["name"] = service.Name,
        ["full_names"] = service.FullNames,
        ["features"] = List(service.Features, s => Normal(repository, s)),
    };

    private static JsonObject Normal(FeatureRepository repository, FeatureSelection selection) => new()
    {
        ["view"] = selection.View,
        ["version"] = Of(repository, repository.View(selection.View)),
        ["as"] = selection.Name,
        ["join_key_map"] = Pairs(selection.JoinKeyMap),
        ["features"] = List(repository.Selected(selection), f => JsonValue.Create(f.Name)),
    };

    private static JsonObject Normal(ViewSource source) => With(new()
    {
        ["path"] = source.Source.Path,
        ["topic"] = source.Source.Topic,
        ["columns"] = Columns(source.Source.Columns),
        ["computed"] = List(source.Source.Computed, c => new JsonObject
        {
            ["name"] = c.Name,
            ["type"] = c.Type?.ToString(),
            ["expression"] = c.Expression,
        }),
        ["filters"] = new JsonArray(source.Source.Filter, source.Filter),
        ["field_map"] = Pairs(source.FieldMap),
        ["event_timestamp"] = source.EventTimestamp,
        ["created_timestamp"] = source.CreatedTimestamp,
    }, ("push", source.Source.Push ? source.Source.Name ?? "" : null),
        ("postgres", source.Source.Postgres is { } postgres ? new JsonArray(postgres.Connection, postgres.Table, postgres.Sql) : null));

    /// <summary>Adds what is set: a definition from before there was such a key keeps its hash.</summary>
    private static JsonObject With(JsonObject normal, params ReadOnlySpan<(string Key, JsonNode? Value)> set)
    {
        foreach (var (key, value) in set)
        {
            if (value is not null)
            {
                normal[key] = value;
            }
        }

        return normal;
    }

    /// <summary>Expectations that leave rows out decide on values; the others only speak.</summary>
    private static JsonArray? Dropped(FeatureViewDefinition view) =>
        view.Expectations?.Where(e => e.OnViolation == ViolationAction.Drop).ToArray() is { Length: > 0 } dropping
            ? List(dropping, e => JsonNode.Parse(Foundation.Json.Write(e)))
            : null;

    private static JsonArray Columns(IEnumerable<ColumnSchema> columns) => List(
        columns, c => c.Dimension is { } dimension ? new JsonArray(c.Name, c.Type.ToString(), dimension) : new JsonArray(c.Name, c.Type.ToString()));

    private static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonNode?> normal) => [.. items.Select(normal)];

    private static JsonArray Pairs(IReadOnlyDictionary<string, string> map) =>
        List(map.OrderBy(p => p.Key, StringComparer.Ordinal), p => new JsonArray(p.Key, p.Value));

    private static long? Micros(TimeSpan? span) => span?.Ticks / TimeSpan.TicksPerMicrosecond;

    private static string Hash(JsonObject normal) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(normal.ToJsonString())));
}
