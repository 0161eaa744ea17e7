using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>A float element as a tensor stores it: how a kernel reads and writes four or eight of them, each rounded once.</summary>
internal unsafe interface IStoredFloat<TSelf> : IStored<TSelf> where TSelf : unmanaged, IStoredFloat<TSelf>
{
    /// <summary>Writes eight elements.</summary>
    static abstract void Store(Vector512<double> value, TSelf* destination);

    /// <summary>Writes four elements.</summary>
    static abstract void StoreFour(Vector256<double> value, TSelf* destination);

    /// <summary>Reads elements start to start + 3 of each of eight rows, and stores them as four columns of eight.</summary>
    static abstract void LoadColumns(TSelf** rows, int start, TSelf* columns);

    /// <summary>Writes elements start to start + 3 of each of eight rows from four columns of eight.</summary>
    static abstract void StoreColumns(
        Vector512<double> one, Vector512<double> two, Vector512<double> three, Vector512<double> four, TSelf** rows, int start);

    /// <summary>The minimum and the maximum of at least one element, none NaN.</summary>
    static abstract (double Min, double Max) FindMinMax(TSelf* row, int count);

    /// <summary>The minima and the maxima, lane by lane, of at least one column of eight, none NaN.</summary>
    static abstract Vector512<double> FindMinMaxOfColumns(TSelf* columns, int count, out Vector512<double> max);

    /// <summary>Widens one element.</summary>
    static abstract double ToDouble(TSelf value);

    /// <summary>Rounds to one element, to nearest even.</summary>
    static abstract TSelf FromDouble(double value);
}
