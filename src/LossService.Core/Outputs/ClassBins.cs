using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>The bins of each class, of equal width: sums over the probability of the class and its label, exact.</summary>
/// <param name="classes">K.</param>
/// <param name="bins">The number of bins of a class.</param>
internal sealed class ClassBins(int classes, BinEdges bins)
{
    /// <summary>The most bins of all classes.</summary>
    public const int MaxBins = 15_000;

    // a bin has one accumulator, for probabilities near 0, or three where its samples have weights
    private const long BytesOfSum = 1200;

    private readonly Bin?[] _bins = new Bin?[classes * bins.Count];

    /// <summary>K; 0 of a batch of no rows.</summary>
    public int Classes => classes;

    /// <summary>The bytes that the bins of a batch take at most.</summary>
    public static long CountBytes(long classes, long bins, long elements, bool areWeighted) =>
        Math.Min(classes * bins, elements) * (areWeighted ? 3 : 1) * BytesOfSum;

    /// <summary>Counts a row of classes.</summary>
    /// <param name="weight">Its sample weight.</param>
    /// <param name="p">The probability of each class.</param>
    /// <param name="y">The label of each class.</param>
    public void Add(double weight, ReadOnlySpan<double> p, ReadOnlySpan<double> y)
    {
        for (var c = 0; c < classes; c++) Add(weight, c, p[c], y[c]);
    }

    /// <summary>Counts a sample of one class.</summary>
    public void Add(double weight, int c, double p, double y)
    {
        var bin = _bins[c * bins.Count + bins.Find(p)] ??= new();
        bin.Samples++;
        bin.Weight.Add(weight);
        bin.Confidence.Add(weight, p);
        bin.Outcome.Add(weight, y);
    }

    /// <summary>Adds the samples of another with as many classes and bins.</summary>
    public void Add(ClassBins other)
    {
        for (var i = 0; i < _bins.Length; i++)
        {
            if (other._bins[i] is not { } more) continue;
            var bin = _bins[i] ??= new();
            bin.Samples += more.Samples;
            bin.Weight.Add(more.Weight);
            bin.Confidence.Add(more.Confidence);
            bin.Outcome.Add(more.Outcome);
        }
    }

    /// <summary>The diagrams of all classes.</summary>
    public ClassWiseCalibration Conclude()
    {
        var sums = new DiagramSums();
        var diagrams = new ReliabilityDiagram[classes];
        for (var c = 0; c < classes; c++)
        {
            for (var i = 0; i < bins.Count; i++)
            {
                if (_bins[c * bins.Count + i] is not { } bin) continue;
                sums.Bin.Samples = bin.Samples;
                bin.Weight.AddTo(sums.Bin.Weight);
                bin.Confidence.AddTo(sums.Bin.Confidence);
                bin.Outcome.AddTo(sums.Bin.Outcome);
                sums.End(bins[i], bins[i + 1]);
            }
            diagrams[c] = sums.Conclude();
        }
        var total = new ExactSum();
        var counted = 0;
        foreach (var diagram in diagrams)
        {
            if (diagram.CalibrationError is not { } error) continue;
            total.Add(error);
            counted++;
        }
        return new(counted == 0 ? null : total.Round() / counted, diagrams);
    }

    private sealed class Bin
    {
        public long Samples;
        public WeightSum Weight;
        public UnitSum Confidence;
        public UnitSum Outcome;
    }
}
