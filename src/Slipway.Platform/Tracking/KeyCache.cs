using System.Text;

namespace Slipway.Platform.Tracking;

/// <summary>The runs of a page have mostly the same keys: each is made a string once.</summary>
internal sealed class KeyCache
{
    private readonly Dictionary<int, (byte[] Bytes, string Text)> cache = [];

    /// <param name="key">In UTF-8.</param>
    public string Of(ReadOnlySpan<byte> key)
    {
        var hash = new HashCode();
        hash.AddBytes(key);
        var code = hash.ToHashCode();
        if (cache.TryGetValue(code, out var held) && key.SequenceEqual(held.Bytes))
        {
            return held.Text;
        }

        var text = Encoding.UTF8.GetString(key);
        cache[code] = (key.ToArray(), text);
        return text;
    }
}
