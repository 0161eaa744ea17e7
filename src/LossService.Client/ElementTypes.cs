namespace LossService.Client;

/// <summary>The types of elements: in .NET, in the service's JSON, and in the Open Inference Protocol.</summary>
internal static class ElementTypes
{
    private static readonly (LossDType DType, Type Type, int Size, string Datatype)[] All =
    [
        (LossDType.Bool, typeof(bool), 1, "BOOL"),
        (LossDType.Int8, typeof(sbyte), 1, "INT8"),
        (LossDType.Int16, typeof(short), 2, "INT16"),
        (LossDType.Int32, typeof(int), 4, "INT32"),
        (LossDType.Int64, typeof(long), 8, "INT64"),
        (LossDType.UInt8, typeof(byte), 1, "UINT8"),
        (LossDType.UInt16, typeof(ushort), 2, "UINT16"),
        (LossDType.UInt32, typeof(uint), 4, "UINT32"),
        (LossDType.UInt64, typeof(ulong), 8, "UINT64"),
        (LossDType.Float16, typeof(Half), 2, "FP16"),
        (LossDType.BFloat16, typeof(ushort), 2, "BF16"),
        (LossDType.Float32, typeof(float), 4, "FP32"),
        (LossDType.Float64, typeof(double), 8, "FP64"),
    ];

    private static readonly string[] NativeNames = [.. All.Select(entry => entry.DType.ToString().ToLowerInvariant())];

    /// <summary>The dtype of a .NET type.</summary>
    /// <exception cref="NotSupportedException">There is none, or this machine has another order of bytes than the service.</exception>
    public static LossDType DTypeOf(Type type)
    {
        if (!BitConverter.IsLittleEndian) throw new NotSupportedException("tensors are sent from memory, which must be little-endian");
        foreach (var entry in All)
            if (entry.Type == type) return entry.DType;
        throw new NotSupportedException(
            $"a tensor has elements of {string.Join(", ", All.Select(entry => entry.Type.Name).Distinct())}, not of {type.Name}");
    }

    /// <summary>The .NET type of the elements.</summary>
    public static Type ElementType(this LossDType dtype) => All[(int)dtype].Type;

    /// <summary>The bytes of an element.</summary>
    public static int Size(this LossDType dtype) => All[(int)dtype].Size;

    /// <summary>The protocol's name, such as FP32.</summary>
    public static string Datatype(this LossDType dtype) => All[(int)dtype].Datatype;

    /// <summary>The name in the service's JSON, such as float32.</summary>
    public static string NativeName(this LossDType dtype) => NativeNames[(int)dtype];

    /// <summary>The dtype of a name of either kind.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static LossDType Parse(string? name)
    {
        for (var i = 0; i < All.Length; i++)
            if (All[i].Datatype == name || NativeNames[i] == name) return All[i].DType;
        throw new FormatException($"the service sent a tensor of the unknown dtype {name}");
    }
}
