using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Database;

/// <summary>One embedded file <c>Module/Migrations/NNNN_name.sql</c>.</summary>
internal sealed record Migration(string Module, int Number, string Name, string Sql)
{
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    public string Title => string.Create(CultureInfo.InvariantCulture, $"{Module}/{Number:0000}_{Name}");
}

/// <summary>
/// Brings the database to this program's schema: each migration in one transaction, under a lock that other servers wait
/// for. Refuses to go on when a migration fails, was edited after it ran, or comes from a newer program.
/// </summary>
public sealed partial class Migrator(Db db, TimeProvider time)
{
    // "slipway" on a telephone's keys; any constant that nobody else uses.
    private const long AdvisoryLock = 7547929;

    // The order in which modules may refer to each other's tables.
    private static readonly string[] Modules =
    [
        "Foundation", "Access", "Tracking", "Registry", "Features", "Serving", "Monitoring", "Pipelines", "Streaming",
    ];

    /// <returns>How many migrations ran.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when the database cannot be used.</exception>
    public Task<int> MigrateAsync(CancellationToken cancel) => MigrateAsync(Embedded(), cancel);

    internal async Task<int> MigrateAsync(IReadOnlyList<Migration> known, CancellationToken cancel)
    {
        await PrepareAsync(cancel);
        var count = 0;
        foreach (var migration in known)
        {
            count += await db.WriteAsync(session => ApplyAsync(session, migration, known, cancel), cancel);
        }

        if (known.Count == 0)
        {
            await db.WriteAsync(session => CheckAsync(session, known, cancel), cancel);
        }

        return count;
    }

    internal static IReadOnlyList<Migration> Embedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
                .Select(name => Parse(name.Replace('\\', '/'), assembly.GetManifestResourceStream(name)!))
                .OrderBy(m => Array.IndexOf(Modules, m.Module))
                .ThenBy(m => m.Number),
        ];
    }

    private static Migration Parse(string resource, Stream content)
    {
        var parts = resource.Split('/');
        var file = Path.GetFileNameWithoutExtension(parts[^1]);
        using var reader = new StreamReader(content);
        return new Migration(parts[0], int.Parse(file[..4], CultureInfo.InvariantCulture), file[5..], reader.ReadToEnd());
    }

    private Task PrepareAsync(CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await LockAsync(session, cancel);
            await session.ExecuteAsync(
                """
                create table if not exists schema_migrations (
                  module text not null, number integer not null, name text not null, checksum text not null,
                  applied_ms bigint not null, primary key (module, number))
                """,
                null,
                cancel);
        },
        cancel);

    private async Task<int> ApplyAsync(
        DbSession session, Migration migration, IReadOnlyList<Migration> known, CancellationToken cancel)
    {
        await LockAsync(session, cancel);
        var applied = await CheckAsync(session, known, cancel);
        if (applied.Contains(migration.Title))
        {
            return 0;
        }

        try
        {
            await session.ExecuteAsync(ForEngine(migration.Sql, session.Engine), null, cancel);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"Migration {migration.Title} failed and was rolled back: {failure.Message} The server does not start on it.",
                failure);
        }

        await session.ExecuteAsync(
            "insert into schema_migrations (module, number, name, checksum, applied_ms) values (@module, @number, @name, @sum, @now)",
            c => c.With("module", migration.Module).With("number", migration.Number).With("name", migration.Name)
                .With("sum", migration.Checksum).With("now", time.GetUtcNow().ToUnixTimeMilliseconds()),
            cancel);
        return 1;
    }

    /// <summary>
    /// SQLite sorts text by bytes already and knows no "C". What stands in <c>/*sqlite: …*/</c> is for SQLite alone, what stands in
    /// <c>/*postgres: …*/</c> for PostgreSQL.
    /// </summary>
    private static string ForEngine(string sql, DbEngine engine) => engine == DbEngine.Sqlite
        ? SqliteOnly().Replace(sql.Replace(" collate \"C\"", "", StringComparison.Ordinal), "$1")
        : PostgresOnly().Replace(sql, "$1");

    [GeneratedRegex(@"/\*postgres:([^*]*)\*/", RegexOptions.CultureInvariant)]
    private static partial Regex PostgresOnly();

    [GeneratedRegex(@"/\*sqlite:([^*]*)\*/", RegexOptions.CultureInvariant)]
    private static partial Regex SqliteOnly();

    private static Task LockAsync(DbSession session, CancellationToken cancel) => session.Engine == DbEngine.Postgres
        ? session.ExecuteAsync("select pg_advisory_xact_lock(@key)", c => c.With("key", AdvisoryLock), cancel)
        : Task.CompletedTask; // a SQLite write transaction excludes every other writer by itself

    private static async Task<HashSet<string>> CheckAsync(
        DbSession session, IReadOnlyList<Migration> known, CancellationToken cancel)
    {
        var applied = await session.QueryAsync(
            "select module, number, name, checksum from schema_migrations",
            null,
            row => (Id: (row.GetString(0), row.GetInt32(1)), Name: row.GetString(2), Checksum: row.GetString(3)),
            cancel);
        var byId = known.ToDictionary(m => (m.Module, m.Number));
        foreach (var (id, name, checksum) in applied)
        {
            if (!byId.TryGetValue(id, out var ours))
            {
                throw Refuse($"The database is newer than this program: it has migration {id.Item1}/{id.Item2:0000}_{name}. Run a newer Slipway.");
            }

            if (ours.Checksum != checksum)
            {
                throw Refuse($"Migration {ours.Title} was changed after it ran on this database. Run the Slipway that created it.");
            }
        }

        return [.. applied.Select(a => byId[a.Id].Title)];
    }

    private static SlipwayException Refuse(string message) => new(ErrorKind.FailedPrecondition, message);
}
