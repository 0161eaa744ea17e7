namespace LossService.Formats.Numbers;

/// <summary>The powers of ten that a float64 holds exactly: 10^0 to 10^22.</summary>
internal static class ExactPowers
{
    /// <summary>The greatest exponent in the table.</summary>
    public const int MaxPower = 22;

    /// <summary>Integers up to 2^53 are exact as float64.</summary>
    public const ulong MaxInteger = 1ul << 53;

    /// <summary>10^q at index q.</summary>
    public static ReadOnlySpan<double> Table =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>10^q at index q, and −10^q behind them.</summary>
    public static ReadOnlySpan<double> WithSigns =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
        -1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11,
        -1e12, -1e13, -1e14, -1e15, -1e16, -1e17, -1e18, -1e19, -1e20, -1e21, -1e22,
    ];
}
