using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>
/// Choices without a branch. Which of two digits is closer, or whether a text needs a point, is as good as random, and a
/// mispredicted branch costs more than writing half a number; inside loops the JIT makes a branch of every ternary.
/// </summary>
internal static class Choice
{
    /// <summary>1 for true, 0 for false.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bit(bool condition) => condition ? 1u : 0u;

    /// <summary><paramref name="yes"/> where <paramref name="bit"/> is 1, <paramref name="no"/> where it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(uint bit, ulong yes, ulong no) => no ^ ((yes ^ no) & (0ul - bit));

    /// <inheritdoc cref="Of(uint, ulong, ulong)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(uint bit, int yes, int no) => no ^ ((yes ^ no) & -(int)bit);

    /// <summary>The number, or 0 where it is negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Positive(int number) => number & ~(number >> 31);
}
