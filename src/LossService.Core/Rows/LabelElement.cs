using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Rows;

/// <summary>A label of an int64 tensor.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(long))]
internal readonly unsafe struct Int64Label : IElement<Int64Label>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(Int64Label* source) => Vector512.ConvertToDouble(Vector512.Load((long*)source));
}

/// <summary>A label of an int32 tensor.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(int))]
internal readonly unsafe struct Int32Label : IElement<Int32Label>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(Int32Label* source)
    {
        var (lower, upper) = Vector256.Widen(Vector256.Load((int*)source));
        return Vector512.ConvertToDouble(Vector512.Create(lower, upper));
    }
}

/// <summary>A label of a bool or uint8 tensor.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(byte))]
internal readonly unsafe struct ByteLabel : IElement<ByteLabel>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load(ByteLabel* source)
    {
        // in the low byte of the double 2⁵², a byte adds itself to it
        var two52 = Vector512.Create(4503599627370496.0);
        var words = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte());
        var (lower, upper) = Vector128.Widen(words);
        var eight = Vector512.Create(
            Vector256.Create(Vector128.WidenLower(lower), Vector128.WidenUpper(lower)),
            Vector256.Create(Vector128.WidenLower(upper), Vector128.WidenUpper(upper)));
        return (eight | two52.AsUInt64()).AsDouble() - two52;
    }
}
