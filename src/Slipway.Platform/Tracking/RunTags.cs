namespace Slipway.Platform.Tracking;

/// <summary>Tags that MLflow's clients give a meaning, and that a run's own fields mirror.</summary>
public static class RunTags
{
    public const string Name = "mlflow.runName";

    public const string Parent = "mlflow.parentRunId";

    public const string User = "mlflow.user";

    /// <summary>A JSON list of the models that a client before MLflow 3 has logged.</summary>
    public const string ModelHistory = "mlflow.log-model.history";

    /// <summary>Of a logged model: a JSON list of the versions that were registered of it.</summary>
    public const string ModelVersions = "mlflow.modelVersions";

    /// <summary>Of a dataset's use, not of a run: what for.</summary>
    public const string DatasetContext = "mlflow.data.context";
}
