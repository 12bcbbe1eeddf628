using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Analytics;

public static class ParquetFile
{
    private static ReadOnlySpan<byte> Magic => "PAR1"u8;

    /// <summary>A quick look at both ends of the file, for an error that names what is wrong before any work starts.</summary>
    /// <exception cref="SlipwayException">NotFound, or Invalid when the file is empty or not Parquet.</exception>
    public static void Check(string file)
    {
        if (!File.Exists(file))
        {
            throw SlipwayException.NotFound($"The data file '{file}' {(Directory.Exists(file) ? "is a folder" : "does not exist")}; a Parquet file is needed.");
        }

        using var stream = File.OpenRead(file);
        if (stream.Length == 0)
        {
            throw SlipwayException.Invalid($"The data file '{file}' is empty; a Parquet file is needed.");
        }

        Span<byte> head = stackalloc byte[4];
        Span<byte> tail = stackalloc byte[4];
        if (stream.Length >= 12)
        {
            stream.ReadExactly(head);
            stream.Seek(-4, SeekOrigin.End);
            stream.ReadExactly(tail);
        }

        if (!head.SequenceEqual(Magic) || !tail.SequenceEqual(Magic))
        {
            throw SlipwayException.Invalid($"The data file '{file}' is not Parquet (it does not begin and end with PAR1), or it is cut short.");
        }
    }
}
