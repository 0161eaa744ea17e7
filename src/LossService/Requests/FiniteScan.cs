using System.Numerics;
using LossService.Core.Tensors;

namespace LossService.Requests;

/// <summary>Looks once over a tensor that came as bytes, so that the validation need not widen rows to find no NaN in them.</summary>
internal static class FiniteScan
{
    /// <summary>Whether every element is finite: no exponent is all ones. Integers are.</summary>
    public static bool IsFinite(DType dtype, ReadOnlySpan<byte> elements) => dtype switch
    {
        DType.Float16 => HasNone<ushort>(elements, 0x7C00),
        DType.BFloat16 => HasNone<ushort>(elements, 0x7F80),
        DType.Float32 => HasNone(elements, 0x7F80_0000u),
        DType.Float64 => HasNone(elements, 0x7FF0_0000_0000_0000ul),
        _ => true,
    };

    private static bool HasNone<T>(ReadOnlySpan<byte> bytes, T exponent) where T : unmanaged, IBinaryInteger<T>
    {
        var elements = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(bytes);
        var mask = new Vector<T>(exponent);
        var i = 0;
        for (; i <= elements.Length - Vector<T>.Count; i += Vector<T>.Count)
            if (Vector.EqualsAny(new Vector<T>(elements[i..]) & mask, mask)) return false;
        for (; i < elements.Length; i++)
            if ((elements[i] & exponent) == exponent) return false;
        return true;
    }
}
