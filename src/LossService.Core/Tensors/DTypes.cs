using System.Runtime.CompilerServices;

namespace LossService.Core.Tensors;

/// <summary>The properties of each <see cref="DType"/>.</summary>
public static class DTypes
{
    /// <summary>The bytes of one element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Size(this DType dtype) => dtype switch
    {
        DType.Bool or DType.Int8 or DType.UInt8 => 1,
        DType.Float16 or DType.BFloat16 or DType.Int16 or DType.UInt16 => 2,
        DType.Float32 or DType.Int32 or DType.UInt32 => 4,
        _ => 8,
    };

    /// <summary>Whether the elements are floating-point numbers; else they are integers or booleans.</summary>
    public static bool IsFloat(this DType dtype) => dtype <= DType.Float64;

    /// <summary>The name in lower case: <c>float32</c>.</summary>
    public static string Name(this DType dtype) => Names[(int)dtype];

    /// <summary>The dtype with that <see cref="Name"/>, or null.</summary>
    public static DType? Parse(string? name) =>
        Array.IndexOf(Names, name) is >= 0 and var i ? (DType)i : null;

    /// <summary>
    /// How far the sum of a row of probabilities may be from 1: the error that rounding to this dtype can cause, with a margin.
    /// </summary>
    /// <remarks>
    /// Rows of a float32 model are off by 1e-8 to 1e-7, and are often posted as float64, so that of float64 is 1e-6.
    /// The relative error of a rounded probability is u (float16: 2⁻¹¹, bfloat16: 2⁻⁸); rounding a log-probability ℓ changes the
    /// probability by u·|ℓ|, with |ℓ| = 7 for a thousand equal classes: 2⁻¹¹·7 = 0.3%, 2⁻⁸·7 = 2.7%.
    /// </remarks>
    public static double SumTolerance(this DType dtype) => dtype switch
    {
        DType.Float64 => 1e-6,
        DType.BFloat16 => 5e-2,
        DType.Float16 => 1e-2,
        _ => 1e-4,
    };

    private static readonly string[] Names =
        [.. Enum.GetNames<DType>().Select(name => name.Replace("UInt", "uint", StringComparison.Ordinal).ToLowerInvariant())];
}
