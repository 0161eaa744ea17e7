using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Benchmarks.Chapters;

/// <summary>
/// This service's side of the binary losses: a line "case dtype rows classes logits-file labels-file [metrics]" in, "seconds loss" out.
/// </summary>
internal static class BinaryLoop
{
    /// <summary>The argument of this program that runs it.</summary>
    public const string Verb = "binary-loop";

    /// <summary>The cases by their names in Peers/torch_binary.py.</summary>
    public static readonly IReadOnlyDictionary<string, (string Title, string Loss, string? Option, double Value)> Cases =
        new Dictionary<string, (string, string, string?, double)>
        {
            ["hard"] = ("binary_cross_entropy", "binary_cross_entropy", null, 0),
            ["smoothing"] = ("binary_cross_entropy, label_smoothing", "binary_cross_entropy", "label_smoothing", 0.1),
            ["temperature"] = ("binary_cross_entropy, temperature", "binary_cross_entropy", "temperature", 2.5),
            ["pos_weight"] = ("binary_cross_entropy, pos_weight", "binary_cross_entropy", "pos_weight", 3),
            ["soft"] = ("binary_cross_entropy, soft labels", "binary_cross_entropy", null, 0),
            ["focal"] = ("binary_focal", "binary_focal", null, 0),
            ["asymmetric"] = ("asymmetric", "asymmetric", null, 0),
            ["brier"] = ("binary_brier", "binary_brier", null, 0),
            ["hinge"] = ("hinge", "hinge", null, 0),
            ["squared_hinge"] = ("squared_hinge", "squared_hinge", null, 0),
        };

    /// <summary>Answers line after line until there are no more.</summary>
    public static void Run()
    {
        var (asked, loss, batch) = ("", default(Loss), default(Batch));
        while (Console.ReadLine() is { } line)
        {
            if (line != asked)
            {
                batch?.Dispose();
                var words = line.Split(' ');
                (asked, loss, batch) = (line, LossCatalogue.Find(Cases[words[0]].Loss)!, Load(words));
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
        var (_, loss, option, value) = Cases[words[0]];
        var options = new OptionValues();
        if (option is not null) options.TrySet(LossCatalogue.Find(loss)!.FindOption(option)!, value);
        var shape = new Shape(int.Parse(words[2], CultureInfo.InvariantCulture), int.Parse(words[3], CultureInfo.InvariantCulture));
        var more = words.Contains("metrics") ? OutputSet.Metrics : 0;
        return new()
        {
            Form = PredictionForm.Logits,
            Predictions = Load(DTypes.Parse(words[1])!.Value, shape, words[4]),
            Labels = Load(DType.Float32, shape, words[5]),
            Options = options,
            Outputs = OutputSet.Loss | OutputSet.Gradient | more,
        };
    }

    private static Tensor Load(DType dtype, Shape shape, string file)
    {
        var numbers = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(file));
        var doubles = new double[numbers.Length];
        for (var i = 0; i < doubles.Length; i++) doubles[i] = numbers[i];
        var tensor = new Tensor(dtype, shape) { IsFinite = true };
        ArgumentOutOfRangeException.ThrowIfNotEqual(doubles.Length, tensor.Count);
        tensor.Write(0, doubles);
        return tensor;
    }
}
