using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of a bool or uint8 tensor.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(byte))]
internal readonly unsafe struct StoredByte : IStored<StoredByte>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(StoredByte* source)
    {
        // a byte b in the low byte of the double 2⁵² makes it 2⁵² + b
        var two52 = Vector256.Create(4503599627370496.0);
        var four = Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)source).AsByte()));
        return (Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four)) | two52.AsUInt64()).AsDouble() - two52;
    }
}
