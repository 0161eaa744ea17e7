using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>A float element of 32 bits or fewer: how short rows of them are read, widened to float32, and written.</summary>
internal unsafe interface INarrowFloat<TSelf> : IStoredFloat<TSelf> where TSelf : unmanaged, INarrowFloat<TSelf>
{
    /// <summary>Reads four elements.</summary>
    static abstract Vector128<float> LoadFloats(TSelf* source);

    /// <summary>Reads sixteen elements, on processors with AVX-512.</summary>
    static abstract Vector512<float> LoadSixteenFloats(TSelf* source);

    /// <summary>Writes elements start to start + 7 of each of four rows from eight columns of four, on processors with AVX-512.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="factors">What those of each row are multiplied by, twice.</param>
    /// <param name="rows">The start of each of the four rows.</param>
    /// <param name="start">The first element.</param>
    static abstract void StoreEightColumns(double* columns, Vector512<double> factors, TSelf** rows, int start);
}
