using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Benchmarks.Chapters;

/// <summary>This service's side of <see cref="Kernels"/>: a line "loss rows classes logits-file labels-file" in, "seconds loss"
/// out.</summary>
internal static class KernelLoop
{
    /// <summary>The argument of this program that runs it.</summary>
    public const string Verb = "kernel";

    /// <summary>Answers line after line until there are no more.</summary>
    public static void Run()
    {
        var (asked, loss, batch) = ("", default(Loss), default(Batch));
        while (Console.ReadLine() is { } line)
        {
            if (line != asked)
            {
                batch?.Dispose();
                (asked, loss, batch) = (line, LossCatalogue.Find(line.Split(' ')[0])!, Load(line.Split(' ')));
            }
            var start = Stopwatch.GetTimestamp();
            double value;
            using (var scores = loss!.Score(batch!)) value = scores.Loss!.Value;
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} {value}"));
        }
    }

    private static Batch Load(string[] words)
    {
        var shape = new Shape(int.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture));
        var labels = File.ReadAllBytes(words[4]);
        return new()
        {
            Form = PredictionForm.Logits,
            Predictions = Load(DType.Float32, shape, File.ReadAllBytes(words[3])),
            Labels = Load(DType.Int64, labels.Length / sizeof(long) == shape.Count ? shape : shape.WithoutLast(), labels),
            Outputs = OutputSet.Loss | OutputSet.Gradient,
        };
    }

    private static unsafe Tensor Load(DType dtype, Shape shape, byte[] bytes)
    {
        var tensor = new Tensor(dtype, shape) { IsFinite = true };
        Marshal.Copy(bytes, 0, (nint)tensor.Data, bytes.Length);
        return tensor;
    }
}
