using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Core.Data;

namespace Slipway.Client.Http;

/// <summary>Everything that travels as JSON, with code made at compile time: nothing is looked up by reflection.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [typeof(SnakeCase<DataType>)])]
[JsonSerializable(typeof(ErrorAnswer.Problem))]
[JsonSerializable(typeof(Page<DeadLetter>), TypeInfoPropertyName = "PageDeadLetter")]
[JsonSerializable(typeof(DeadLetterBody))]
[JsonSerializable(typeof(DeadLetterChange))]
[JsonSerializable(typeof(Experiment))]
[JsonSerializable(typeof(NewExperiment))]
[JsonSerializable(typeof(Page<Experiment>), TypeInfoPropertyName = "PageExperiment")]
[JsonSerializable(typeof(Run))]
[JsonSerializable(typeof(RunDetail))]
[JsonSerializable(typeof(RunStart))]
[JsonSerializable(typeof(LogBatch))]
[JsonSerializable(typeof(DatasetInput))]
[JsonSerializable(typeof(FinishBody))]
[JsonSerializable(typeof(SearchBody))]
[JsonSerializable(typeof(Page<RunDetail>), TypeInfoPropertyName = "PageRunDetail")]
[JsonSerializable(typeof(Page<MetricPoint>), TypeInfoPropertyName = "PageMetricPoint")]
[JsonSerializable(typeof(Page<Artifact>), TypeInfoPropertyName = "PageArtifact")]
[JsonSerializable(typeof(StoredArtifact))]
[JsonSerializable(typeof(LoggedModel))]
[JsonSerializable(typeof(LoggedModelSearchBody))]
[JsonSerializable(typeof(Page<LoggedModel>), TypeInfoPropertyName = "PageLoggedModel")]
[JsonSerializable(typeof(RegisteredModel))]
[JsonSerializable(typeof(NewModel))]
[JsonSerializable(typeof(Page<RegisteredModel>), TypeInfoPropertyName = "PageRegisteredModel")]
[JsonSerializable(typeof(ModelVersion))]
[JsonSerializable(typeof(NewVersion))]
[JsonSerializable(typeof(Page<ModelVersion>), TypeInfoPropertyName = "PageModelVersion")]
[JsonSerializable(typeof(List<StageTransition>), TypeInfoPropertyName = "ListStageTransition")]
[JsonSerializable(typeof(TransitionBody))]
[JsonSerializable(typeof(AliasBody))]
[JsonSerializable(typeof(ModelCard))]
[JsonSerializable(typeof(PackageVerdict))]
[JsonSerializable(typeof(ImportBody))]
[JsonSerializable(typeof(LineageGraph))]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(ApprovalBody))]
[JsonSerializable(typeof(DecisionBody))]
[JsonSerializable(typeof(ApprovalPolicy))]
[JsonSerializable(typeof(List<ApprovalPolicy>), TypeInfoPropertyName = "ListApprovalPolicy")]
[JsonSerializable(typeof(PolicyBody))]
[JsonSerializable(typeof(Page<Approval>), TypeInfoPropertyName = "PageApproval")]
[JsonSerializable(typeof(Page<AuditEntry>), TypeInfoPropertyName = "PageAuditEntry")]
[JsonSerializable(typeof(AuditVerdict))]
[JsonSerializable(typeof(PredictAnswer))]
[JsonSerializable(typeof(NewMaterialization))]
[JsonSerializable(typeof(Materialization))]
[JsonSerializable(typeof(MaterializationSchedule))]
[JsonSerializable(typeof(List<ViewFreshness>), TypeInfoPropertyName = "ListViewFreshness")]
[JsonSerializable(typeof(ErasureBody))]
[JsonSerializable(typeof(Erasure))]
internal sealed partial class ClientJson : JsonSerializerContext;
