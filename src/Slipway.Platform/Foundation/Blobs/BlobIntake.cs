using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>A file that was received whole, flushed to disk and waits for its place.</summary>
internal readonly record struct ReceivedFile(string Path, long Bytes, string Sha256);

/// <summary>A new file that content is streamed into and hashed on the way, with one pooled buffer however long the content is.</summary>
internal sealed class BlobIntake : IDisposable
{
    // 256 KiB: a write costs a hop to the thread pool, and smaller ones spend more on the hops than on the bytes.
    private const int BufferBytes = 1 << 18;

    private readonly string path;
    private readonly SafeFileHandle file;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private long bytes;
    private bool complete;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/> when the disk refuses.</exception>
    public BlobIntake(BlobFolder folder)
    {
        path = folder.NewPath();
        file = OnDisk(() => File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous));
    }

    /// <summary>One content in a file of its own.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/> when the disk is full or refuses; nothing is left then.</exception>
    public static async Task<ReceivedFile> ReceiveAsync(BlobFolder folder, Stream content, CancellationToken cancel)
    {
        using var intake = new BlobIntake(folder);
        await intake.AppendAsync(content, cancel);
        return intake.Finish();
    }

    public async Task AppendAsync(Stream content, CancellationToken cancel)
    {
        int read;
        while ((read = await FillAsync(content, cancel)) > 0)
        {
            var chunk = buffer.AsMemory(0, read);
            try
            {
                var written = RandomAccess.WriteAsync(file, chunk, bytes, cancel);
                hash.AppendData(chunk.Span);
                await written;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw DiskErrors.Unavailable(failure);
            }

            bytes += read;
        }
    }

    /// <summary>Returns when the bytes are on the disk; from then on the file is the caller's.</summary>
    public ReceivedFile Finish()
    {
        OnDisk(() =>
        {
            RandomAccess.FlushToDisk(file);
            return 0;
        });
        complete = true;
        return new ReceivedFile(path, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Removes the file unless it was finished.</summary>
    public void Dispose()
    {
        file.Dispose();
        hash.Dispose();
        ArrayPool<byte>.Shared.Return(buffer);
        if (!complete)
        {
            File.Delete(path);
        }
    }

    /// <summary>A network gives a few kilobytes at a time; a full buffer makes a quarter as many writes.</summary>
    private async ValueTask<int> FillAsync(Stream content, CancellationToken cancel)
    {
        var filled = 0;
        int read;
        while (filled < BufferBytes && (read = await content.ReadAsync(buffer.AsMemory(filled, BufferBytes - filled), cancel)) > 0)
        {
            filled += read;
        }

        return filled;
    }

    private static T OnDisk<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw DiskErrors.Unavailable(failure);
        }
    }
}
