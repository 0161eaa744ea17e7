#pragma warning disable CA1822 // the generated half declares the methods as those of an object

namespace LossService.Formats.OpenInference.Grpc;

/// <content>Its parts are counted when they are made, see <see cref="MessageParts"/>.</content>
internal sealed partial class ModelInferRequest
{
    partial void OnConstruction() => MessageParts.Begin();

    public static partial class Types
    {
        internal sealed partial class InferInputTensor
        {
            partial void OnConstruction() => MessageParts.Add();
        }

        internal sealed partial class InferRequestedOutputTensor
        {
            partial void OnConstruction() => MessageParts.Add();
        }
    }
}
