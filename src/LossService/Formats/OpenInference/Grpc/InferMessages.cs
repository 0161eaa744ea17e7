using Google.Protobuf;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>Infer requests and responses as gRPC messages.</summary>
internal static class InferMessages
{
    /// <summary>Reads a message into a request. Raw tensors stay in the message, which is pinned until the request is disposed.</summary>
    public static void Read(ModelInferRequest message, OipRequest request)
    {
        var limits = request.Batch.Allowance.Limits;
        if (message.Id.Length > limits.NameBytes)
            request.Note("id", $"id: expected at most {limits.NameBytes} characters, got {message.Id.Length}");
        else if (message.Id.Length > 0) request.Batch.Id = message.Id;
        if (!request.IsTooMany(message.Parameters.Count - 1, limits.Members, "parameters"))
            foreach (var (name, value) in message.Parameters) SetParameter(name, value, request);

        var raw = message.RawInputContents;
        if (raw.Count > 0 && raw.Count != message.Inputs.Count)
            request.Note("raw_input_contents", $"the request has {raw.Count} raw_input_contents for {message.Inputs.Count} inputs");
        for (var i = 0; i < message.Inputs.Count && !request.IsTooMany(i, limits.Inputs, "inputs"); i++)
        {
            var tensor = message.Inputs[i];
            if (tensor.Parameters.Count > 0) Refuse($"inputs/{i}/parameters", "an input", tensor.Parameters.Keys, request);
            if (tensor.Contents is not null && raw.Count > 0)
                request.Note($"inputs/{i}/contents",
                $"{ClientText.Shorten(tensor.Name)} has contents, but the request has raw_input_contents; "
                + "all inputs must use the same one");
            var input = request.Declare(i, tensor.Name, tensor.Datatype, UnsafeCollectionOperations.AsSpan(tensor.Shape));
            if (input is null) continue;
            if (raw.Count == 0) TypedContents.Read(input, tensor.Contents ?? new(), request);
            else if (i < raw.Count) View(input, raw[i], request);
        }

        for (var i = 0; i < message.Outputs.Count && !request.IsTooMany(i, limits.Members, "outputs"); i++)
        {
            var output = message.Outputs[i];
            if (output.Parameters.Count > 0) Refuse($"outputs/{i}/parameters", "an output", output.Parameters.Keys, request);
            request.Want(i, output.Name, null);
        }
        request.Conclude();
    }

    /// <summary>
    /// Writes a response, raw or typed. Raw outputs are the tensors' own memory, so the response must outlive the message.
    /// </summary>
    public static ModelInferResponse Write(OipResponse response, string model, string id, bool isRaw)
    {
        var message = new ModelInferResponse { ModelName = model, ModelVersion = OipModel.Version, Id = id };
        message.Parameters["total_samples"] = new() { Int64Param = response.Totals.Samples };
        message.Parameters["total_weight"] = new() { DoubleParam = response.Totals.Weight };
        message.Parameters["total_loss"] = new() { DoubleParam = response.Totals.Loss };
        if (response.Notices is { } notices) message.Parameters["notices"] = new() { StringParam = notices };
        foreach (var (name, tensor, _) in response.Outputs)
        {
            var output = new ModelInferResponse.Types.InferOutputTensor { Name = name, Datatype = tensor.DType.Datatype() };
            foreach (var axis in tensor.Shape.Axes) output.Shape.Add(axis);
            if (isRaw) message.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(new TensorMemory(tensor).Memory));
            else output.Contents = TypedContents.Write(tensor);
            message.Outputs.Add(output);
        }
        return message;
    }

    private static unsafe void View(OipInput input, ByteString bytes, OipRequest request)
    {
        if (bytes.Length != input.Bytes)
        {
            request.Note($"raw_input_contents/{input.Index}",
                $"{input.Name} has {bytes.Length} bytes, but {input.Shape} of {input.DType.Datatype()} takes {input.Bytes}");
            return;
        }
        var pinned = bytes.Memory.Pin();
        request.Own(pinned);
        request.View(input, (byte*)pinned.Pointer);
    }

    private static void Refuse(string path, string what, IEnumerable<string> names, OipRequest request)
    {
        // content_type describes how the client encodes data of its own, and does not affect the numbers
        foreach (var name in names.Take(request.Batch.Allowance.Limits.Members))
            if (name != "content_type") request.Note(path, $"{what} has no parameter {ClientText.Quote(name)} in gRPC");
    }

    private static void SetParameter(string name, InferParameter parameter, OipRequest request)
    {
        switch (parameter.ParameterChoiceCase)
        {
            case InferParameter.ParameterChoiceOneofCase.BoolParam: request.SetParameter(name, parameter.BoolParam); break;
            case InferParameter.ParameterChoiceOneofCase.Int64Param: request.SetParameter(name, parameter.Int64Param); break;
            case InferParameter.ParameterChoiceOneofCase.Uint64Param when parameter.Uint64Param <= long.MaxValue:
                request.SetParameter(name, (long)parameter.Uint64Param);
                break;
            case InferParameter.ParameterChoiceOneofCase.Uint64Param: request.SetParameter(name, parameter.Uint64Param); break;
            case InferParameter.ParameterChoiceOneofCase.DoubleParam: request.SetParameter(name, parameter.DoubleParam); break;
            case InferParameter.ParameterChoiceOneofCase.StringParam: request.SetParameter(name, parameter.StringParam); break;
            default: request.SetParameter(name); break;
        }
    }
}
