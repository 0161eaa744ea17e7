using LossService.Core.Tensors;

namespace LossService.Formats.Numpy;

/// <summary>NumPy's names of dtypes, such as <c>&lt;f4</c>: byte order, kind, and bytes of an element.</summary>
internal static class NpyDType
{
    private static readonly Dictionary<string, DType> ByName =
        Enum.GetValues<DType>().Where(dtype => dtype != DType.BFloat16).ToDictionary(dtype => Name(dtype)[1..]);

    /// <summary>NumPy's name of a dtype that it has: of any but bfloat16.</summary>
    public static string Name(DType dtype)
    {
        var kind = dtype switch
        {
            DType.Bool => 'b',
            DType.Float16 or DType.Float32 or DType.Float64 => 'f',
            DType.Int8 or DType.Int16 or DType.Int32 or DType.Int64 => 'i',
            _ => 'u',
        };
        return $"{(dtype.Size() == 1 ? '|' : '<')}{kind}{dtype.Size()}";
    }

    /// <summary>Finds the dtype of a name.</summary>
    public static bool TryParse(string name, out DType dtype, out bool isBigEndian)
    {
        isBigEndian = name.StartsWith('>');
        dtype = default;
        return name.Length > 1 && (name[0] is '<' or '>' || name is ['|', _, '1']) && ByName.TryGetValue(name[1..], out dtype);
    }

    /// <summary>What to do about a name that is none of these.</summary>
    public static string Hint(string name) => name.TrimStart('<', '>', '|', '=') switch
    {
        ['O', ..] => "; an array of objects is pickled, which is not read",
        ['U' or 'S', ..] => "; send numbers, such as class indices, not names",
        ['f', ..] => "; save it as float64",
        ['V', ..] => "; save bfloat16 as float32",
        _ => "",
    };
}
