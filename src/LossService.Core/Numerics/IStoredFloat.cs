using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>A float element as a tensor stores it: how a kernel reads and writes four of them, each rounded once.</summary>
internal unsafe interface IStoredFloat<TSelf> : IStored<TSelf> where TSelf : unmanaged, IStoredFloat<TSelf>
{
    /// <summary>Writes eight elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static virtual void StoreEight(Vector512<double> value, TSelf* destination)
    {
        TSelf.Store(value.GetLower(), destination);
        TSelf.Store(value.GetUpper(), destination + Vector256<double>.Count);
    }

    /// <summary>Writes four elements.</summary>
    static abstract void Store(Vector256<double> value, TSelf* destination);

    /// <summary>Writes elements start to start + 3 of each of four rows from four columns of four.</summary>
    static abstract void StoreColumns(
        Vector256<double> one, Vector256<double> two, Vector256<double> three, Vector256<double> four, TSelf** rows, int start);

    /// <summary>The minimum and the maximum of at least one element, none NaN.</summary>
    static abstract (double Min, double Max) FindMinMax(TSelf* row, int count);

    /// <summary>Widens one element.</summary>
    static abstract double ToDouble(TSelf value);

    /// <summary>Rounds to one element, to nearest even.</summary>
    static abstract TSelf FromDouble(double value);
}
