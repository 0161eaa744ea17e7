using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of an int32 tensor.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(int))]
internal readonly unsafe struct StoredInt32 : IStored<StoredInt32>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(StoredInt32* source)
    {
        var four = Vector128.Load((int*)source);
        return Avx.IsSupported
            ? Avx.ConvertToVector256Double(four)
            : Vector256.ConvertToDouble(Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four)));
    }
}
