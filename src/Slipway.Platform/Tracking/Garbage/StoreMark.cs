using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking.Garbage;

/// <summary>
/// Ties the files to the database that names them. A server that was pointed at an empty or another database beside the same
/// folder would otherwise take every file in it for garbage.
/// </summary>
internal sealed class StoreMark(Db db, BlobStore blobs)
{
    private const string Name = "blob-store";
    private const string Key = "store/mark";

    /// <summary>Makes the tie where there is none.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when the files belong to another database.</exception>
    public async Task CheckAsync(CancellationToken cancel)
    {
        var ours = await db.WriteAsync(session => MarkAsync(session, cancel), cancel);
        if (!blobs.Exists(Key))
        {
            using var content = new MemoryStream(Encoding.ASCII.GetBytes(ours));
            await blobs.PutAsync(Key, content, cancel);
            return;
        }

        using var reader = new StreamReader(blobs.OpenRead(Key), Encoding.ASCII);
        if (await reader.ReadToEndAsync(cancel) != ours)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                "The files in the data folder belong to another database than the one in use; nothing was removed. Point the server at that "
                + "database, or remove 'blobs/store/mark' from the data folder when these two belong together from now on.");
        }
    }

    private static async Task<string> MarkAsync(DbSession session, CancellationToken cancel)
    {
        await session.ExecuteAsync(
            "insert into secrets (name, value) values (@name, @value) on conflict (name) do nothing",
            c => c.With("name", Name).With("value", Encoding.ASCII.GetBytes(Guid.CreateVersion7().ToString("N"))),
            cancel);
        var mark = await session.FirstAsync("select value from secrets where name = @name", c => c.With("name", Name), row => row.Bytes(0), cancel);
        return Encoding.ASCII.GetString(mark!);
    }
}
