using CsCheck;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Kernels;

public unsafe class TransposeTests
{
    private const int Rows = 4, Length = 13, Four = 4;

    private static readonly Gen<(float[] Values, int Start)> Cases =
        Gen.Select(Gen.Float[-100, 100].Array[Rows * Length], Gen.Int[0, Length - Four]);

    [Fact]
    public void LoadColumns_AnyFourNeighbours_AreAColumnEach() => Cases.Sample((values, start) =>
    {
        AssertColumns<StoredFloat32>(values, start);
        AssertColumns<StoredFloat64>(values, start);
    });

    [Fact]
    public void StoreColumns_WhatWasLoaded_RestoresTheFourAndNoOther() => Cases.Sample((values, start) =>
    {
        AssertRestored<StoredFloat32>(values, start);
        AssertRestored<StoredFloat64>(values, start);
    });

    private static void AssertColumns<TElement>(float[] values, int start) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var columns = Columns(Array.ConvertAll(values, value => TElement.FromDouble(value)), start);
        for (var i = 0; i < columns.Length; i++)
            Assert.Equal(values[i % Rows * Length + start + i / Rows], TElement.ToDouble(columns[i]));
    }

    private static void AssertRestored<TElement>(float[] values, int start) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var columns = Columns(Array.ConvertAll(values, value => TElement.FromDouble(value)), start);
        var copy = new TElement[values.Length];
        fixed (TElement* first = copy, column = columns)
        {
            var rows = stackalloc TElement*[Rows];
            for (var row = 0; row < Rows; row++) rows[row] = first + row * Length;
            TElement.StoreColumns(
                TElement.Load(column), TElement.Load(column + Rows), TElement.Load(column + 2 * Rows), TElement.Load(column + 3 * Rows),
                rows, start);
        }
        for (var i = 0; i < values.Length; i++)
            Assert.Equal(i % Length >= start && i % Length < start + Four ? values[i] : 0, TElement.ToDouble(copy[i]));
    }

    private static TElement[] Columns<TElement>(TElement[] values, int start) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var columns = new TElement[Four * Rows];
        fixed (TElement* first = values, column = columns)
        {
            var rows = stackalloc TElement*[Rows];
            for (var row = 0; row < Rows; row++) rows[row] = first + row * Length;
            TElement.LoadColumns(rows, start, column);
        }
        return columns;
    }
}
