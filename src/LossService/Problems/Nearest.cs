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
            // an edit changes the length by one at most
            .Where(candidate => Math.Abs(candidate.Length - folded.Length) <= MostEdits(candidate))
            .Select(candidate => (candidate, distance: Distance(folded, candidate)))
            .Where(pair => pair.distance <= MostEdits(pair.candidate))
            .OrderBy(pair => pair.distance)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
    }

    private static int MostEdits(string candidate) => Math.Max(2, candidate.Length / 3);

    /// <summary>Levenshtein's edit distance (Wagner and Fischer, 1974), two rows at a time.</summary>
    private static int Distance(string a, string b)
    {
        // on the stack: a request may have dozens of unknown names, and each is compared with every known one
        Span<int> previous = stackalloc int[b.Length + 1];
        Span<int> current = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(substituted, Math.Min(previous[j], current[j - 1]) + 1);
            }
            var written = current;
            current = previous;
            previous = written;
        }
        return previous[b.Length];
    }
}
