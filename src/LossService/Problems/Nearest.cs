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
        var (nearest, fewest) = ((string?)null, int.MaxValue);
        foreach (var candidate in known)
        {
            // of those equally near, the first
            var most = Math.Min(MostEdits(candidate), fewest - 1);
            // an edit changes the length by one at most
            if (Math.Abs(candidate.Length - folded.Length) > most) continue;
            var distance = Distance(folded, candidate, most);
            if (distance <= most) (nearest, fewest) = (candidate, distance);
        }
        return nearest;
    }

    private static int MostEdits(string candidate) => Math.Max(2, candidate.Length / 3);

    /// <summary>
    /// Levenshtein's edit distance (Wagner and Fischer, 1974), two rows at a time, and of each row only what is within the most edits that
    /// count (Ukkonen, 1985); more than these where it is more.
    /// </summary>
    private static int Distance(string a, string b, int most)
    {
        // on the stack: a request may have dozens of unknown names, and each is compared with every known one
        Span<int> previous = stackalloc int[b.Length + 1];
        Span<int> current = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var (first, last) = (Math.Max(1, i - most), Math.Min(b.Length, i + most));
            current[first - 1] = first == 1 ? i : most + 1;
            var least = current[first - 1];
            for (var j = first; j <= last; j++)
            {
                var substituted = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(substituted, Math.Min(previous[j], current[j - 1]) + 1);
                least = Math.Min(least, current[j]);
            }
            if (least > most) return least;
            if (last < b.Length) current[last + 1] = most + 1;
            var written = current;
            current = previous;
            previous = written;
        }
        return previous[b.Length];
    }
}
