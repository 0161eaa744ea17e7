using System.Runtime.Intrinsics;
using CsCheck;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Tests.Kernels;

/// <summary>Four short rows, stored class by class, and written back.</summary>
public unsafe class TransposeTests
{
    private const int Rows = 4, MaxClasses = 40, Gap = 3;

    /// <summary>Factors are powers of 2, so that products are exact.</summary>
    private static readonly double[] Factors = [1, 2, -4, 0.5];

    private static readonly Gen<(float[] Values, int Classes)> Cases =
        Gen.Select(Gen.Float[-100, 100].Array[Rows * (MaxClasses + Gap)], Gen.Int[1, MaxClasses]);

    [Fact]
    public void Read_RowsOfAnyLength_AreAColumnForEachClass() => Cases.Sample((values, classes) =>
    {
        AssertColumns<StoredFloat16, StoredFloat32>(values, classes);
        AssertColumns<StoredBFloat16, StoredFloat32>(values, classes);
        AssertColumns<StoredFloat32, StoredFloat32>(values, classes);
        AssertColumns<StoredFloat64, StoredFloat64>(values, classes);
    });

    [Fact]
    public void Write_Columns_RestoresTheRowsAndNothingElse() => Cases.Sample((values, classes) =>
    {
        AssertWritten<StoredFloat16>(values, classes);
        AssertWritten<StoredBFloat16>(values, classes);
        AssertWritten<StoredFloat32>(values, classes);
        AssertWritten<StoredFloat64>(values, classes);
    });

    private static void AssertColumns<TElement, TColumn>(float[] values, int classes)
        where TElement : unmanaged, IStoredFloat<TElement> where TColumn : unmanaged, IStoredFloat<TColumn>
    {
        var stored = Array.ConvertAll(values, value => TElement.FromDouble(value));
        var columns = new TColumn[classes * Rows];
        Vector256<double> min, max;
        fixed (TElement* first = stored)
        fixed (TColumn* to = columns)
        {
            var rows = stackalloc TElement*[Rows];
            for (var row = 0; row < Rows; row++) rows[row] = first + row * (classes + Gap);
            min = SoftmaxColumns<TColumn>.Read(rows, classes, to, out max);
        }
        for (var row = 0; row < Rows; row++)
        {
            var expected = Array.ConvertAll(stored[(row * (classes + Gap))..][..classes], TElement.ToDouble);
            for (var c = 0; c < classes; c++) Assert.Equal(expected[c], TColumn.ToDouble(columns[c * Rows + row]));
            Assert.Equal((expected.Min(), expected.Max()), (min[row], max[row]));
        }
    }

    private static void AssertWritten<TElement>(float[] values, int classes) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var columns = Array.ConvertAll(values[..(classes * Rows)], value => (double)value);
        var written = new TElement[Rows * (classes + Gap)];
        fixed (double* from = columns)
        fixed (TElement* first = written)
        {
            var rows = stackalloc TElement*[Rows];
            for (var row = 0; row < Rows; row++) rows[row] = first + row * (classes + Gap);
            SoftmaxColumns<TElement>.Write(from, classes, Vector256.Create(Factors), rows);
        }
        for (var i = 0; i < written.Length; i++)
        {
            var (row, c) = (i / (classes + Gap), i % (classes + Gap));
            var expected = c < classes ? TElement.ToDouble(TElement.FromDouble(columns[c * Rows + row] * Factors[row])) : 0;
            Assert.Equal(expected, TElement.ToDouble(written[i]));
        }
    }
}
