using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Platform.Serving;
using Slipway.Protocols.OpenInference.Wire;

namespace Slipway.Protocols.OpenInference.Grpc;

/// <summary>A model's metadata and configuration as messages; the words are those of <see cref="ModelWriter"/>.</summary>
internal static class GrpcModels
{
    public static ModelMetadataResponse Metadata(TensorModel model) => new()
    {
        Name = model.Name,
        Versions = { model.Versions },
        Platform = ModelWriter.Platform,
        Inputs = { model.Inputs.Select(Metadata) },
        Outputs = { model.Outputs.Select(Metadata) },
    };

    public static ModelConfig Config(TensorModel model)
    {
        var isBatch = model.MaxRows is not null;
        return new ModelConfig
        {
            Name = model.Name,
            Platform = ModelWriter.Platform,
            Backend = ModelWriter.Backend,
            MaxBatchSize = model.MaxRows ?? 0,
            Input = { model.Inputs.Select(spec => Input(spec, isBatch)) },
            Output = { model.Outputs.Select(spec => Output(spec, isBatch)) },
        };
    }

    private static ModelMetadataResponse.Types.TensorMetadata Metadata(TensorSpec spec) =>
        new() { Name = spec.Name, Datatype = spec.Type.Wire(), Shape = { spec.Shape } };

    private static ModelInput Input(TensorSpec spec, bool isBatch)
    {
        var (dims, isReshaped) = ModelWriter.ConfigDims(spec, isBatch);
        return new ModelInput { Name = spec.Name, DataType = TypeOf(spec), Dims = { dims }, Reshape = isReshaped ? new ModelTensorReshape() : null };
    }

    private static ModelOutput Output(TensorSpec spec, bool isBatch)
    {
        var (dims, isReshaped) = ModelWriter.ConfigDims(spec, isBatch);
        return new ModelOutput { Name = spec.Name, DataType = TypeOf(spec), Dims = { dims }, Reshape = isReshaped ? new ModelTensorReshape() : null };
    }

    /// <summary>Triton numbers its types from 1 in the order that <see cref="TensorType"/> has.</summary>
    private static DataType TypeOf(TensorSpec spec) => (DataType)((int)spec.Type + 1);
}
