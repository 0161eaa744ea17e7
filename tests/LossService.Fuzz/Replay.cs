using System.Text;
using LossService.Tests.Shared.Hostile;

namespace LossService.Fuzz;

/// <summary>Serves the request of one input and prints both.</summary>
internal static class Replay
{
    private const int Shown = 2000;

    /// <summary>Serves it.</summary>
    /// <returns>0 where it was not at fault.</returns>
    public static int Start(byte[] input, int most)
    {
        using var service = FuzzedService.Start(most);
        var judge = FuzzedService.Judge(service);
        var request = HostileRequest.Draw(input, most);
        Console.WriteLine($"{request}\n{string.Join('\n', request.Headers.Select(header => $"{header.Key}: {header.Value}"))}\n");
        Console.WriteLine(Encoding.UTF8.GetString(request.Body.AsSpan(0, Math.Min(request.Body.Length, Shown))));
        // the first time compiles
        judge.Judge(request);
        var verdict = judge.Judge(request);
        Console.WriteLine($"\n{verdict}");
        return verdict.Fault is null ? 0 : 1;
    }
}
