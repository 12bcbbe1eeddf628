using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Registry;

internal static class FeatureRegistryStore
{
    private const string Columns = "kind, name, version, content_hash, definition, applied_by, applied_ms, uses";

    /// <summary>Moves with every change; the place where appliers queue.</summary>
    public static Task<long> SequenceAsync(DbSession session, CancellationToken cancel) => session.FirstAsync(
        """
        select coalesce(max(sequence), 0)
        from (select sequence from feature_definitions union all select sequence from feature_pins) moves
        """,
        null,
        row => row.GetInt64(0),
        cancel);

    /// <summary>The latest version of each definition.</summary>
    public static Task<List<StoredDefinition>> LatestAsync(DbSession session, CancellationToken cancel) => session.QueryAsync(
        $"""
        select {Columns} from feature_definitions d
        where version = (select max(version) from feature_definitions l where l.kind = d.kind and l.name = d.name)
        order by kind, name
        """,
        null,
        Read,
        cancel);

    public static Task<List<StoredDefinition>> AllAsync(DbSession session, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns} from feature_definitions order by kind, name, version", null, Read, cancel);

    public static Task<List<StoredDefinition>> VersionsAsync(
        DbSession session, DefinitionKind kind, string name, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns} from feature_definitions where kind = @kind and name = @name order by version desc",
        c => c.With("kind", EnumName.Of(kind)).With("name", name),
        Read,
        cancel);

    /// <summary>Changes of the definitions and of what is held come one after the other, until the transaction ends.</summary>
    public static Task<int> QueueAsync(DbSession session, CancellationToken cancel) => session.Engine == DbEngine.Postgres
        ? session.ExecuteAsync("lock table feature_definitions in share row exclusive mode", null, cancel)
        : Task.FromResult(0);

    public static Task<StoredDefinition?> FindAsync(
        DbSession session, DefinitionKind kind, string name, int version, CancellationToken cancel) => session.FirstAsync<StoredDefinition>(
        $"select {Columns} from feature_definitions where kind = @kind and name = @name and version = @version",
        c => c.With("kind", EnumName.Of(kind)).With("name", name).With("version", version),
        Read,
        cancel);

    public static Task<int> PutAsync(DbSession session, StoredDefinition definition, long sequence, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into feature_definitions (kind, name, version, content_hash, definition, sequence, applied_by, applied_ms, uses)
            values (@kind, @name, @version, @hash, @definition, @sequence, @by, @ms, @uses)
            on conflict (kind, name, version) do update set definition = excluded.definition, sequence = excluded.sequence
            """,
            c => c.With("kind", EnumName.Of(definition.Kind)).With("name", definition.Name).With("version", definition.Version)
                .With("hash", definition.ContentHash).With("definition", definition.Definition).With("sequence", sequence)
                .With("by", definition.AppliedBy).With("ms", definition.Applied.ToUnixTimeMilliseconds())
                .With("uses", definition.Uses is null ? null : Json.Write(definition.Uses)),
            cancel);

    /// <summary>Writes down what a service has been made of since before that was kept.</summary>
    public static Task<int> SetUsesAsync(DbSession session, StoredDefinition service, CancellationToken cancel) => session.ExecuteAsync(
        "update feature_definitions set uses = @uses where kind = @kind and name = @name and version = @version",
        c => c.With("kind", EnumName.Of(service.Kind)).With("name", service.Name).With("version", service.Version)
            .With("uses", Json.Write(service.Uses)),
        cancel);

    /// <summary>Replaces what the holder pins.</summary>
    public static Task<int> PinAsync(
        DbSession session, string holder, IReadOnlyList<string> services, long sequence, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into feature_pins (holder, services, sequence) values (@holder, @services, @sequence)
        on conflict (holder) do update set services = excluded.services, sequence = excluded.sequence
        where feature_pins.services <> excluded.services
        """,
        c => c.With("holder", holder).With("services", Json.Write(services)).With("sequence", sequence),
        cancel);

    public static async Task<List<FeaturePins>> PinsAsync(DbSession session, CancellationToken cancel) => await session.QueryAsync(
        "select holder, services from feature_pins order by holder",
        null,
        row => new FeaturePins(row.GetString(0), Json.Read<List<string>>(row.GetString(1))),
        cancel);

    private static StoredDefinition Read(DbDataReader row) => new(
        EnumName.Parse<DefinitionKind>(row.GetString(0), "kind of definition"), row.GetString(1), row.GetInt32(2), row.GetString(3),
        row.GetString(4), row.GetString(5), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)))
    {
        Uses = row.IsDBNull(7) ? null : Json.Read<List<string>>(row.GetString(7)),
    };
}
