using System.Runtime.CompilerServices;

namespace LossService.Core.Kernels;

/// <summary>The smallest and the largest of a row's numbers z/T + b.</summary>
/// <param name="Min">The smallest, rounded.</param>
/// <param name="Max">The largest, rounded.</param>
/// <param name="MaxError">What <paramref name="Max"/> lacks.</param>
internal readonly record struct BiasedRange(double Min, double Max, double MaxError)
{
    /// <summary>The range with more numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public BiasedRange With(double min, double max, double maxError)
    {
        var isLarger = max > Max || (max == Max && maxError > MaxError);
        return new(Math.Min(min, Min), isLarger ? max : Max, isLarger ? maxError : MaxError);
    }
}
