namespace LossService.Core.Numerics;

/// <summary>The factors of r² to r⁷ in eʳ for |r| ≤ ln 2/16: the Chebyshev fit of (eʳ − 1 − r)/r², whose error is 1e-17.</summary>
internal static class ExponentialSeries
{
    public const double Second = 0.5000000000000052, Third = 0.16666666666666724, Fourth = 0.04166666661713215,
        Fifth = 0.008333333327829527, Sixth = 0.0013889589903975672, Seventh = 0.00019842048743586182;
}
