namespace LossService.Core.Engine;

/// <summary>NaN among the predictions of ignored samples, and in the results.</summary>
internal static class ResultNaN
{
    /// <summary>Whether any value is NaN.</summary>
    public static bool IsIn(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
            if (double.IsNaN(value)) return true;
        return false;
    }

    /// <summary>Gives every NaN the same bits: those of a computed one depend on the machine.</summary>
    public static void Unify(Span<double> values)
    {
        foreach (ref var value in values)
            if (double.IsNaN(value)) value = double.NaN;
    }
}
