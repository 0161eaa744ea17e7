using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>The lanes that rows are processed in.</summary>
internal static class DdRow
{
    /// <summary>The elements of one operation.</summary>
    public const int Width = VectorMath.Width;

    /// <summary>All bits set in the lane with that number; no bits set where it is not 0 to 7.</summary>
    public static Vector512<double> LaneIs(int lane) =>
        Vector512.Equals(Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7), Vector512.Create((double)lane));

    /// <summary>The length of a row of <paramref name="count"/> elements with its padding.</summary>
    public static int Padded(int count) => (count + Width - 1) & -Width;
}
