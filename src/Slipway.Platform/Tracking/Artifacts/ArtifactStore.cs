using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Where an owner of artifacts belongs.</summary>
/// <param name="ElsewhereUri">Where its files are when they are not here.</param>
internal sealed record ArtifactPlace(long ExperimentId, string Project, bool IsDeleted, string? ElsewhereUri);

internal static class ArtifactStore
{
    private const string Columns =
        "e.id, e.project, case when o.deleted_ms is null and e.deleted_ms is null then 0 else 1 end, o.artifact_uri";

    public static Task<ArtifactPlace?> FindAsync(DbSession session, ArtifactOwner owner, CancellationToken cancel) =>
        session.FirstAsync<ArtifactPlace>(
            owner.Kind == ArtifactOwnerKind.Run
                ? $"select {Columns} from runs o join experiments e on e.id = o.experiment_id where o.id = @id"
                : $"select {Columns} from logged_models o join experiments e on e.id = o.experiment_id where o.id = @id",
            c => c.With("id", owner.Id),
            row => new ArtifactPlace(row.GetInt64(0), row.GetString(1), row.GetInt32(2) == 1, row.Text(3)),
            cancel);
}
