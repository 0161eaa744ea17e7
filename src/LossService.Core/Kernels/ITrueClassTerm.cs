using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>A loss of the true class alone, in any arithmetic.</summary>
internal interface ITrueClassTerm
{
    /// <summary>The value, and −∂value/∂log p.</summary>
    /// <param name="logP">log p of the true class.</param>
    /// <param name="p">p of the true class.</param>
    /// <param name="q">1 − p of the true class.</param>
    (TNumber Value, TNumber Slope) At<TNumber>(TNumber logP, TNumber p, TNumber q) where TNumber : struct, IArithmetic<TNumber>;
}
