using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Benchmarks.Chapters;

/// <summary>
/// This service's side of <see cref="Kernels"/>: a line "loss rows classes logits-file labels-file [option=value …]" in, "seconds loss"
/// out. Labels are int64 indices or bits, or float32 rows; <c>teacher</c> says that these are logits. <c>dtype</c> says how the predictions
/// are held, <c>metrics</c> asks for them.
/// </summary>
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
                (asked, loss) = (line, LossCatalogue.Find(line.Split(' ')[0])!);
                batch = Load(loss, line.Split(' '));
            }
            var start = Stopwatch.GetTimestamp();
            double value;
            using (var scores = loss!.Score(batch!)) value = scores.Loss!.Value;
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} {value}"));
        }
    }

    private static Batch Load(Loss loss, string[] words)
    {
        var shape = new Shape(int.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture));
        var labels = File.ReadAllBytes(words[4]);
        var (dtype, outputs, options) = (DType.Float32, OutputSet.Loss | OutputSet.Gradient, new OptionValues());
        var form = TargetForm.Labels;
        foreach (var word in words[5..])
        {
            var (name, value) = (word.Split('=')[0], word.Split('=')[1]);
            if (name == "dtype") dtype = Enum.Parse<DType>(value, ignoreCase: true);
            else if (name == "teacher") form = TargetForm.Logits;
            else if (name == "metrics") outputs |= OutputSet.Metrics;
            else Set(options, loss.FindOption(name)!, value, shape.Last);
        }
        return new()
        {
            Form = PredictionForm.Logits,
            Predictions = Convert(Load(DType.Float32, shape, File.ReadAllBytes(words[3])), dtype),
            Labels = loss.Labels == LabelRule.None ? null
                : labels.Length == sizeof(float) * shape.Count ? Convert(Load(DType.Float32, shape, labels), dtype)
                : Load(DType.Int64, labels.Length / sizeof(long) == shape.Count ? shape : new ClassLayout(shape).Samples, labels),
            LabelForm = form,
            Outputs = outputs,
            Options = options,
        };
    }

    private static void Set(OptionValues options, Option option, string value, int classes)
    {
        switch (option)
        {
            case Option<double> number: options.Set(number, double.Parse(value, CultureInfo.InvariantCulture)); break;
            case Option<string> word: options.Set(word, value); break;
            case Option<long[]?> integers:
                options.Set(integers, Array.ConvertAll(value.Split('+'), word => long.Parse(word, CultureInfo.InvariantCulture)));
                break;
            case Option<double[]?> perClass: options.Set(perClass, [.. Enumerable.Range(0, classes).Select(c => 0.5 + c % 7 / 4.0)]); break;
            default: throw new ArgumentException($"no value of {option.Name} is read from \"{value}\"");
        }
    }

    private static Tensor Convert(Tensor tensor, DType dtype)
    {
        if (dtype == tensor.DType) return tensor;
        var converted = new Tensor(dtype, tensor.Shape) { IsFinite = true };
        var row = new double[tensor.Shape.Last];
        for (long start = 0; start < tensor.Count; start += row.Length)
        {
            tensor.Read(start, row);
            converted.Write(start, row);
        }
        tensor.Dispose();
        return converted;
    }

    private static unsafe Tensor Load(DType dtype, Shape shape, byte[] bytes)
    {
        var tensor = new Tensor(dtype, shape) { IsFinite = true };
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, tensor.Count * dtype.Size());
        Marshal.Copy(bytes, 0, (nint)tensor.Data, bytes.Length);
        return tensor;
    }
}
