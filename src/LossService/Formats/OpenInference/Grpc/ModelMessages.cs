namespace LossService.Formats.OpenInference.Grpc;

/// <summary>What the service says of its models, as gRPC messages.</summary>
internal static class ModelMessages
{
    /// <summary>An input or output of a model's metadata.</summary>
    public static ModelMetadataResponse.Types.TensorMetadata Write(OipTensorPage page) =>
        new() { Name = page.Name, Datatype = page.Datatype, Shape = { page.Shape } };

    /// <summary>A configuration.</summary>
    public static ModelConfig Write(OipConfig config) => new()
    {
        Name = config.Name,
        Platform = config.Platform,
        Backend = config.Backend,
        MaxBatchSize = config.MaxBatchSize,
        Input =
        {
            config.Input.Select(input => new ModelInput
            {
                Name = input.Name,
                DataType = Find(input.DataType),
                Dims = { input.Dims },
                Optional = input.Optional,
            }),
        },
        Output =
        {
            config.Output.Select(output => new ModelOutput
            {
                Name = output.Name,
                DataType = Find(output.DataType),
                Dims = { output.Dims },
            }),
        },
    };

    /// <summary>The statistics of a model.</summary>
    public static ModelStatistics Write(OipModelStatistics counted) => new()
    {
        Name = counted.Name,
        Version = OipModel.Version,
        LastInference = (ulong)counted.LastInference,
        InferenceCount = (ulong)counted.Success.Count,
        ExecutionCount = (ulong)counted.Success.Count,
        InferenceStats = new()
        {
            Success = Write(counted.Success),
            Fail = Write(counted.Fail),
            Queue = Write(counted.Steps.Queue),
            ComputeInput = Write(counted.Steps.Input),
            ComputeInfer = Write(counted.Steps.Infer),
            ComputeOutput = Write(counted.Steps.Output),
        },
    };

    private static StatisticDuration Write(OipDuration duration) => new() { Count = (ulong)duration.Count, Ns = (ulong)duration.Ns };

    /// <summary>TYPE_FP32 is TypeFp32 in the generated code.</summary>
    private static DataType Find(string name) => Enum.Parse<DataType>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
}
