using System.Runtime.InteropServices;
using System.Text.Json;

namespace LossService.Tests.Formats.Json;

/// <summary>Tensors as a client writes and reads them: <c>{"dtype", "shape", "data"}</c>.</summary>
internal static class EncodedTensor
{
    /// <summary>The object of the given elements.</summary>
    public static string Of<T>(string dtype, int[] shape, params ReadOnlySpan<T> elements) where T : unmanaged =>
        Of(dtype, shape, Convert.ToBase64String(MemoryMarshal.AsBytes(elements)));

    /// <summary>The object with the given text for data.</summary>
    public static string Of(string dtype, int[] shape, string data) =>
        $$"""{"dtype":"{{dtype}}","shape":[{{string.Join(',', shape)}}],"data":"{{data}}"}""";

    /// <summary>The elements that an object of an answer holds; asserts that dtype, shape and length agree.</summary>
    public static T[] Read<T>(JsonElement tensor, string dtype, params int[] shape) where T : unmanaged
    {
        Assert.Equal(dtype, tensor.GetProperty("dtype").GetString());
        Assert.Equal(shape, tensor.GetProperty("shape").EnumerateArray().Select(axis => axis.GetInt32()));
        var elements = MemoryMarshal.Cast<byte, T>(tensor.GetProperty("data").GetBytesFromBase64()).ToArray();
        Assert.Equal(shape.Aggregate(1, (count, axis) => count * axis), elements.Length);
        return elements;
    }

    /// <summary>Every number in nested arrays, row-major.</summary>
    public static IEnumerable<JsonElement> Numbers(JsonElement array) =>
        array.ValueKind == JsonValueKind.Array ? array.EnumerateArray().SelectMany(Numbers) : [array];

    /// <summary>The upper half of a float: the nearest bfloat16 below it in magnitude.</summary>
    public static ushort BFloat16(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    /// <summary>The float that a bfloat16 is.</summary>
    public static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
