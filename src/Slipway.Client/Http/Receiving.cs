using Slipway.Core.Errors;

namespace Slipway.Client.Http;

internal static class Receiving
{
    private const int BufferBytes = 128 << 10;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/> when the connection broke before the end.</exception>
    public static async Task ToFileAsync(
        HttpResponseMessage response, string path, string file, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        var target = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var unfinished = $"{target}.{Guid.CreateVersion7():N}.part";
        try
        {
            await using (var output = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes, useAsync: true))
            {
                await CopyAsync(response, path, output, progress, cancel);
            }

            File.Move(unfinished, target, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    private static async Task CopyAsync(
        HttpResponseMessage response, string path, FileStream output, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        var total = response.Content.Headers.ContentLength;
        var buffer = new byte[BufferBytes];
        long got = 0;
        try
        {
            await using var content = await response.Content.ReadAsStreamAsync(cancel);
            int read;
            while ((read = await content.ReadAsync(buffer, cancel)) > 0)
            {
                await output.WriteAsync(buffer.AsMemory(0, read), cancel);
                got += read;
                progress?.Report(new TransferProgress(path, got, total));
            }
        }
        catch (Exception broken) when (broken is HttpRequestException or HttpIOException)
        {
            throw new SlipwayException(ErrorKind.Unavailable, $"The download of '{path}' broke off after {got} bytes: {broken.Message}", broken);
        }

        if (total is { } whole && whole != got)
        {
            throw new SlipwayException(ErrorKind.Unavailable, $"The download of '{path}' broke off after {got} of {whole} bytes.");
        }
    }
}
