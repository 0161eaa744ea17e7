using Google.Protobuf;
using LossService.Problems;

namespace LossService.Formats.OpenInference.Grpc;

/// <summary>Infer requests and responses as gRPC messages.</summary>
internal static class InferMessages
{
    /// <summary>Reads a message into a request. Raw tensors stay in the message, which is pinned until the request is disposed.</summary>
    /// <returns>Whether the response is raw: as the request asks, or as its inputs are.</returns>
    public static bool Read(ModelInferRequest message, OipRequest request)
    {
        var limits = request.Batch.Allowance.Limits;
        if (message.Id.Length > limits.NameBytes)
            request.Note("id", $"id: expected at most {limits.NameBytes} characters, got {message.Id.Length}");
        else if (message.Id.Length > 0) request.Batch.Id = message.Id;
        if (!request.IsTooMany(message.Parameters.Count - 1, limits.Members, "parameters"))
        {
            foreach (var (name, value) in message.Parameters)
            {
                if (name == "binary_data_output") request.WantsBinary = ReadFlag($"parameters/{name}", value, request);
                else SetParameter(name, value, request);
            }
        }

        var raw = message.RawInputContents;
        if (raw.Count > 0 && raw.Count != message.Inputs.Count)
            request.Note("raw_input_contents", $"the request has {raw.Count} raw_input_contents for {message.Inputs.Count} inputs");
        for (var i = 0; i < message.Inputs.Count && !request.IsTooMany(i, limits.Inputs, "inputs"); i++)
        {
            var tensor = message.Inputs[i];
            CheckParameters(i, tensor, i < raw.Count ? raw[i].Length : null, request);
            if (tensor.Contents is not null && raw.Count > 0)
                request.Note($"inputs/{i}/contents",
                $"{ClientText.Shorten(tensor.Name)} has contents, but the request has raw_input_contents; "
                + "all inputs must be raw, or none");
            var input = request.Declare(i, tensor.Name, tensor.Datatype, UnsafeCollectionOperations.AsSpan(tensor.Shape));
            if (input is null) continue;
            if (raw.Count == 0) TypedContents.Read(input, tensor.Contents ?? new(), request);
            else if (i < raw.Count) View(input, raw[i], request);
        }

        for (var i = 0; i < message.Outputs.Count && !request.IsTooMany(i, limits.Members, "outputs"); i++)
        {
            var output = message.Outputs[i];
            request.Want(i, output.Name, ReadBinary(i, output, request));
        }
        request.Conclude();
        return Settle(request, raw.Count > 0);
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

    /// <summary>An input's parameters. KServe's client repeats the length of raw contents, as HTTP needs it.</summary>
    private static void CheckParameters(int index, ModelInferRequest.Types.InferInputTensor tensor, int? bytes, OipRequest request)
    {
        foreach (var (name, value) in tensor.Parameters.Take(request.Batch.Allowance.Limits.Members))
        {
            var path = $"inputs/{index}/parameters/{ClientText.ShortenName(name)}";
            // content_type describes how the client encodes data of its own, and does not affect the numbers
            if (name == "content_type") continue;
            if (name != "binary_data_size")
                request.Note(path, $"an input has no parameter {ClientText.Quote(name)}{Nearest.Suggest(name, ["binary_data_size"])}");
            else if (bytes is null)
                request.Note(path, $"{ClientText.Shorten(tensor.Name)} has a binary_data_size, but no raw_input_contents");
            else if (Integer(value) != bytes)
                request.Note(path,
                    $"{ClientText.Shorten(tensor.Name)} has a binary_data_size of {Integer(value)}, but {bytes} bytes of "
                    + "raw_input_contents");
        }
    }

    private static bool? ReadBinary(int index, ModelInferRequest.Types.InferRequestedOutputTensor output, OipRequest request)
    {
        bool? isBinary = null;
        foreach (var (name, value) in output.Parameters.Take(request.Batch.Allowance.Limits.Members))
        {
            var path = $"outputs/{index}/parameters/{ClientText.ShortenName(name)}";
            if (name == "binary_data") isBinary = ReadFlag(path, value, request);
            else if (name != "content_type")
                request.Note(path, $"an output has no parameter {ClientText.Quote(name)}{Nearest.Suggest(name, ["binary_data"])}");
        }
        return isBinary;
    }

    private static bool? ReadFlag(string path, InferParameter value, OipRequest request)
    {
        if (value.ParameterChoiceCase == InferParameter.ParameterChoiceOneofCase.BoolParam) return value.BoolParam;
        if (value.ParameterChoiceCase != InferParameter.ParameterChoiceOneofCase.None)
            request.Note(path, $"{path}: expected a bool_param");
        return null;
    }

    private static long? Integer(InferParameter value) => value.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.Int64Param => value.Int64Param,
        InferParameter.ParameterChoiceOneofCase.Uint64Param => (long)ulong.Min(value.Uint64Param, long.MaxValue),
        _ => null,
    };

    /// <summary>Whether the response is raw. All of its outputs are, or none: a message has no place for both.</summary>
    private static bool Settle(OipRequest request, bool isRaw)
    {
        var asked = request.Wanted.Select(wanted => wanted.IsBinary ?? request.WantsBinary).OfType<bool>().Distinct().ToArray();
        if (asked.Length > 1) request.Note("outputs", "binary_data differs among the outputs; in gRPC all of them are raw, or none");
        var isResultRaw = asked.Length == 1 ? asked[0] : isRaw;
        if (isResultRaw) return true;
        foreach (var wanted in request.Wanted)
            request.CheckIsNumbers(wanted, "a message with typed contents", "ask for it with binary_data");
        return false;
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
