using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry;

/// <summary>Moves what hangs on a model to another name.</summary>
internal static class RenameStore
{
    private const string Kept =
        """
        number, version, stage, run_id, artifact, request_key, blob_key, blob_bytes, blob_sha256, signature, feature_service,
        feature_views, metrics, training_window, limitations, description, card, created_ms, created_by, updated_ms, source, run_link,
        model_id, not_servable, manifest, manifest_key, manifest_signature
        """;

    /// <summary>
    /// The model of the new name is there already. Versions are referred to by their key, which neither engine changes in place,
    /// so they are copied, what refers to them is moved, and the copies that were are deleted.
    /// </summary>
    public static async Task MoveAsync(DbSession session, string from, string to, CancellationToken cancel)
    {
        Action<DbParameters> names = c => c.With("from", from).With("to", to);
        await session.ExecuteAsync(
            $"insert into model_versions (model, {Kept}) select @to, {Kept} from model_versions where model = @from", names, cancel);
        foreach (var table in new[]
        {
            "model_version_tags", "model_aliases", "model_transitions", "model_version_files", "registered_model_tags", "deleted_model_versions",
        })
        {
            await session.ExecuteAsync($"update {table} set model = @to where model = @from", names, cancel);
        }

        await session.ExecuteAsync("delete from model_versions where model = @from", c => c.With("from", from), cancel);
    }
}
