namespace Slipway.Protocols.Feast;

/// <summary>An error that the protocol's clients know by its class.</summary>
/// <param name="status">Of HTTP.</param>
/// <param name="className">Of the exception that a client raises for it; null where it knows none.</param>
internal sealed class FeastException(int status, string? className, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string? ClassName { get; } = className;

    public static FeastException MissingView(string name) => new(
        StatusCodes.Status404NotFound, "FeatureViewNotFoundException", $"There is no feature view '{name}'.");

    public static FeastException MissingService(string message) => new(
        StatusCodes.Status404NotFound, "FeatureServiceNotFoundException", message);

    public static FeastException MissingRequestData(IEnumerable<string> names) => new(
        StatusCodes.Status404NotFound, "RequestDataNotFoundInEntityRowsException",
        $"The request must bring {string.Join(", ", names.Select(name => $"'{name}'"))}, which on-demand features are computed from.");

    /// <summary>The protocol has no class for it: it is what a missing key of a dictionary is in Python.</summary>
    public static FeastException MissingJoinKey(string name) => new(
        StatusCodes.Status500InternalServerError, null, $"The join key '{name}' is missing in 'entities'.");

    public static FeastException Collision(string message) => new(
        StatusCodes.Status500InternalServerError, "FeatureNameCollisionError", message);

    public static FeastException MissingPushSource(string message) => new(
        StatusCodes.Status422UnprocessableEntity, "PushSourceNotFoundException", message);

    public static FeastException Failed(string message) => new(StatusCodes.Status500InternalServerError, null, message);
}

/// <summary>What a body lacks or has wrongly.</summary>
/// <param name="path">Where in the body, as <c>entities</c>.</param>
/// <param name="kind">The protocol's word, as <c>missing</c>.</param>
internal sealed class FeastBodyException(string path, string kind, string message) : Exception(message)
{
    public string Path { get; } = path;

    public string Kind { get; } = kind;
}
