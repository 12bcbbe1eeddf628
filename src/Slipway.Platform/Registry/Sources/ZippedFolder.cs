using System.IO.Compression;
using Slipway.Core.Errors;

namespace Slipway.Platform.Registry.Sources;

/// <summary>A folder in a zip archive. Entries are only read by name, never written anywhere, and each to a limit.</summary>
internal sealed class ZippedFolder : IDisposable
{
    private const int MaxEntries = 10_000;

    private readonly ZipArchive archive;
    private readonly long maxBytes;

    /// <param name="file">Seekable; disposed with this.</param>
    /// <param name="maxBytes">Of one file when it is unpacked.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when it is no zip archive or has no MLmodel.</exception>
    public ZippedFolder(Stream file, long maxBytes)
    {
        this.maxBytes = maxBytes;
        try
        {
            archive = new ZipArchive(file, ZipArchiveMode.Read);
            Limit.Range("The number of files in a zip archive", archive.Entries.Count, 0, MaxEntries);
        }
        catch (InvalidDataException wrong)
        {
            file.Dispose();
            throw SlipwayException.Invalid($"The body is not a zip archive: {wrong.Message}");
        }

        // Archives are made of a folder or of what is in it.
        var described = archive.Entries.Where(e => e.Name == MlflowModelFile.Name).Select(e => e.FullName).MinBy(name => name.Length)
            ?? throw SlipwayException.Invalid("The zip archive has no file 'MLmodel'.");
        Root = described.Contains('/', StringComparison.Ordinal) ? described[..described.LastIndexOf('/')] : "";
    }

    /// <summary>Where its MLmodel is.</summary>
    public string Root { get; }

    public async Task<Stream?> OpenAsync(string path, CancellationToken cancel) => archive.GetEntry(path) is { } entry
        ? new CappedStream(await entry.OpenAsync(cancel), maxBytes, path)
        : null;

    public void Dispose() => archive.Dispose();

    /// <summary>What an archive says of its sizes is not believed: the bytes are counted as they come.</summary>
    private sealed class CappedStream(Stream inner, long maxBytes, string path) : Stream
    {
        private long read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Counted(inner.Read(buffer, offset, count));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return Counted(await inner.ReadAsync(buffer, cancellationToken));
            }
            catch (InvalidDataException wrong)
            {
                throw SlipwayException.Invalid($"'{path}' in the zip archive is damaged: {wrong.Message}");
            }
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private int Counted(int bytes)
        {
            read += bytes;
            return read <= maxBytes ? bytes : throw new SlipwayException(
                ErrorKind.TooLarge, $"'{path}' in the zip archive unpacks to more than the limit of {maxBytes} bytes.");
        }
    }
}
