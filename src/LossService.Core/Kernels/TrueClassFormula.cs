using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>A loss of the true class alone, for rows side by side: its value, and −∂value/∂log p.</summary>
internal abstract class TrueClassFormula
{
    /// <summary>The value, and −∂value/∂log p.</summary>
    /// <param name="logP">log p of the true class.</param>
    /// <param name="p">p of the true class.</param>
    /// <param name="q">1 − p of the true class.</param>
    public abstract (Dd Value, Dd Slope) Score(Dd logP, Dd p, Dd q);

    /// <inheritdoc cref="Score(Dd, Dd, Dd)"/>
    public abstract (WideDouble Value, WideDouble Slope) Score(WideDouble logP, WideDouble p, WideDouble q);

    /// <inheritdoc cref="Score(Dd, Dd, Dd)"/>
    public abstract (WideEight Value, WideEight Slope) Score(WideEight logP, WideEight p, WideEight q);

    /// <summary>The same in sums of two doubles, for any number of lanes.</summary>
    /// <inheritdoc cref="Score(Dd, Dd, Dd)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (TWide Value, TWide Slope) ScoreWide<TWide>(TWide logP, TWide p, TWide q) where TWide : struct, IWideNumbers<TWide>
    {
        if (typeof(TWide) == typeof(WideEight))
        {
            var (eight, slopes) = Score(
                Unsafe.BitCast<TWide, WideEight>(logP), Unsafe.BitCast<TWide, WideEight>(p), Unsafe.BitCast<TWide, WideEight>(q));
            return (Unsafe.BitCast<WideEight, TWide>(eight), Unsafe.BitCast<WideEight, TWide>(slopes));
        }
        var (value, slope) = Score(
            Unsafe.BitCast<TWide, WideDouble>(logP), Unsafe.BitCast<TWide, WideDouble>(p), Unsafe.BitCast<TWide, WideDouble>(q));
        return (Unsafe.BitCast<WideDouble, TWide>(value), Unsafe.BitCast<WideDouble, TWide>(slope));
    }
}

/// <summary>A formula that is written for any arithmetic.</summary>
/// <param name="term">It.</param>
internal sealed class TrueClassFormula<TTerm>(TTerm term) : TrueClassFormula where TTerm : struct, ITrueClassTerm
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override (Dd Value, Dd Slope) Score(Dd logP, Dd p, Dd q) => term.At(logP, p, q);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override (WideDouble Value, WideDouble Slope) Score(WideDouble logP, WideDouble p, WideDouble q) => term.At(logP, p, q);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override (WideEight Value, WideEight Slope) Score(WideEight logP, WideEight p, WideEight q) => term.At(logP, p, q);
}
