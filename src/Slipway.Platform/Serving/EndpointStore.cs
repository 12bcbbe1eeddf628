using System.Data.Common;
using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving;

internal sealed class EndpointStore(Db db, TimeProvider time)
{
    public Task<Endpoint?> FindAsync(string name, CancellationToken cancel) =>
        db.ReadAsync(session => FindAsync(session, name, cancel), cancel);

    public Task<Endpoint?> FindAsync(DbSession session, string name, CancellationToken cancel) => session.FirstAsync<Endpoint>(
        "select definition from endpoints where name = @name", c => c.With("name", name), Read, cancel);

    /// <summary>The endpoint, locked until the transaction ends: changes of one endpoint happen one after the other.</summary>
    public Task<Endpoint?> TakeAsync(DbSession session, string name, CancellationToken cancel) => session.FirstAsync<Endpoint>(
        $"select definition from endpoints where name = @name {(session.Engine == DbEngine.Postgres ? "for update" : "")}",
        c => c.With("name", name),
        Read,
        cancel);

    /// <param name="after">The last name of the page before, or null.</param>
    public Task<List<Endpoint>> ListAsync(string? after, int limit, CancellationToken cancel) => db.QueryAsync(
        "select definition from endpoints where cast(@after as text) is null or name > @after order by name limit @limit",
        c => c.With("after", after).With("limit", limit),
        Read,
        cancel);

    public Task<List<(string Name, long Revision)>> RevisionsAsync(CancellationToken cancel) => db.QueryAsync(
        "select name, revision from endpoints", null, row => (row.GetString(0), row.GetInt64(1)), cancel);

    public Task<Endpoint?> RevisionAsync(DbSession session, string name, long revision, CancellationToken cancel) => session.FirstAsync<Endpoint>(
        "select definition from endpoint_revisions where endpoint = @name and revision = @revision",
        c => c.With("name", name).With("revision", revision),
        Read,
        cancel);

    /// <summary>Newest first.</summary>
    /// <param name="before">The last revision of the page before, or null.</param>
    public Task<List<EndpointRevision>> HistoryAsync(string name, long? before, int limit, CancellationToken cancel) => db.QueryAsync(
        """
        select definition, actor, reason, created_ms from endpoint_revisions
        where endpoint = @name and revision < @before order by revision desc limit @limit
        """,
        c => c.With("name", name).With("before", before ?? long.MaxValue).With("limit", limit),
        row => new EndpointRevision(Read(row), row.GetString(1), row.GetString(2), row.GetInt64(3)),
        cancel);

    /// <summary>Stores the next revision.</summary>
    /// <param name="before">What the caller read in this transaction; null for a new endpoint.</param>
    /// <returns>The endpoint with its revision.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when it was changed meanwhile.</exception>
    public async Task<Endpoint> SaveAsync(
        DbSession session, Endpoint? before, Endpoint endpoint, string actor, string reason, CancellationToken cancel)
    {
        var next = endpoint.Checked() with { Revision = (before?.Revision ?? 0) + 1 };
        var definition = Json.Write(next);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var changed = await session.ExecuteAsync(
            """
            insert into endpoints (name, revision, definition, updated_ms) values (@name, @revision, @definition, @now)
            on conflict (name) do update set revision = excluded.revision, definition = excluded.definition, updated_ms = excluded.updated_ms
            where endpoints.revision = @before
            """,
            c => c.With("name", next.Name).With("revision", next.Revision).With("definition", definition).With("now", now)
                .With("before", before?.Revision ?? 0),
            cancel);
        if (changed == 0)
        {
            throw SlipwayException.Conflict($"Endpoint '{next.Name}' was changed at this moment; look at it and try again.");
        }

        await session.ExecuteAsync(
            """
            insert into endpoint_revisions (endpoint, revision, definition, actor, reason, created_ms)
            values (@name, @revision, @definition, @actor, @reason, @now)
            """,
            c => c.With("name", next.Name).With("revision", next.Revision).With("definition", definition).With("actor", actor)
                .With("reason", reason).With("now", now),
            cancel);
        return next;
    }

    /// <summary>The endpoint that serves a version, or any version of the model.</summary>
    public async Task<string?> UseOfAsync(DbSession session, string model, SemanticVersion? version, CancellationToken cancel)
    {
        var endpoints = await session.QueryAsync("select definition from endpoints order by name", null, Read, cancel);
        var user = endpoints.FirstOrDefault(endpoint => endpoint.Model == model
            && (version is null || endpoint.Variants.Any(variant => variant.Version == version.ToString())));
        return user is null ? null : $"endpoint '{user.Name}'";
    }

    private static Endpoint Read(DbDataReader row) => Json.Read<Endpoint>(row.GetString(0));
}
