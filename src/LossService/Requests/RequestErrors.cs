namespace LossService.Requests;

/// <summary>What was found wrong: counted in full, kept as far as anyone will read.</summary>
public sealed class RequestErrors
{
    /// <summary>How many findings are kept; the rest are counted.</summary>
    public const int Kept = 1000;

    private List<RequestError>? _first;

    /// <summary>The first findings.</summary>
    public IReadOnlyList<RequestError> First => _first ?? (IReadOnlyList<RequestError>)[];

    /// <summary>How many there are.</summary>
    public long Total { get; private set; }

    /// <summary>Notes one. The text is made only where it is kept.</summary>
    public void Add(Address address, Func<string> detail)
    {
        if (Total++ < Kept) (_first ??= []).Add(new(address, detail()));
    }

    /// <summary>Notes one.</summary>
    public void Add(Address address, string detail)
    {
        if (Total++ < Kept) (_first ??= []).Add(new(address, detail));
    }

    /// <summary>Adds all of another's.</summary>
    public void Add(RequestErrors other)
    {
        foreach (var finding in other.First)
            if (First.Count < Kept) (_first ??= []).Add(finding);
        Total += other.Total;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _first = null;
        Total = 0;
    }
}
