using CsCheck;
using LossService.Tests.Shared.Hostile;

namespace LossService.Tests.Http;

/// <summary>
/// Requests of any structure and size, small enough for limits that are set small: long lists, wide rows, many members, many lines,
/// compressed or not. <c>LossService.Fuzz</c> serves larger ones, and more of them.
/// </summary>
[Collection(nameof(Alone))]
public sealed class HostileStructureTests : IDisposable
{
    private const int Most = 64 * 1024;
    private const int Requests = 1500;

    private readonly DirectService _service = new(("Limits:BodyBytes", $"{Most / 4 * 3}"), ("Limits:MemoryBytes", $"{1024 * 1024}"));

    [Fact]
    public void Request_OfAnyStructure_IsAnsweredWithinItsBounds()
    {
        var judge = new HostileJudge(_service);
        var scored = new Dictionary<string, int>();
        Gen.Byte.Array[8, 256].Sample(
            input =>
            {
                var request = HostileRequest.Draw(input, Most);
                var verdict = judge.Judge(request);
                Assert.True(verdict.Fault is null, $"{request}: {verdict.Fault}");
                if (verdict.Status is 200 or 0) scored[request.Format] = scored.GetValueOrDefault(request.Format) + 1;
            },
            // the managed memory of a request is that of the process
            iter: Requests, threads: 1, print: input => $"{HostileRequest.Draw(input, Most)} of [{string.Join(", ", input)}]");
        // the law would hold for a service that refuses everything
        Assert.Equal(5, scored.Count(format => format.Value > Requests / 200));
    }

    public void Dispose() => _service.Dispose();

    /// <summary>Runs while no other test does.</summary>
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}
