using System.IO.Compression;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.RequestDecompression;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Hosting;

/// <summary>
/// Bodies that come packed (gzip, deflate, br). The framework counts what comes out against the limit of any body, so a bomb ends
/// as 413; what cannot be unpacked is the caller's mistake and ends as 400. A route without that limit, such as an upload of a
/// file, gets its body as it came and has a bound of its own.
/// </summary>
internal static class Unpacking
{
    public static void AddUnpacking(this IServiceCollection services) => services.AddRequestDecompression(options =>
    {
        options.DecompressionProviders.Clear();
        Add(options, "gzip", packed => new GZipStream(packed, CompressionMode.Decompress, leaveOpen: true));
        Add(options, "deflate", packed => new ZLibStream(packed, CompressionMode.Decompress, leaveOpen: true));
        Add(options, "br", packed => new BrotliStream(packed, CompressionMode.Decompress, leaveOpen: true));
    });

    public static void UseUnpacking(this IApplicationBuilder app) => app.UseWhen(
        context => context.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is not { MaxRequestBodySize: null },
        bounded => bounded.UseRequestDecompression());

    private static void Add(RequestDecompressionOptions options, string encoding, Func<Stream, Stream> open) =>
        options.DecompressionProviders.Add(encoding, new Provider(encoding, open));

    private sealed class Provider(string encoding, Func<Stream, Stream> open) : IDecompressionProvider
    {
        public Stream GetDecompressionStream(Stream stream) => new UnpackedBody(open(stream), encoding);
    }

    private sealed class UnpackedBody(Stream unpacking, string encoding) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await unpacking.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException)
            {
                throw Wrong(failure);
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                return unpacking.Read(buffer, offset, count);
            }
            catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException)
            {
                throw Wrong(failure);
            }
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask DisposeAsync()
        {
            await unpacking.DisposeAsync();
            await base.DisposeAsync();
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                unpacking.Dispose();
            }

            base.Dispose(disposing);
        }

        private SlipwayException Wrong(Exception failure) =>
            new(ErrorKind.Invalid, $"The body says it is packed as {encoding} and cannot be unpacked.", failure);
    }
}
