namespace LossService.Core.Rows;

/// <summary>The working memory of <see cref="SoftmaxRows{TElement}"/>: a block's rows, what they are and what becomes of them.</summary>
/// <remarks>Each thread keeps one, so that a small batch allocates none; one that a long row has made large is not kept.</remarks>
internal sealed unsafe class SoftmaxScratch : IDisposable
{
    /// <summary>The most rows of a block.</summary>
    public const int Rows = 64;

    private const int LargestKept = 1 << 20;

    [ThreadStatic]
    private static SoftmaxScratch? s_kept;

    private NativeBuffer _exponentials = new();

    /// <summary>Which row of the batch.</summary>
    public long[] Index { get; } = new long[Rows];

    /// <summary>y.</summary>
    public int[] Class { get; } = new int[Rows];

    /// <summary>The least logit.</summary>
    public double[] Min { get; } = new double[Rows];

    /// <summary>m.</summary>
    public double[] Max { get; } = new double[Rows];

    /// <summary>z_y.</summary>
    public double[] Label { get; } = new double[Rows];

    /// <summary>The sample's w.</summary>
    public double[] Weight { get; } = new double[Rows];

    /// <summary>s.</summary>
    public double[] Rest { get; } = new double[Rows];

    /// <summary>The weighted loss.</summary>
    public double[] Loss { get; } = new double[Rows];

    /// <summary>What its rounding left over.</summary>
    public double[] Low { get; } = new double[Rows];

    /// <summary>scale/(1 + s).</summary>
    public double[] Part { get; } = new double[Rows];

    /// <summary>e_y, then scale·(1 − p_y).</summary>
    public double[] Missing { get; } = new double[Rows];

    /// <summary>This thread's scratch, for the caller alone until it is returned.</summary>
    public static SoftmaxScratch Rent()
    {
        var scratch = s_kept ?? new();
        s_kept = null;
        return scratch;
    }

    /// <summary>Room for the exponentials of <paramref name="rows"/> rows.</summary>
    public double* Exponentials(int rows, int padded)
    {
        _exponentials.Reserve((nuint)rows * (nuint)padded * sizeof(double));
        return (double*)_exponentials.Address;
    }

    /// <summary>Gives it back to the thread.</summary>
    public void Dispose()
    {
        if (_exponentials.Capacity > LargestKept)
        {
            _exponentials.Dispose();
            _exponentials = new();
        }
        s_kept = this;
    }
}
