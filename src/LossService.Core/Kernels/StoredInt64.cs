using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of an int64 tensor.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(long))]
internal readonly unsafe struct StoredInt64 : IStored<StoredInt64>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(StoredInt64* source) => Vector256.ConvertToDouble(Vector256.Load((long*)source));
}
