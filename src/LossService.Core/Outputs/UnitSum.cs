using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>
/// An exact sum of w·x, x from 0 to 1. Where w = 1 and x is not small it is added in units of 2⁻⁶³, which takes no accumulator of a
/// kilobyte: classes have many bins.
/// </summary>
internal struct UnitSum
{
    private const int UnitBits = 63;

    // from here on x is a multiple of the unit
    private const double Smallest = 1.0 / 2048;

    private UInt128 _units;
    private ExactSum? _others;

    /// <summary>Adds w·x.</summary>
    public void Add(double weight, double x)
    {
        if (weight == 1 && x >= Smallest) _units += (ulong)Math.ScaleB(x, UnitBits);
        else if (weight != 0 && x != 0) (_others ??= new()).AddProduct(weight, x);
    }

    /// <summary>Adds another sum.</summary>
    public void Add(in UnitSum other)
    {
        _units += other._units;
        if (other._others is not null) (_others ??= new()).Add(other._others);
    }

    /// <summary>Adds it all to a sum.</summary>
    public readonly void AddTo(ExactSum sum)
    {
        for (var bit = 0; bit < 128; bit += 32) sum.AddProduct((uint)(_units >> bit), Math.ScaleB(1, bit - UnitBits));
        if (_others is not null) sum.Add(_others);
    }
}
