namespace Slipway.Core.Statistics;

/// <summary>Two samples of a categorical column, counted over the union of their categories in ordinal order.</summary>
/// <param name="Reference">Counts, shape [categories]; 0 for a category only seen now.</param>
/// <param name="Current">Counts, shape [categories]; 0 for a category no longer seen.</param>
public sealed record CategoryCounts(
    string[] Categories, long[] Reference, long[] Current, long ReferenceMissing, long CurrentMissing)
{
    /// <summary>Counts both; a null is missing and belongs to no category.</summary>
    public static CategoryCounts Align(ReadOnlySpan<string?> reference, ReadOnlySpan<string?> current)
    {
        var before = Count(reference, out var missingBefore);
        var now = Count(current, out var missingNow);
        return Align(before, now, missingBefore, missingNow);
    }

    /// <summary>Aligns counts taken elsewhere, such as a stored profile.</summary>
    public static CategoryCounts Align(
        IReadOnlyDictionary<string, long> reference, IReadOnlyDictionary<string, long> current,
        long referenceMissing = 0, long currentMissing = 0)
    {
        string[] categories = [.. reference.Keys.Union(current.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return new(
            categories,
            [.. categories.Select(c => reference.GetValueOrDefault(c))],
            [.. categories.Select(c => current.GetValueOrDefault(c))],
            referenceMissing,
            currentMissing);
    }

    public static Dictionary<string, long> Count(ReadOnlySpan<string?> values, out long missing)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        missing = 0;
        foreach (var value in values)
        {
            if (value is null)
            {
                missing++;
            }
            else
            {
                System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, value, out _)++;
            }
        }

        return counts;
    }
}
