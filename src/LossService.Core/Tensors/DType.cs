namespace LossService.Core.Tensors;

/// <summary>The type of a tensor's elements, in little-endian byte order.</summary>
public enum DType
{
    /// <summary>IEEE 754 binary16.</summary>
    Float16,

    /// <summary>The upper half of a binary32: 8 exponent bits, 7 fraction bits.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>IEEE 754 binary64.</summary>
    Float64,

    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>Signed, one byte.</summary>
    Int8,

    /// <summary>Signed, two bytes.</summary>
    Int16,

    /// <summary>Signed, four bytes.</summary>
    Int32,

    /// <summary>Signed, eight bytes.</summary>
    Int64,

    /// <summary>Unsigned, one byte.</summary>
    UInt8,

    /// <summary>Unsigned, two bytes.</summary>
    UInt16,

    /// <summary>Unsigned, four bytes.</summary>
    UInt32,

    /// <summary>Unsigned, eight bytes.</summary>
    UInt64,
}
