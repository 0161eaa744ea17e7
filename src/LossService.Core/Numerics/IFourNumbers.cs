using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>An arithmetic of four numbers, with what code needs that has its numbers in vectors.</summary>
internal interface IFourNumbers<TSelf> : IArithmetic<TSelf> where TSelf : struct, IFourNumbers<TSelf>
{
    /// <summary>The four doubles <paramref name="x"/>, exactly.</summary>
    static abstract TSelf Of(Vector256<double> x);

    /// <summary>hi + lo, or the nearest number to that; <paramref name="hi"/> must be hi + lo rounded to nearest.</summary>
    static abstract TSelf Of(Vector256<double> hi, Vector256<double> lo);

    /// <summary>The nearest double of each lane.</summary>
    Vector256<double> Round();

    /// <summary>The number less the nearest double: 0 where the arithmetic has no more digits.</summary>
    Vector256<double> Rest();

    /// <summary>Lane by lane: <paramref name="a"/> where the mask's bits are set, else <paramref name="b"/>.</summary>
    static abstract TSelf Select(Vector256<double> mask, TSelf a, TSelf b);
}
