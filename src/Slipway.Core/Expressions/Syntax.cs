using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>What was written, before names and types are known. Operators are calls: <c>a + b</c> is <c>+(a, b)</c>.</summary>
/// <param name="Depth">Levels of calls below and including this one.</param>
internal abstract record Syntax(int Position, int Depth);

/// <param name="Type">Null for the literal <c>null</c>, which takes the type its place asks for.</param>
internal sealed record Literal(int Position, DataType? Type, object? Value) : Syntax(Position, 0);

internal sealed record Reference(int Position, string Column) : Syntax(Position, 0);

internal sealed record Call(int Position, string Function, IReadOnlyList<Syntax> Arguments, int Depth) : Syntax(Position, Depth);
