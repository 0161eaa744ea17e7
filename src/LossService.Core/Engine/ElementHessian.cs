using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>The second derivatives of elements of a binary batch by their predictions, in double-double.</summary>
internal sealed unsafe class ElementHessian
{
    private readonly BinaryLink _link;
    private readonly BinaryTarget _target;
    private readonly double _smoothing, _temperature, _clip;
    private readonly bool _isNothing;
    private readonly Dd _scale;

    /// <param name="batch">The batch.</param>
    /// <param name="weights">Its weights.</param>
    public ElementHessian(Batch batch, SampleWeights weights)
    {
        var options = batch.Options;
        (_temperature, _clip) = (options.Get(SharedOptions.Temperature), options.Get(SharedOptions.Clip));
        _smoothing = options.Get(SharedOptions.LabelSmoothing);
        _link = new(batch.Form, _temperature, options.Has(SharedOptions.LogitBias), _clip);
        _target = new(batch.LabelForm, batch.LabelTemperature);
        _isNothing = weights.IsNothing;
        _scale = _isNothing ? Dd.Zero : batch.Factor / new Dd(weights.Divisor) / new Dd(_temperature) / new Dd(_temperature);
    }

    /// <summary>Fills <see cref="BinaryScratch.Hessian"/> for the first <paramref name="count"/> elements of a loaded block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Find<TFormula>(TFormula formula, BinaryScratch scratch, int count) where TFormula : struct, IElementFormula
    {
        for (var i = 0; i < count; i += Lanes.Width)
        {
            var posted = Vector256.LoadAligned(scratch.Posted + i);
            var weight = Vector256.LoadAligned(scratch.Weight + i);
            var (label, rest) = ReadLabel(Vector256.LoadAligned(scratch.Label + i));
            var e = new ElementVector<Dd, Dd>
            {
                Z = new(posted),
                T = Smooth(label),
                U = Smooth(rest),
                PosWeight = new(Vector256.LoadAligned(scratch.PosWeight + i)),
            };
            var scale = _scale * new Dd(weight);
            var (score, error) = (Vector256.LoadAligned(scratch.Score + i), Vector256.LoadAligned(scratch.ScoreError + i));
            var h = TFormula.IsOnLogits ? formula.Curve(e, false) * scale : Curve(formula, posted, score, error, e, scale);
            var hasNone = _isNothing ? Vector256<double>.AllBitsSet : Vector256.Equals(weight, Vector256<double>.Zero);
            Vector256.AndNot(h.Round(), hasNone).StoreAligned(scratch.Hessian + i);
        }
    }

    /// <summary>t and 1 − t before smoothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (Dd T, Dd U) ReadLabel(Vector256<double> posted)
    {
        if (!_target.IsTeacher) return (new(posted), Dd.One - new Dd(posted));
        return _target.Read(posted);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd Curve<TFormula>(
        TFormula formula, Vector256<double> posted, Vector256<double> score, Vector256<double> error, in ElementVector<Dd, Dd> labels,
        Dd scale)
        where TFormula : struct, IElementFormula
    {
        var start = _link.Start(new Dd(posted), new(score), new(error));
        var logit = _link.HasScore ? new Dd(score, error) : new(posted);
        var e = labels;
        if (_link.IsSigmoid) _link.Finish(new(logit.Hi), logit, start, -Dd.UnitLog1p(start), Dd.Zero, ref e);
        else _link.Finish(logit, logit, start, Dd.Log1p(-start), Dd.Log(start), ref e);
        var h = formula.Curve(e, _link.IsSigmoid) * scale;
        if (_link.IsSigmoid)
        {
            var (variance, log) = (e.P * e.Q, e.LogP + e.LogQ);
            var isTiny = Underflow.IsTiny(variance, log);
            var product = Dd.XLogY(variance, h);
            if (isTiny == Vector256<double>.Zero) return product;
            return Dd.Select(isTiny, Underflow.ShiftBack(Dd.XLogY(Underflow.ShiftedExp(log), h)), product);
        }
        if (_clip == 0) return h;
        var isClipped = Vector256.LessThan(posted, Vector256.Create(_clip))
            | Vector256.LessThan(Vector256<double>.One - posted, Vector256.Create(_clip));
        return Dd.Select(isClipped, Dd.Zero, h);
    }

    /// <summary>t' = (1 − α)·t + α/2.</summary>
    private Dd Smooth(Dd t) => t * (Dd.One - new Dd(_smoothing)) + new Dd(_smoothing / 2);
}
