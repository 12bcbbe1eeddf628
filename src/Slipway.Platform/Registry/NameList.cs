using System.Globalization;
using System.Numerics;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry;

/// <summary>
/// Names as the parameters of an SQL list: <c>model in (@n0, @n1)</c>. The last is repeated up to a power of two, so that a
/// connection keeps few statements.
/// </summary>
internal sealed class NameList
{
    private readonly string[] names;

    /// <param name="names">At least one.</param>
    public NameList(IEnumerable<string> names)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal)];
        var length = (int)BitOperations.RoundUpToPowerOf2((uint)distinct.Length);
        this.names = [.. distinct, .. Enumerable.Repeat(distinct[^1], length - distinct.Length)];
    }

    public void BindTo(DbParameters parameters)
    {
        for (var i = 0; i < names.Length; i++)
        {
            parameters.With(NameOf(i), names[i]);
        }
    }

    public override string ToString() => string.Join(", ", Enumerable.Range(0, names.Length).Select(i => $"@{NameOf(i)}"));

    private static string NameOf(int i) => string.Create(CultureInfo.InvariantCulture, $"n{i}");
}
