namespace LossService.Core.Engine;

/// <summary>The sums over the classes of a row in sums of two doubles: see <see cref="WideScore"/>.</summary>
internal struct WideSums
{
    /// <summary>Of the values.</summary>
    public WideSum Value;

    /// <summary>Of their sizes.</summary>
    public SizeSum Size;

    /// <summary>Of the derivatives, but that of the largest class.</summary>
    public WideSum Others;

    /// <summary>Of the sizes of all derivatives.</summary>
    public SizeSum DerivativeSize;
}
