using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What a formula finds of a row in sums of two doubles.</summary>
/// <param name="Value">The value, in every lane.</param>
/// <param name="Size">What an error of the arithmetic is multiplied by on its way to the value, at least roughly.</param>
/// <param name="OfLargest">u_k of the class k with the largest logit.</param>
/// <param name="Others">Σu over the other classes, with u_c = ∂L/∂log p_c + p_c·(∂L/∂p_c − that of the largest class).</param>
/// <param name="DerivativeSize">The same as <paramref name="Size"/> for Σu.</param>
internal readonly record struct WideScore(Dd Value, double Size, Dd OfLargest, Dd Others, double DerivativeSize)
{
    /// <summary>The least part of what it is computed from that a value has: an error of 2⁻⁶⁹ of that is then up to 2⁻⁵² of it.</summary>
    private const double LeastPart = 1.0 / (1 << 17);

    /// <summary>∂L/∂logsumexp(z), where the loss has a term of it.</summary>
    public Dd LogSumExp { get; init; }

    /// <summary>The same as <see cref="Size"/> for <see cref="LogSumExp"/>.</summary>
    public double LogSumExpSize { get; init; }

    /// <summary>Whether the value has the digits of a double; false for NaN.</summary>
    public bool HasDigits => double.IsFinite(Value.ToScalar()) && Math.Abs(Value.ToScalar()) >= Size * LeastPart;

    /// <summary>The same of four values.</summary>
    public static Vector256<double> HaveDigits(Dd values, Vector256<double> sizes) =>
        values.IsFinite & Vector256.GreaterThanOrEqual(Vector256.Abs(values.Hi), sizes * Vector256.Create(LeastPart));
}
