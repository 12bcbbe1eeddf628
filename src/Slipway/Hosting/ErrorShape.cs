namespace Slipway.Hosting;

/// <summary>How a foreign protocol says what went wrong, in place of problem details, for every path it owns.</summary>
/// <param name="Prefixes">Of its paths, such as <c>/api/2.0</c>.</param>
/// <param name="WriteAsync">Writes status and body of the answer; the exception is null where a route or method is missing.</param>
internal sealed record ErrorShape(IReadOnlyList<string> Prefixes, Func<HttpContext, Problem, Exception?, Task> WriteAsync)
{
    public bool Owns(PathString path) => Prefixes.Any(prefix => path.StartsWithSegments(prefix, StringComparison.Ordinal));
}
