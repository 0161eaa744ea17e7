namespace LossService.Core.Engine;

/// <summary>The working memory of a block of elements: what is read, what a step hands to the next, what is written.</summary>
/// <remarks>
/// Each row starts at a multiple of 64 bytes, so that no vector crosses a cache line, and all stay in the first-level cache.
/// </remarks>
internal sealed unsafe class BinaryScratch
{
    /// <summary>The elements of a block; a multiple of the lanes.</summary>
    public const int Block = 256;

    private const int Rows = 26;

    private readonly double* _first;

    // pinned, and kept from collection by this reference
    private readonly double[] _memory = GC.AllocateArray<double>(Rows * Block + 8, pinned: true);

    public BinaryScratch()
    {
        fixed (double* start = _memory) _first = (double*)(((nuint)start + 63) & ~(nuint)63);
    }

    /// <summary>The predictions as posted; NaN for masked ones.</summary>
    public double* Posted => _first;

    /// <summary>The labels as posted.</summary>
    public double* Label => _first + Block;

    /// <summary>The sample weights; 0 for elements that are not kept.</summary>
    public double* Weight => _first + 2 * Block;

    /// <summary>The weights of the positive class.</summary>
    public double* PosWeight => _first + 3 * Block;

    /// <summary>The link's first step.</summary>
    public double* Start => _first + 4 * Block;

    /// <summary>What <see cref="Start"/> lacks to its number.</summary>
    public double* StartRest => _first + 5 * Block;

    /// <summary>The log of the larger of p and 1 − p.</summary>
    public double* LogOfLarger => _first + 6 * Block;

    /// <summary>What <see cref="LogOfLarger"/> lacks to its number.</summary>
    public double* LogOfLargerRest => _first + 7 * Block;

    /// <summary>The log of the smaller of p and 1 − p, of posted probabilities.</summary>
    public double* LogOfSmaller => _first + 8 * Block;

    /// <summary>What <see cref="LogOfSmaller"/> lacks to its number.</summary>
    public double* LogOfSmallerRest => _first + 9 * Block;

    /// <summary>The weighted losses.</summary>
    public double* Value => _first + 10 * Block;

    /// <summary>What <see cref="Value"/> lacks to the losses.</summary>
    public double* ValueRest => _first + 11 * Block;

    /// <summary>The gradient.</summary>
    public double* Gradient => _first + 12 * Block;

    /// <summary>The probabilities.</summary>
    public double* P => _first + 13 * Block;

    /// <summary>The log-probabilities.</summary>
    public double* LogP => _first + 14 * Block;

    /// <summary>The entropies, in the batch's unit.</summary>
    public double* Entropy => _first + 15 * Block;

    /// <summary>The cross-entropies in nats, from the label before smoothing.</summary>
    public double* CrossEntropy => _first + 16 * Block;

    /// <summary>The predicted classes.</summary>
    public double* Class => _first + 17 * Block;

    /// <summary>The second derivatives by the predictions.</summary>
    public double* Hessian => _first + 18 * Block;

    /// <summary>The first step of a teacher's labels.</summary>
    public double* LabelStart => _first + 19 * Block;

    /// <summary>What <see cref="LabelStart"/> lacks to its number.</summary>
    public double* LabelStartRest => _first + 20 * Block;

    /// <summary>The probabilities that a teacher's labels are, before smoothing.</summary>
    public double* Target => _first + 21 * Block;

    /// <summary>What is added to the logits after their division by the temperature.</summary>
    public double* Bias => _first + 22 * Block;

    /// <summary>The probabilities of the negative class.</summary>
    public double* Q => _first + 23 * Block;

    /// <summary>z/T + b, where that is not the posted logit.</summary>
    public double* Score => _first + 24 * Block;

    /// <summary>What <see cref="Score"/> lacks.</summary>
    public double* ScoreError => _first + 25 * Block;

    /// <summary>The places in the block of elements to be computed again.</summary>
    public byte[] Lost { get; } = new byte[Block];

    /// <summary>Of these places, those whose value and gradient stay.</summary>
    public bool[] KeepsScore { get; } = new bool[Block];

    /// <summary>The number of <see cref="Lost"/>.</summary>
    public int LostCount { get; set; }

    /// <summary>Whether <see cref="ValueRest"/> is not all 0.</summary>
    public bool HasRest { get; set; }

    /// <summary>The first elements of a row.</summary>
    public static Span<double> Span(double* row, int count = Block) => new(row, count);

    /// <summary>Copies what is read of an element of another.</summary>
    public void TakeElement(int to, BinaryScratch other, int from)
    {
        Posted[to] = other.Posted[from];
        Label[to] = other.Label[from];
        Weight[to] = other.Weight[from];
        PosWeight[to] = other.PosWeight[from];
        Score[to] = other.Score[from];
        ScoreError[to] = other.ScoreError[from];
    }

    /// <summary>Copies the results of an element of another; value and gradient only where they do not stay.</summary>
    public void TakeResults(int to, BinaryScratch other, int from)
    {
        if (!KeepsScore[to])
        {
            Value[to] = other.Value[from];
            ValueRest[to] = other.ValueRest[from];
            Gradient[to] = other.Gradient[from];
        }
        KeepsScore[to] = false;
        P[to] = other.P[from];
        Q[to] = other.Q[from];
        LogP[to] = other.LogP[from];
        Entropy[to] = other.Entropy[from];
        CrossEntropy[to] = other.CrossEntropy[from];
        Target[to] = other.Target[from];
    }
}
