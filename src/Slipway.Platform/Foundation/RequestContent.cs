using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Slipway.Core.Errors;
using Slipway.Core.Streams;

namespace Slipway.Platform.Foundation;

/// <summary>The content of a request as its sender has it, also where it travels compressed.</summary>
public static class RequestContent
{
    /// <summary>1 GiB. A few bytes unpack to a thousand times as many, so what is larger is to be sent as it is.</summary>
    public const long MaxUnpackedBytes = 1L << 30;

    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Unsupported"/> for an encoding that is not gzip, deflate or br; while reading, TooLarge beyond the limit and
    /// Invalid for bytes that are not of the encoding.
    /// </exception>
    public static Stream Open(HttpRequest request, long maxUnpackedBytes = MaxUnpackedBytes)
    {
        var encoding = request.Headers.ContentEncoding.ToString().Trim();
        return encoding.ToLowerInvariant() switch
        {
            "" or "identity" => request.Body,
            "gzip" => Unpacked(new GZipStream(request.Body, CompressionMode.Decompress), encoding, maxUnpackedBytes),
            "deflate" => Unpacked(new ZLibStream(request.Body, CompressionMode.Decompress), encoding, maxUnpackedBytes),
            "br" => Unpacked(new BrotliStream(request.Body, CompressionMode.Decompress), encoding, maxUnpackedBytes),
            _ => throw new SlipwayException(
                ErrorKind.Unsupported, $"The content encoding '{Blobs.BlobKey.Printable(encoding)}' is not supported; use gzip, deflate, br or none."),
        };
    }

    /// <summary>Counts what comes out of a decompressor and stops at a limit.</summary>
    private static ForwardStream Unpacked(Stream unpacking, string encoding, long max)
    {
        long total = 0;
        return new ForwardStream(
            unpacking,
            bytes =>
            {
                if ((total += bytes) > max)
                {
                    throw new SlipwayException(
                        ErrorKind.TooLarge, $"A compressed body may unpack to {max} bytes; this one has more. Send it uncompressed.");
                }
            },
            failure => failure is InvalidDataException or InvalidOperationException
                ? SlipwayException.Invalid($"The body is not the {encoding} that its Content-Encoding says.")
                : null);
    }
}
