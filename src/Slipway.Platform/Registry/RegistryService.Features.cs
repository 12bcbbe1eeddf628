using Slipway.Platform.Foundation;

namespace Slipway.Platform.Registry;

/// <param name="Version">Its semantic version.</param>
/// <param name="FeatureService">As <c>flight_delay@3</c>, or the name alone for one that follows what is in force.</param>
public sealed record FeatureUser(string Model, string Version, Stage Stage, string FeatureService);

/// <summary>Which versions take their features from where.</summary>
public sealed partial class RegistryService
{
    /// <summary>The model versions that take their features from a service, by model and number. For services that answer for their readers.</summary>
    internal Task<List<FeatureUser>> UsersOfFeaturesAsync(CancellationToken cancel) => db.ReadAsync(
        session => session.QueryAsync(
            "select model, version, stage, feature_service from model_versions where feature_service is not null order by model, number",
            null,
            row => new FeatureUser(row.GetString(0), row.GetString(1), EnumName.Parse<Stage>(row.GetString(2), "stage"), row.GetString(3)),
            cancel),
        cancel);
}
