using System.Runtime.InteropServices;
using System.Text;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>
/// Puts a folder's entries on the disk. A rename changes the folder, not the file: after a power loss a file that was flushed and
/// renamed may be there whole and have no name, until its folder was flushed too (fsync(2), "Calling fsync() does not necessarily
/// ensure that the entry in the directory containing the file has also reached disk").
/// </summary>
/// <remarks>.NET opens no folders, so this calls the C library. Windows has no such call; NTFS keeps renames in its journal.</remarks>
public static class FolderFlush
{
    private const int ReadOnly = 0;
    private const int NoEntry = 2;
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;

    // Without it a process that is started meanwhile inherits the folder.
    private static readonly int CloseOnExec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>Returns when the entries are on the disk; a folder that is gone has none.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(Encoding.UTF8.GetBytes(folder + '\0'), ReadOnly | CloseOnExec);
        if (descriptor < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != NoEntry)
            {
                throw Failure(folder, error);
            }

            return;
        }

        try
        {
            while (Synchronize(descriptor) != 0)
            {
                // Some file systems cannot flush a folder and say that the argument is wrong; they keep it safe otherwise or not at all.
                var error = Marshal.GetLastPInvokeError();
                if (error == InvalidArgument)
                {
                    return;
                }

                if (error != Interrupted)
                {
                    throw Failure(folder, error);
                }
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string folder, int error) =>
        new($"The folder '{folder}' cannot be flushed to disk: {Marshal.GetPInvokeErrorMessage(error)}");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Synchronize(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
