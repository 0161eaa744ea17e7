using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>Maps posted elements to the probability that a binary formula reads: sigmoid(z/T), or p as posted.</summary>
internal readonly struct BinaryLink(PredictionForm form, double temperature, double clip)
{
    private readonly Vector512<double> _temperature = Vector512.Create(temperature);
    private readonly Dd _least = new(clip);
    private readonly Dd _most = Dd.One - new Dd(clip);

    /// <summary>The predictions' part of eight elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public EightElements Fill(Vector512<double> posted, bool needsProbability)
    {
        var z = new Dd(posted);
        if (form == PredictionForm.Logits)
        {
            if (temperature != 1) z /= _temperature;
            return needsProbability ? Sigmoid(z) : new EightElements { Z = z };
        }
        if (clip > 0)
        {
            z = Dd.Select(Dd.LessThan(z, _least), _least, z);
            z = Dd.Select(Dd.LessThan(_most, z), _most, z);
        }
        var q = Dd.One - z;
        return new EightElements { P = z, Q = q, LogP = Dd.Log(z), LogQ = Dd.Log(q) };
    }

    /// <summary>
    /// With e = e^−|z|: the smaller of p and q is e/(1 + e), the larger 1/(1 + e); their logs −|z| − log1p(e) and −log1p(e).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static EightElements Sigmoid(Dd z)
    {
        var size = Dd.Abs(z);
        var e = Dd.Exp(-size);
        var log = Dd.Log1p(e);
        var large = Dd.One / (Dd.One + e);
        var small = e * large;
        var negative = Dd.LessThan(z, Dd.Zero);
        return new EightElements
        {
            Z = z,
            P = Dd.Select(negative, small, large),
            Q = Dd.Select(negative, large, small),
            LogP = -Dd.Select(negative, size + log, log),
            LogQ = -Dd.Select(negative, log, size + log),
        };
    }

    /// <summary>
    /// ∂L/∂posted of eight elements. Logits: (a·q − b·p + c·p·q + d)/T; probabilities: a/p − b/q + c, 0 where clipped;
    /// with a, b, c, d the derivatives in their order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Dd Backward(Vector512<double> posted, in EightElements e, in ElementResult terms, bool isOnLogits)
    {
        if (isOnLogits) return terms.ZDerivative / _temperature;
        if (form == PredictionForm.Logits)
            return (terms.LogPDerivative * e.Q - terms.LogQDerivative * e.P + terms.PDerivative * e.P * e.Q) / _temperature;
        var g = Quotient(terms.LogPDerivative, e.P) - Quotient(terms.LogQDerivative, e.Q) + terms.PDerivative;
        var p = new Dd(posted);
        return clip > 0 ? Dd.Select(Dd.LessThan(p, _least) | Dd.LessThan(_most, p), Dd.Zero, g) : g;
    }

    /// <summary>a/b; 0 where a = 0, even for b = 0.</summary>
    private static Dd Quotient(Dd a, Dd b) => Dd.Select(a.IsZero, Dd.Zero, a / b);
}
