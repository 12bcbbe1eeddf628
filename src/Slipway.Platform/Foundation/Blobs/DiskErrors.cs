using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>What a disk that refuses looks like.</summary>
public static class DiskErrors
{
    /// <param name="what">What it holds: a folder for the operator; a caller need not know where the files are.</param>
    public static SlipwayException Unavailable(Exception failure, string what = "the files") => new(
        ErrorKind.Unavailable,
        IsFull(failure)
            ? $"The disk that holds {what} is full; free some space, nothing was written."
            : $"The disk that holds {what} reported an error; nothing was written.",
        failure);

    // ENOSPC and EDQUOT on Linux, EDQUOT on macOS, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
    internal static bool IsFull(Exception failure) =>
        failure.HResult is 28 or 122 or 69 or unchecked((int)0x80070070) or unchecked((int)0x80070027);
}
