using LossService.Core.Tensors;

namespace LossService.Requests;

/// <summary>Finds weights that are written as numbers above 0 and are 0 as they are held, such as 1e-46 in float32.</summary>
internal static class WeightText
{
    /// <summary>Whether a number in the text may be one; false for weights of 0 in their usual form, which is found fast.</summary>
    /// <param name="weights">The numbers as they are held, float32 or float64.</param>
    /// <param name="text">The array they were read from.</param>
    public static bool MayUnderflow(Tensor weights, ReadOnlySpan<byte> text)
    {
        var hasZero = weights.DType switch
        {
            DType.Float32 => weights.AsSpan<float>().Contains(0),
            DType.Float64 => weights.AsSpan<double>().Contains(0),
            _ => false,
        };
        // without an exponent, it takes more than 40 zeros behind the point
        return hasZero && (text.ContainsAny((byte)'e', (byte)'E') || text.IndexOf("0000000000000000000000000000000000000000"u8) >= 0);
    }

    /// <summary>Whether a number is written as anything but 0.</summary>
    public static bool IsAboveZero(ReadOnlySpan<byte> number)
    {
        var exponent = number.IndexOfAny((byte)'e', (byte)'E');
        return (exponent < 0 ? number : number[..exponent]).ContainsAnyInRange((byte)'1', (byte)'9');
    }
}
