using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>What a disk that refuses looks like to a caller, who need not know where its files are.</summary>
internal static class DiskErrors
{
    public static SlipwayException Unavailable(Exception failure) => new(
        ErrorKind.Unavailable,
        IsFull(failure)
            ? "The disk that holds the files is full; free some space, nothing was written."
            : "The disk that holds the files reported an error; nothing was written.",
        failure);

    // ENOSPC and EDQUOT on Linux, EDQUOT on macOS, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
    public static bool IsFull(Exception failure) =>
        failure.HResult is 28 or 122 or 69 or unchecked((int)0x80070070) or unchecked((int)0x80070027);
}
