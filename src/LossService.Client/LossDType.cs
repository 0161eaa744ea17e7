namespace LossService.Client;

/// <summary>The type of a tensor's elements.</summary>
public enum LossDType
{
    /// <summary>Booleans, a byte each: 0 or 1.</summary>
    Bool,

    /// <summary><see cref="sbyte"/>.</summary>
    Int8,

    /// <summary><see cref="short"/>.</summary>
    Int16,

    /// <summary><see cref="int"/>.</summary>
    Int32,

    /// <summary><see cref="long"/>.</summary>
    Int64,

    /// <summary><see cref="byte"/>.</summary>
    UInt8,

    /// <summary><see cref="ushort"/>.</summary>
    UInt16,

    /// <summary><see cref="uint"/>.</summary>
    UInt32,

    /// <summary><see cref="ulong"/>.</summary>
    UInt64,

    /// <summary><see cref="Half"/>.</summary>
    Float16,

    /// <summary>The upper half of a <see cref="float"/>. .NET 10 has no such type: elements are bits, as <see cref="ushort"/>.</summary>
    BFloat16,

    /// <summary><see cref="float"/>.</summary>
    Float32,

    /// <summary><see cref="double"/>.</summary>
    Float64,
}
