using LossService.Benchmarks.Peers;

namespace LossService.Benchmarks.Chapters;

/// <summary>A comparison of speed means nothing where the sides do not compute the same.</summary>
internal static class Agreement
{
    /// <summary>How far the float32 peers may be from ours, relatively.</summary>
    private const double Tolerance = 1e-4;

    /// <summary>Has every server score the body.</summary>
    /// <exception cref="InvalidOperationException">One gives another loss than the first.</exception>
    public static void Check(IReadOnlyList<Server> servers, byte[] json)
    {
        var ours = servers[0].Loss(json);
        foreach (var server in servers.Skip(1)) Check(ours, server.Name, server.Loss(json));
    }

    /// <summary>Compares one loss with ours.</summary>
    /// <exception cref="InvalidOperationException">They differ.</exception>
    public static void Check(double ours, string name, double theirs)
    {
        if (!(Math.Abs(theirs - ours) <= Tolerance * Math.Abs(ours)))
            throw new InvalidOperationException($"{name} finds a loss of {theirs}, and we of {ours}");
    }
}
