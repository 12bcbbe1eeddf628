using System.IO.Compression;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.RequestDecompression;
using Slipway.Core.Errors;
using Slipway.Core.Streams;

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
        public Stream GetDecompressionStream(Stream stream) => new ForwardStream(
            open(stream),
            translate: failure => failure is InvalidDataException or InvalidOperationException
                ? new SlipwayException(ErrorKind.Invalid, $"The body says it is packed as {encoding} and cannot be unpacked.", failure)
                : null);
    }
}
