using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>
/// Selections without a branch. Which of two digits is closer, or whether a text needs a point, is as good as random, and a
/// mispredicted branch costs more than writing half a number; inside loops the JIT compiles every ternary to a branch.
/// </summary>
internal static class Branchless
{
    /// <summary>1 for true, 0 for false.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ToBit(bool condition) => condition ? 1u : 0u;

    /// <summary><paramref name="yes"/> where <paramref name="bit"/> is 1, <paramref name="no"/> where it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Select(uint bit, ulong yes, ulong no) => no ^ ((yes ^ no) & (0ul - bit));

    /// <inheritdoc cref="Select(uint, ulong, ulong)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Select(uint bit, int yes, int no) => no ^ ((yes ^ no) & -(int)bit);

    /// <summary>The larger of the number and 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MaxWithZero(int number) => number & ~(number >> 31);
}
