using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <content>Rows whose results a double does not hold.</content>
internal sealed unsafe partial class SoftmaxRows<TElement>
{
    /// <summary>Below this, an error of 2⁻⁵⁰ times the factor of errors is less than 2⁻³⁰, which a float32 may have.</summary>
    private const double MaxErrorFactor = 1 << 20;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool IsDeclined(int i) => !LacksLossAlone(i)
        && (!double.IsFinite(_scratch.Loss[i]) || (!_targets.AreRows && !double.IsFinite(_scratch.Surprise[i])));

    /// <summary>Whether a power multiplies errors so much that the loss lacks digits, but not the gradient.</summary>
    private bool LacksLossAlone(int i) => _loss.ErrorFactor is > 0 and < MaxErrorFactor
        && double.IsNaN(_scratch.Loss[i]) && double.IsFinite(_scratch.Surprise[i]);

    /// <summary>Declines the rows whose results are no numbers, or infinite by overflow: the formula overwrites them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Decline()
    {
        if (AreFinite(_scratch.Loss) && (_targets.AreRows || AreFinite(_scratch.Surprise))) return;
        for (var i = 0; i < _count; i++)
        {
            if (LacksLossAlone(i))
            {
                WithoutLoss.Add(_scratch.Index[i]);
                (_scratch.Loss[i], _scratch.Low[i]) = (0, 0);
            }
            if (!IsDeclined(i)) continue;
            // where a difference of finite parts lacks digits, the gradient does not depend on it
            if (_loss.SubtractsEntropy && _targets.AreRows && double.IsFinite(_scratch.Surprise[i]))
            {
                if (TryDiverge(i)) continue;
                WithoutLoss.Add(_scratch.Index[i]);
            }
            else
            {
                Declined.Add(_scratch.Index[i]);
                _scratch.Lost[i] = 0;
            }
            (_scratch.Loss[i], _scratch.Low[i]) = (0, 0);
        }
    }

    /// <summary>Finds the loss of a row that is no difference; false where it may lack digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryDiverge(int i)
    {
        if (_divergence is null) return false;
        var value = new Dd(_divergence.Find(_scratch, i, _targets.Row(i), _e + i * _padded));
        if (!_isPlain) value = value * _loss.Factor * Vector256.Create(_scratch.Weight[i]);
        if (!double.IsFinite(value.ToScalar())) return false;
        (_scratch.Loss[i], _scratch.Low[i]) = (value.Hi[0], value.Lo[0]);
        return true;
    }

    /// <summary>Whether the block has only finite numbers in a column, and no more than whole vectors after it has others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool AreFinite(double* column)
    {
        var any = Vector256<double>.Zero;
        for (var i = 0; i < _count; i += Lanes.Width)
        {
            var numbers = Vector256.Load(column + i);
            any += numbers - numbers;
        }
        return any == Vector256<double>.Zero;
    }
}
