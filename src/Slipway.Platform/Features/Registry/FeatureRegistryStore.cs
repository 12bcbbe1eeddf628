using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Registry;

internal static class FeatureRegistryStore
{
    private const string Columns = "kind, name, version, content_hash, definition, applied_by, applied_ms";

    /// <summary>Moves with every change; the place where appliers queue.</summary>
    public static Task<long> SequenceAsync(DbSession session, CancellationToken cancel) => session.FirstAsync(
        "select coalesce(max(sequence), 0) from feature_definitions", null, row => row.GetInt64(0), cancel);

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

    public static Task<List<StoredDefinition>> VersionsAsync(
        DbSession session, DefinitionKind kind, string name, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns} from feature_definitions where kind = @kind and name = @name order by version desc",
        c => c.With("kind", EnumName.Of(kind)).With("name", name),
        Read,
        cancel);

    public static Task<int> PutAsync(DbSession session, StoredDefinition definition, long sequence, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into feature_definitions (kind, name, version, content_hash, definition, sequence, applied_by, applied_ms)
            values (@kind, @name, @version, @hash, @definition, @sequence, @by, @ms)
            on conflict (kind, name, version) do update set definition = excluded.definition, sequence = excluded.sequence
            """,
            c => c.With("kind", EnumName.Of(definition.Kind)).With("name", definition.Name).With("version", definition.Version)
                .With("hash", definition.ContentHash).With("definition", definition.Definition).With("sequence", sequence)
                .With("by", definition.AppliedBy).With("ms", definition.Applied.ToUnixTimeMilliseconds()),
            cancel);

    private static StoredDefinition Read(DbDataReader row) => new(
        EnumName.Parse<DefinitionKind>(row.GetString(0), "kind of definition"), row.GetString(1), row.GetInt32(2), row.GetString(3),
        row.GetString(4), row.GetString(5), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)));
}
