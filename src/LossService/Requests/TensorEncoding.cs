namespace LossService.Requests;

/// <summary>How result tensors are written in JSON.</summary>
public enum TensorEncoding
{
    /// <summary>Nested arrays of numbers.</summary>
    Json,

    /// <summary>An object with dtype, shape, and the bytes in base64.</summary>
    Base64,
}
