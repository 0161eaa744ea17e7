using LossService.Core.Tensors;

namespace LossService.Formats.OpenInference;

/// <summary>
/// The datatypes of the Open Inference Protocol: FP32 is float32, INT64 is int64. BYTES holds no numbers and is left out.
/// </summary>
internal static class OipDatatype
{
    private static readonly Dictionary<string, DType> ByName = Enum.GetValues<DType>().ToDictionary(Datatype);

    /// <summary>All names, the floats first.</summary>
    public static IReadOnlyCollection<string> All => ByName.Keys;

    /// <summary>The protocol's name of a dtype.</summary>
    public static string Datatype(this DType dtype) => dtype switch
    {
        DType.Float16 => "FP16",
        DType.BFloat16 => "BF16",
        DType.Float32 => "FP32",
        DType.Float64 => "FP64",
        _ => dtype.ToString().ToUpperInvariant(),
    };

    /// <summary>The dtype of a name.</summary>
    public static bool TryParse(string name, out DType dtype) => ByName.TryGetValue(name, out dtype);

    /// <summary>Whether JSON can carry it: the protocol sends 16-bit floats only as bytes.</summary>
    public static bool HasJson(this DType dtype) => dtype is not (DType.Float16 or DType.BFloat16);

    /// <summary>The smallest and the largest integer of an integer dtype, within int64.</summary>
    public static (long Min, long Max) Range(this DType dtype) => dtype switch
    {
        DType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
        DType.Int16 => (short.MinValue, short.MaxValue),
        DType.Int32 => (int.MinValue, int.MaxValue),
        DType.UInt8 => (0, byte.MaxValue),
        DType.UInt16 => (0, ushort.MaxValue),
        DType.UInt32 => (0, uint.MaxValue),
        DType.UInt64 => (0, long.MaxValue),
        _ => (long.MinValue, long.MaxValue),
    };
}
