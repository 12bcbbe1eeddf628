using Slipway.Core.Errors;

namespace Slipway.Core.Expressions;

internal static class ExpressionError
{
    /// <param name="position">1-based column in <paramref name="text"/>.</param>
    public static SlipwayException At(string text, int position, string problem) =>
        SlipwayException.Invalid($"Expression `{text}`, position {position}: {problem}");
}
