using BenchmarkDotNet.Attributes;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Benchmarks.Losses;

/// <summary>Every loss of the catalogue, with and without gradient, on shapes that are long, narrow and wide.</summary>
[BenchmarkCategory("losses")]
public unsafe class LossBenchmarks : IDisposable
{
    private Loss _loss = LossCatalogue.All[0];
    private Batch? _batch;

    /// <summary>The names in the catalogue.</summary>
    public static IEnumerable<string> Names => LossCatalogue.All.Select(loss => loss.Name);

    /// <summary>A loss.</summary>
    [ParamsSource(nameof(Names))]
    public string Name { get; set; } = "";

    /// <summary>Rows × classes.</summary>
    [Params("1024x1000", "32768x32", "20x50257")]
    public string Shape { get; set; } = "";

    /// <summary>What is computed.</summary>
    [Params(OutputSet.Loss, OutputSet.Loss | OutputSet.Gradient)]
    public OutputSet Wanted { get; set; }

    /// <summary>Draws predictions in the form that the loss takes first, and labels of its kind.</summary>
    [GlobalSetup]
    public void Draw()
    {
        _loss = LossCatalogue.Find(Name)!;
        var axes = Array.ConvertAll(Shape.Split('x'), int.Parse);
        var isBinary = _loss.Kind == LossKind.Binary;
        var drawn = new Racing.DrawnBatch(axes[0], axes[1], isBinary ? axes[0] * axes[1] : axes[0]);
        var shape = new Core.Tensors.Shape(axes);
        var predictions = new Tensor(DType.Float32, shape) { IsFinite = true };
        drawn.Logits.CopyTo(predictions.AsSpan<float>());
        if (_loss.Accepts[0] != PredictionForm.Logits) Normalise(predictions, _loss.Accepts[0]);
        var labels = new Tensor(DType.Int64, isBinary ? shape : new ClassLayout(shape).Samples);
        Array.ConvertAll(drawn.Labels, label => isBinary ? label & 1 : label).CopyTo(labels.AsSpan<long>());
        _batch = new()
        {
            Form = _loss.Accepts[0],
            Predictions = predictions,
            Labels = _loss.Labels == LabelRule.None ? null : labels,
            Outputs = Wanted,
        };
    }

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        _batch?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>One batch.</summary>
    [Benchmark]
    public double Score()
    {
        using var scores = _loss.Score(_batch!);
        return scores.Totals.Loss;
    }

    private static void Normalise(Tensor tensor, PredictionForm form)
    {
        var row = new double[tensor.Shape.Last];
        for (long start = 0; start < tensor.Count; start += row.Length)
        {
            tensor.Read(start, row);
            var sum = row.Sum(Math.Exp);
            for (var c = 0; c < row.Length; c++)
                row[c] = form == PredictionForm.Probabilities ? Math.Exp(row[c]) / sum : row[c] - Math.Log(sum);
            tensor.Write(start, row);
        }
    }
}
