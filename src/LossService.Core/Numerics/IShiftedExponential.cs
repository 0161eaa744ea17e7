using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>The exponentials of a softmax: those of four logits below one shift, at a temperature T.</summary>
internal interface IShiftedExponential
{
    /// <summary>e^((z − shift)/T) for z ≤ shift; 0 for −∞.</summary>
    Vector256<double> Exp(Vector256<double> z);

    /// <summary>The same bits as <see cref="Exp"/>, faster, where they are a normal number: for z ≥ shift − 708·T.</summary>
    Vector256<double> ExpNear(Vector256<double> z);

    /// <summary>The same as <see cref="ExpNear"/>, eight at a time.</summary>
    EightExponentials Eight { get; }
}
