using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Slipway.Platform.Access;

namespace Slipway.Protocols.Mlflow;

/// <summary>
/// One call of the protocol: its fields come from the query string of a GET and from the JSON body of anything else, its
/// answer is JSON with the field names of the protocol's messages.
/// </summary>
/// <param name="body">An object; undefined for a GET.</param>
internal sealed class MlflowCall(HttpContext context, JsonElement body)
{
    public static JsonWriterOptions JsonFormat { get; } = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public HttpContext Http => context;

    public Actor Actor { get; } = Actors.Of(context);

    /// <summary>The whole body, for a call whose body is a message that others contain as well.</summary>
    public JsonElement Message => body;

    public CancellationToken Cancel => context.RequestAborted;

    private bool IsQuery => body.ValueKind == JsonValueKind.Undefined;

    public T Service<T>()
        where T : notnull => context.RequestServices.GetRequiredService<T>();

    /// <summary>A segment of the path.</summary>
    public string Route(string name) => (string)context.Request.RouteValues[name]!;

    /// <returns>Null when absent; numbers and booleans are taken as their text.</returns>
    public string? Text(string name)
    {
        if (IsQuery)
        {
            return context.Request.Query.TryGetValue(name, out var values) ? values[0] : null;
        }

        return Field(name) is not { } value ? null : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => throw MlflowFields.Wrong(value, name),
        };
    }

    /// <exception cref="MlflowException">The field is absent or empty.</exception>
    public string RequiredText(string name) => Text(name) is { Length: > 0 } text ? text : throw MlflowFields.Missing(name);

    /// <summary>The id of the run, which the protocol has two names for; clients send both.</summary>
    public string RunId() => Text("run_id") is { Length: > 0 } id ? id
        : Text("run_uuid") is { Length: > 0 } older ? older
        : throw MlflowFields.Missing("run_id");

    /// <returns>Null when absent.</returns>
    public long? Integer(string name)
    {
        if (!IsQuery)
        {
            return Field(name) is { } value ? MlflowFields.Integer(value, name) : null;
        }

        return Text(name) is not { } text ? null
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : throw MlflowFields.Wrong(text, name);
    }

    public bool? Flag(string name) => Text(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        var other => throw MlflowFields.Wrong(other, name),
    };

    /// <summary>A repeated text; empty when absent.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        if (IsQuery)
        {
            return context.Request.Query.TryGetValue(name, out var values) ? [.. values.Select(value => value ?? "")] : [];
        }

        return [.. Items(name).Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw MlflowFields.Wrong(item, name))];
    }

    /// <summary>A repeated message; empty when absent.</summary>
    public IEnumerable<JsonElement> Items(string name) => Field(name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray()
        : throw MlflowFields.Wrong(value, name);

    /// <summary>The field as it was sent, or null when it is absent or null.</summary>
    public JsonElement? Field(string name) => !IsQuery && MlflowFields.Find(body, name) is { } value ? value : null;

    /// <summary>Answers with the message that the action writes into.</summary>
    public async Task AnswerAsync(Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter, JsonFormat))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(Cancel);
    }

    /// <summary>Answers with the empty message.</summary>
    public Task AnswerAsync()
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = 2;
        return context.Response.BodyWriter.WriteAsync("{}"u8.ToArray(), Cancel).AsTask();
    }
}
