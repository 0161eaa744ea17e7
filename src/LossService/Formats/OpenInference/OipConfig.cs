namespace LossService.Formats.OpenInference;

/// <summary>
/// A model in the terms of Triton's configuration, which its tools ask for: datatypes as <c>TYPE_FP32</c>, and which inputs may be
/// left out.
/// </summary>
/// <param name="Name">The model's name.</param>
/// <param name="Input">The inputs.</param>
/// <param name="Output">The outputs.</param>
internal sealed record OipConfig(string Name, IReadOnlyList<OipConfig.Tensor> Input, IReadOnlyList<OipConfig.Tensor> Output)
{
    /// <summary>An input or output.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="DataType">Its usual datatype, as <c>TYPE_FP32</c>.</param>
    /// <param name="Dims">Its usual shape; −1 = any length.</param>
    /// <param name="Optional">Whether a request may leave it out.</param>
    internal sealed record Tensor(string Name, string DataType, long[] Dims, bool Optional);

    /// <summary>The platform of every model.</summary>
    public string Platform { get; } = OipModel.Platform;

    /// <summary>The backend of every model.</summary>
    public string Backend { get; } = OipModel.Platform;

    /// <summary>0: no axis is added to the shapes for batches of requests.</summary>
    public int MaxBatchSize { get; }

    /// <summary>The configuration of a model.</summary>
    public static OipConfig Create(OipModel model)
    {
        // of the forms of predictions and of labels a request has one, which a configuration cannot say: the first stands for all
        var first = model.Inputs[0].Name;
        return new(
            model.Loss.Name,
            [.. model.Inputs.Select(input => Describe(input, input.Name != first && input.Name != Requests.Fields.Labels))],
            [.. model.Outputs.Select(output => Describe(output, isOptional: false))]);
    }

    private static Tensor Describe(OipTensorPage page, bool isOptional) => new(page.Name, "TYPE_" + page.Datatype, page.Shape, isOptional);
}
