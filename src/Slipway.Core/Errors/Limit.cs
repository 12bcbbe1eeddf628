namespace Slipway.Core.Errors;

/// <summary>Checks of size whose message names the thing, the limit and the value.</summary>
public static class Limit
{
    /// <param name="what">The thing with its article, such as <c>A metric key</c>.</param>
    /// <param name="max">In UTF-16 characters.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when it is empty, longer, or no database can hold it.</exception>
    public static void Name(string what, string? value, int max)
    {
        if (string.IsNullOrEmpty(value))
        {
            throw SlipwayException.Invalid($"{what} has 1 to {max} characters; got none.");
        }

        Text(what, value, max);
    }

    /// <summary>The same for text that may be empty or absent.</summary>
    public static void Text(string what, string? value, int max)
    {
        if (value?.Length > max)
        {
            throw SlipwayException.Invalid($"{what} has at most {max} characters; got {value.Length}.");
        }

        // PostgreSQL refuses a NUL in text and SQLite cuts there; half a surrogate pair has no UTF-8 form.
        if (value is not null && (value.Contains('\0') || HasLoneSurrogate(value)))
        {
            throw SlipwayException.Invalid($"{what} holds a NUL character or half a surrogate pair.");
        }
    }

    /// <summary>Between <paramref name="min"/> and <paramref name="max"/>, both included.</summary>
    public static void Range(string what, long value, long min, long max)
    {
        if (value < min || value > max)
        {
            throw SlipwayException.Invalid($"{what} is {min} to {max}; got {value}.");
        }
    }

    private static bool HasLoneSurrogate(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i]))
            {
                continue;
            }

            if (i + 1 == value.Length || !char.IsSurrogatePair(value[i], value[i + 1]))
            {
                return true;
            }

            i++;
        }

        return false;
    }
}
