using System.Globalization;
using Slipway.Core.Errors;

namespace Slipway.Hosting;

/// <summary>The data folder, held by this process alone: the stores in it belong to one process at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream held;

    private DataFolder(FileStream held) => this.held = held;

    /// <summary>Creates the folder if need be and locks it; the system releases the lock when the process ends in any way.</summary>
    /// <exception cref="SlipwayException">The folder cannot be created or written, or another process holds it.</exception>
    public static DataFolder Open(string path)
    {
        var lockFile = Path.Combine(path, "slipway.lock");
        FileStream? stream = null;
        try
        {
            Directory.CreateDirectory(path);
            stream = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            stream.SetLength(0);
            stream.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            stream.Flush();
            return new DataFolder(stream);
        }
        catch (IOException error) when (stream is null && IsHeld(error))
        {
            throw new SlipwayException(
                ErrorKind.Conflict, $"the data folder '{path}' is in use by another slipway process; stop it or choose another with --data", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            throw new SlipwayException(
                ErrorKind.Unavailable, $"the data folder '{path}' cannot be written: {error.Message}; choose another with --data", error);
        }
    }

    public void Dispose() => held.Dispose();

    // EWOULDBLOCK on Linux (11) and macOS (35), ERROR_SHARING_VIOLATION on Windows.
    private static bool IsHeld(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020);
}
