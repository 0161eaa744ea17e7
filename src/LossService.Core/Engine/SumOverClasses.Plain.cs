using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <content>In plain double.</content>
internal partial class SumOverClasses<TTerm>
{
    /// <inheritdoc/>
    public sealed override bool IsSumOverClasses => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void FindWinner(in ClassVector<PlainDouble> largest, ref PlainSums sums)
    {
        var terms = term.At(largest);
        (sums.Winner, sums.WinnerSize) = (terms.PDerivative.Round(), terms.PSize.Round());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void AddUp(in PlainClasses classes, in PlainSoftmax softmax, ref PlainSums sums)
    {
        if (classes.HasDoubles) AddUp<StoredFloat64, StoredFloat64>(classes, softmax, ref sums);
        else if (classes.HasDoubleTargets) AddUp<StoredFloat32, StoredFloat64>(classes, softmax, ref sums);
        else AddUp<StoredFloat32, StoredFloat32>(classes, softmax, ref sums);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override Dd AddSurplus(Dd value, Dd surplus)
    {
        if (TTerm.SurplusFactor == 0) return value;
        return TTerm.SurplusFactor > 0 ? value + surplus : value - surplus;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override unsafe Vector256<double> Differentiate(
        in PlainClasses classes, in PlainSoftmax softmax, in PlainSums sums, Vector256<double> scale, StoredFloat32* gradient)
    {
        if (classes.HasDoubles) return Differentiate<StoredFloat64, StoredFloat64>(classes, softmax, sums, scale, gradient);
        return classes.HasDoubleTargets
            ? Differentiate<StoredFloat32, StoredFloat64>(classes, softmax, sums, scale, gradient)
            : Differentiate<StoredFloat32, StoredFloat32>(classes, softmax, sums, scale, gradient);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void AddUp<TLogit, TTarget>(in PlainClasses classes, in PlainSoftmax softmax, ref PlainSums sums)
        where TLogit : unmanaged, IStored<TLogit>
        where TTarget : unmanaged, IStored<TTarget>
    {
        var results = stackalloc double[PlainSums.Count];
        var whole = classes.Count & -(2 * Lanes.Width);
        if (Lanes.HasMost)
        {
            AddUp<PlainEight, TLogit, TTarget>(classes, softmax, sums, 0, whole, results);
        }
        else
        {
            AddUp<PlainDouble, TLogit, TTarget>(classes, softmax, sums, 0, whole, results);
            AddUp<PlainDouble, TLogit, TTarget>(classes, softmax, sums, Lanes.Width, whole, results + Lanes.Width);
        }
        sums.AddLanes(results);
        if (whole == classes.Count) return;
        new Span<double>(results, PlainSums.Count).Clear();
        AddUp<PlainDouble, TLogit, TTarget>(classes, softmax, sums, whole, classes.Count, results);
        sums.AddLanes(results);
    }

    /// <summary>
    /// Scores one vector of classes of every eight classes: the one from <paramref name="start"/> on, the next in eight, and so on.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private unsafe void AddUp<TNumber, TLogit, TTarget>(
        in PlainClasses classes, in PlainSoftmax softmax, in PlainSums sums, int start, int end, double* results)
        where TNumber : struct, IPlainNumbers<TNumber>
        where TLogit : unmanaged, IStored<TLogit>
        where TTarget : unmanaged, IStored<TTarget>
    {
        var p = softmax.Spread<TNumber>(classes.HasExactTarget);
        var winner = TNumber.Repeat(sums.Winner);
        var winnerSize = TNumber.Repeat(sums.WinnerSize);
        var z = (TLogit*)classes.Logits;
        var t = (TTarget*)classes.Targets;
        double* e = classes.Exponentials, weights = classes.Weights, derivatives = classes.Derivatives, sizes = classes.Sizes;
        TNumber value = default, error = default, size = default, derivative = default, derivativeSize = default;
        for (var c = start; c < end; c += 2 * Lanes.Width)
        {
            var own = p.Read(TNumber.Load(ref e[c]), TNumber.Load(z + c), TNumber.Load(t + c));
            if (TTerm.ReadsWeight) own.W = weights == null ? TNumber.One : TNumber.Load(ref weights[c]);
            var terms = term.At(own);
            // a long sum of doubles would lose digits
            var next = value + terms.Value;
            var rounded = next - value;
            error += (value - (next - rounded)) + (terms.Value - rounded);
            value = next;
            size += terms.Size;
            var u = Differentiate(own, terms, winner, winnerSize, out var uSize);
            if (!TTerm.IsLight)
            {
                u.StoreNearest(ref derivatives[c]);
                uSize.StoreNearest(ref sizes[c]);
            }
            derivative += u;
            derivativeSize += uSize;
        }
        value.StoreNearest(ref results[PlainSums.Value]);
        error.StoreNearest(ref results[PlainSums.Error]);
        size.StoreNearest(ref results[PlainSums.OfSize]);
        derivative.StoreNearest(ref results[PlainSums.OfDerivative]);
        derivativeSize.StoreNearest(ref results[PlainSums.OfDerivativeSize]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe Vector256<double> Differentiate<TLogit, TTarget>(
        in PlainClasses classes, in PlainSoftmax softmax, in PlainSums sums, Vector256<double> scale, StoredFloat32* gradient)
        where TLogit : unmanaged, IStored<TLogit>
        where TTarget : unmanaged, IStored<TTarget>
    {
        var (lacking, done) = (Vector256<double>.Zero, 0);
        if (TTerm.IsStep)
        {
            if (Lanes.HasMost) done = WriteSteps<PlainEight, TTarget>(classes, softmax, sums, scale, gradient, 0, ref lacking);
            WriteSteps<PlainDouble, TTarget>(classes, softmax, sums, scale, gradient, done, ref lacking);
            return lacking;
        }
        if (!TTerm.IsLight)
        {
            if (Lanes.HasMost) done = new PlainGradient<PlainEight>(sums, scale, gradient).Write(classes, softmax, 0, ref lacking);
            new PlainGradient<PlainDouble>(sums, scale, gradient).Write(classes, softmax, done, ref lacking);
            return lacking;
        }
        if (Lanes.HasMost) done = Differentiate<PlainEight, TLogit, TTarget>(classes, softmax, sums, scale, gradient, 0, ref lacking);
        Differentiate<PlainDouble, TLogit, TTarget>(classes, softmax, sums, scale, gradient, done, ref lacking);
        return lacking;
    }

    /// <summary>Computes the derivatives again, and writes the gradient.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private unsafe int Differentiate<TNumber, TLogit, TTarget>(in PlainClasses classes, in PlainSoftmax softmax, in PlainSums sums,
        Vector256<double> scale, StoredFloat32* gradient, int start, ref Vector256<double> lacking)
        where TNumber : struct, IPlainNumbers<TNumber>
        where TLogit : unmanaged, IStored<TLogit>
        where TTarget : unmanaged, IStored<TTarget>
    {
        var p = softmax.Spread<TNumber>(classes.HasExactTarget);
        var step = new PlainGradient<TNumber>(sums, scale, gradient);
        var winner = TNumber.Repeat(sums.Winner);
        var winnerSize = TNumber.Repeat(sums.WinnerSize);
        var z = (TLogit*)classes.Logits;
        var t = (TTarget*)classes.Targets;
        double* e = classes.Exponentials, weights = classes.Weights;
        var (count, lacks, c) = (classes.Count, TNumber.Zero, start);
        for (; c <= count - TNumber.Count; c += TNumber.Count)
        {
            var own = p.Read(TNumber.Load(ref e[c]), TNumber.Load(z + c), TNumber.Load(t + c));
            if (TTerm.ReadsWeight) own.W = weights == null ? TNumber.One : TNumber.Load(ref weights[c]);
            var u = Differentiate(own, term.At(own), winner, winnerSize, out var uSize);
            lacks |= step.Write(own.P, own.Q, u, uSize, e, c);
        }
        lacking |= TNumber.Join(lacks);
        return c;
    }

    /// <summary>
    /// Writes the gradient of a step: with s_c = ∂f/∂p_c and the largest class k, u_c = p_c·(s_c − s_k) has one sign or is 0. The
    /// gradient is p_c times one of two numbers, −Σu or −2·s_k − Σu.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private unsafe int WriteSteps<TNumber, TTarget>(in PlainClasses classes, in PlainSoftmax softmax, in PlainSums sums,
        Vector256<double> scale, StoredFloat32* gradient, int start, ref Vector256<double> lacking)
        where TNumber : struct, IPlainNumbers<TNumber>
        where TTarget : unmanaged, IStored<TTarget>
    {
        var p = softmax.Spread<TNumber>(classes.HasExactTarget);
        var (winner, sum, factor) = (TNumber.Repeat(sums.Winner), TNumber.Repeat(sums.Derivative), TNumber.Repeat(scale));
        var least = TNumber.Repeat(sums.DerivativeSize) * TNumber.Of(SoftmaxKernel<StoredFloat32>.LeastPart);
        var other = -(winner + winner) - sum;
        var (same, changed) = (-sum * factor, other * factor);
        // Σu has the digits of its terms
        var lacks = TNumber.LessThan(TNumber.Abs(other), least) | ~same.IsFinite | ~changed.IsFinite;
        var t = (TTarget*)classes.Targets;
        var e = classes.Exponentials;
        var (count, c) = (classes.Count, start);
        for (; c <= count - TNumber.Count; c += TNumber.Count)
        {
            // no logit is read
            var own = p.Read(TNumber.Load(ref e[c]), TNumber.Zero, TNumber.Load(t + c));
            var g = own.P * TNumber.Select(TNumber.LessThan(term.At(own).PDerivative * winner, TNumber.Zero), changed, same);
            if (gradient != null) g.Store(gradient + c);
            else g.StoreNearest(ref e[c]);
        }
        lacking |= TNumber.Join(lacks);
        return c;
    }

    /// <summary>u_c, with p·v → 0 where p = 0 and v is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber Differentiate<TNumber>(
        in ClassVector<TNumber> own, in ClassResult<TNumber> terms, TNumber winner, TNumber winnerSize, out TNumber size)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var isZero = own.P.IsZero;
        size = TNumber.Abs(terms.LogPDerivative) + TNumber.Select(isZero, TNumber.Zero, own.P * (terms.PSize + winnerSize));
        return terms.LogPDerivative + TNumber.Select(isZero, TNumber.Zero, own.P * (terms.PDerivative - winner));
    }
}
