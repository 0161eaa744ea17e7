using System.Runtime.Intrinsics;

namespace LossService.Core.Kernels;

/// <summary>How a kernel also writes them: eight at a time, each rounded once.</summary>
internal unsafe interface IStoredFloat<TSelf> : IStored<TSelf> where TSelf : unmanaged, IStoredFloat<TSelf>
{
    /// <summary>Writes eight elements.</summary>
    static abstract void Store(Vector512<double> value, TSelf* destination);

    /// <summary>Reads four neighbours from each of eight rows, and stores a column of eight for each neighbour.</summary>
    static abstract void LoadColumns(TSelf** rows, int start, TSelf* columns);

    /// <summary>Writes four neighbours of each of eight rows.</summary>
    static abstract void StoreColumns(
        Vector512<double> one, Vector512<double> two, Vector512<double> three, Vector512<double> four, TSelf** rows, int start);

    /// <summary>The least and the largest of at least one element, none NaN.</summary>
    static abstract (double Min, double Max) Range(TSelf* row, int count);

    /// <summary>The least and the largest, lane by lane, of at least one column of eight, none NaN.</summary>
    static abstract Vector512<double> RangeOfColumns(TSelf* columns, int count, out Vector512<double> largest);

    /// <summary>One element.</summary>
    static abstract double ToDouble(TSelf value);

    /// <summary>One element, rounded to nearest even.</summary>
    static abstract TSelf FromDouble(double value);
}
