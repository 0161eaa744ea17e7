namespace LossService.Tests.Architecture;

/// <summary>Finds what uses itself by way of others.</summary>
internal static class Circles
{
    /// <summary>The strongly connected components of more than one node, each in order.</summary>
    public static IEnumerable<string[]> Find(IEnumerable<(string From, string To)> edges)
    {
        var next = edges.Where(edge => edge.From != edge.To).Distinct().ToLookup(edge => edge.From, edge => edge.To);
        var reached = next.ToDictionary(node => node.Key, node => Reach(node.Key, next));
        return reached.Where(node => node.Value.Contains(node.Key))
            .Select(node => node.Value.Where(other => reached.TryGetValue(other, out var back) && back.Contains(node.Key))
                .Order(StringComparer.Ordinal).ToArray())
            .DistinctBy(circle => circle[0]).OrderBy(circle => circle[0], StringComparer.Ordinal);
    }

    /// <summary>What can be reached from a node by one step or more.</summary>
    private static HashSet<string> Reach(string start, ILookup<string, string> next)
    {
        var (reached, open) = (new HashSet<string>(), new Stack<string>([start]));
        while (open.TryPop(out var node))
            foreach (var to in next[node])
                if (reached.Add(to)) open.Push(to);
        return reached;
    }
}
