using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Slipway.Core.Errors;

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
            "gzip" => new UnpackedContent(new GZipStream(request.Body, CompressionMode.Decompress), encoding, maxUnpackedBytes),
            "deflate" => new UnpackedContent(new ZLibStream(request.Body, CompressionMode.Decompress), encoding, maxUnpackedBytes),
            "br" => new UnpackedContent(new BrotliStream(request.Body, CompressionMode.Decompress), encoding, maxUnpackedBytes),
            _ => throw new SlipwayException(
                ErrorKind.Unsupported, $"The content encoding '{Blobs.BlobKey.Printable(encoding)}' is not supported; use gzip, deflate, br or none."),
        };
    }
}

/// <summary>Counts what comes out of a decompressor and stops at a limit.</summary>
internal sealed class UnpackedContent(Stream unpacking, string encoding, long max) : Stream
{
    private long bytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => bytes;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var read = await unpacking.ReadAsync(buffer, cancellationToken);
            bytes += read;
            return bytes <= max ? read : throw new SlipwayException(
                ErrorKind.TooLarge, $"A compressed body may unpack to {max} bytes; this one has more. Send it uncompressed.");
        }
        catch (Exception broken) when (broken is InvalidDataException or InvalidOperationException)
        {
            throw SlipwayException.Invalid($"The body is not the {encoding} that its Content-Encoding says.");
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            unpacking.Dispose();
        }

        base.Dispose(disposing);
    }
}
