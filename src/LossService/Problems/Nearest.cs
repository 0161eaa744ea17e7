namespace LossService.Problems;

/// <summary>Finds what a misspelt name was probably meant to be.</summary>
public static class Nearest
{
    /// <summary><c>; did you mean "labels"?</c>, or nothing where no name is near.</summary>
    public static string Suggest(string name, IEnumerable<string> known) =>
        Find(name, known) is { } near ? $" (did you mean \"{near}\"?)" : "";

    /// <summary>The known name with the fewest edits, at most a third of its length; null where none is so near.</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        // a name of a kilobyte is no misspelling, and the distance is quadratic
        if (name.Length > 64) return null;
        var folded = name.ToLowerInvariant().Replace('-', '_');
        return known
            .Select(candidate => (candidate, distance: Distance(folded, candidate)))
            .Where(pair => pair.distance <= Math.Max(2, pair.candidate.Length / 3))
            .OrderBy(pair => pair.distance)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
    }

    /// <summary>Levenshtein's edit distance (Wagner and Fischer, 1974), two rows at a time.</summary>
    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        var current = new int[b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(substituted, Math.Min(previous[j], current[j - 1]) + 1);
            }
            (previous, current) = (current, previous);
        }
        return previous[b.Length];
    }
}
