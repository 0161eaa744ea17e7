using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>The lanes that rows are processed in.</summary>
internal static class Lanes
{
    /// <summary>All bits set in the lane with that number; no bits set where it is not 0 to 3.</summary>
    public static Vector256<double> LaneIs(int lane) =>
        Vector256.Equals(Vector256.Create(0.0, 1, 2, 3), Vector256.Create((double)lane));

    /// <summary>The length of a row of <paramref name="count"/> elements with its padding.</summary>
    public static int Padded(int count) => (count + VectorMath.Width - 1) & -VectorMath.Width;
}
