using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>Four double-doubles: half of a <see cref="Dd"/>, for formulas of four numbers. The exact form, not a fast one.</summary>
internal readonly struct ExactFour : IFour<ExactFour>
{
    private readonly Vector256<double> _hi, _lo;

    private ExactFour(Vector256<double> hi, Vector256<double> lo)
    {
        _hi = hi;
        _lo = lo;
    }

    private ExactFour(Dd x) : this(x.Hi.GetLower(), x.Lo.GetLower()) { }

    public static bool HasRest => true;

    public static ExactFour Zero => default;

    public static ExactFour One => Of(1);

    public Vector256<double> IsZero => Vector256.Equals(_hi, Vector256<double>.Zero);

    public Vector256<double> IsFinite => Vector256.LessThan(Vector256.Abs(_hi), Vector256.Create(double.PositiveInfinity));

    /// <summary>The same four numbers in either half, so that no lane has a value of its own.</summary>
    private Dd Both => new(Vector512.Create(_hi, _hi), Vector512.Create(_lo, _lo));

    public static ExactFour Of(double x) => Of(Vector256.Create(x));

    public static ExactFour Of(Vector256<double> x) => new(x, Vector256<double>.Zero);

    public static ExactFour Of(Vector256<double> hi, Vector256<double> lo) => new(hi, lo);

    public Vector256<double> Round() => _hi;

    public Vector256<double> Rest() => _lo;

    public static ExactFour operator -(ExactFour a) => new(-a._hi, -a._lo);

    public static ExactFour operator +(ExactFour a, ExactFour b) => new(a.Both + b.Both);

    public static ExactFour operator -(ExactFour a, ExactFour b) => new(a.Both - b.Both);

    public static ExactFour operator *(ExactFour a, ExactFour b) => new(a.Both * b.Both);

    public static ExactFour operator /(ExactFour a, ExactFour b) => new(a.Both / b.Both);

    public static ExactFour Square(ExactFour a) => new(Dd.Square(a.Both));

    public static ExactFour Abs(ExactFour a) => new(Dd.Abs(a.Both));

    public static ExactFour Max(ExactFour a, ExactFour b) => new(Dd.Max(a.Both, b.Both));

    public static Vector256<double> LessThan(ExactFour a, ExactFour b) => Dd.LessThan(a.Both, b.Both).GetLower();

    public static ExactFour Select(Vector256<double> mask, ExactFour a, ExactFour b) =>
        new(Vector256.ConditionalSelect(mask, a._hi, b._hi), Vector256.ConditionalSelect(mask, a._lo, b._lo));

    public static ExactFour Exp(Vector256<double> hi, Vector256<double> lo) => new(Dd.Exp(new ExactFour(hi, lo).Both));

    public static ExactFour ExpOfNegative(Vector256<double> x) => new(Dd.Exp(Of(x).Both));

    public static ExactFour Log(ExactFour x) => new(Dd.Log(x.Both));

    public static ExactFour Log1p(ExactFour x) => new(Dd.Log1p(x.Both));

    public static ExactFour UnitLog1p(ExactFour x) => Log1p(x);

    public static ExactFour Pow(ExactFour x, double y) => new(Dd.Pow(x.Both, y));

    public static ExactFour XLogY(ExactFour x, ExactFour logY) => new(Dd.XLogY(x.Both, logY.Both));

    public static ExactFour DivideOrZero(ExactFour a, ExactFour b) => new(Dd.DivideOrZero(a.Both, b.Both));

    /// <summary>None: a difference of numbers of 53 bits has all of a double's digits here.</summary>
    public static Vector256<double> IsLost(ExactFour difference, ExactFour size) => Vector256<double>.Zero;
}
