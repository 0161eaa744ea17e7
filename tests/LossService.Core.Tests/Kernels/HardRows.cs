using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Tests.Shared;

namespace LossService.Core.Tests.Kernels;

/// <summary>Rows of logits on which plain arithmetic is most likely to lose digits, and labels that the predictions nearly equal.</summary>
internal static class HardRows
{
    private const int Kinds = 7;

    /// <summary>The draft with other logits, row by row of any kind; some soft labels become near those that would be predicted.</summary>
    public static Draft Harden(Draft draft, Random random)
    {
        var z = new double[draft.Rows * draft.Classes];
        var labels = draft.Labels?.ToArray();
        for (var row = 0; row < draft.Rows; row++)
        {
            var part = z.AsSpan(row * draft.Classes, draft.Classes);
            Fill(part, random.Next(Kinds), random);
            if (draft.LabelForm == LabelForm.Logits && random.Next(3) == 0)
            {
                // a teacher that nearly agrees
                var near = labels.AsSpan(row * draft.Classes, draft.Classes);
                var noise = Math.Pow(10, -7 * random.NextDouble());
                for (var c = 0; c < near.Length; c++) near[c] = (float)(part[c] * (1 + noise * Normal(random)));
            }
            if (labels is null || draft.LabelForm != LabelForm.Dense || draft.Loss.Labels != LabelRule.Distribution) continue;
            if (random.Next(3) == 0)
                Approach(labels.AsSpan(row * draft.Classes, draft.Classes), part, random);
        }
        return draft with { Predictions = z, Labels = labels, IsUnchecked = true };
    }

    /// <summary>The draft with a bias of the logits.</summary>
    public static Draft AddBias(Draft draft, Random random)
    {
        var bias = new double[draft.Classes];
        var scale = Math.Pow(10, -2 + 4.5 * random.NextDouble());
        foreach (ref var b in bias.AsSpan()) b = scale * Normal(random);
        switch (random.Next(4))
        {
            case 1: // as a float32 tensor has it
                foreach (ref var b in bias.AsSpan()) b = (float)b;
                break;
            case 2: // all but the opposite of a row
                var noise = Math.Pow(10, -16 * random.NextDouble());
                for (var c = 0; c < bias.Length; c++) bias[c] = -draft.Predictions[c] + noise * bias[c];
                // an infinite or a huge logit has no opposite
                foreach (ref var b in bias.AsSpan()) if (!(Math.Abs(b) < 1e6)) b = 1;
                break;
        }
        return draft.With(SharedOptions.LogitBias, bias);
    }

    private static void Fill(Span<double> z, int kind, Random random)
    {
        var scale = Math.Pow(10, -1 + 2.3 * random.NextDouble());
        foreach (ref var logit in z) logit = (float)(scale * Normal(random));
        switch (kind)
        {
            case 1: // one class certain, the more so the larger
                z[random.Next(z.Length)] += (float)Math.Exp(6 * random.NextDouble());
                break;
            case 2: // all nearly tied
                var middle = (float)(scale * Normal(random));
                foreach (ref var logit in z) logit = Step(middle, random.Next(-3, 4));
                break;
            case 3: // huge
                var size = Math.Pow(10, 2 + 36 * random.NextDouble());
                foreach (ref var logit in z) logit = (float)(size * Normal(random));
                break;
            case 4: // subnormal, or nearly
                size = Math.Pow(10, -45 + 8 * random.NextDouble());
                foreach (ref var logit in z) logit = (float)(size * Normal(random));
                break;
            case 5: // some impossible
                foreach (ref var logit in z[1..])
                    if (random.Next(3) == 0) logit = double.NegativeInfinity;
                break;
            case 6: // two far ahead, nearly tied
                z[0] = (float)(30 * random.NextDouble());
                z[1] = Step((float)z[0], random.Next(-2, 3));
                break;
        }
    }

    /// <summary>Labels that are the softmax of the logits, but for a relative difference of any size.</summary>
    private static void Approach(Span<double> labels, ReadOnlySpan<double> z, Random random)
    {
        var (max, sum) = (double.NegativeInfinity, 0.0);
        foreach (var logit in z) max = Math.Max(max, logit);
        foreach (var logit in z) sum += Math.Exp(logit - max);
        var distance = Math.Pow(10, -9 * random.NextDouble());
        for (var c = 0; c < z.Length; c++)
            labels[c] = (float)(Math.Exp(z[c] - max) / sum * (1 + distance * Normal(random)));
        for (var c = 0; c < z.Length; c++) labels[c] = Math.Clamp(labels[c], 0, 1);
        // labels that are all 0 are refused, and cannot be divided by their sum
        if (!labels.ContainsAnyExcept(0.0, double.NegativeZero)) labels[z.IndexOf(max)] = 1;
    }

    private static float Step(float x, int steps)
    {
        for (; steps > 0; steps--) x = MathF.BitIncrement(x);
        for (; steps < 0; steps++) x = MathF.BitDecrement(x);
        return x;
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
