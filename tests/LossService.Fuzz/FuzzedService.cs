using LossService.Tests.Shared.Hostile;

namespace LossService.Fuzz;

/// <summary>The service with limits that bodies of some length reach, and its judgement with processor time.</summary>
internal static class FuzzedService
{
    // the slowest formulas take a microsecond a number, which has two bytes or more; three times that, for slow machines
    private static readonly CpuBound Cpu = new(TimeSpan.FromMilliseconds(100), 2000);

    /// <summary>Starts the service.</summary>
    /// <param name="most">The most bytes of a body.</param>
    public static DirectService Start(int most)
    {
        // where the framework's host for tests looks for the solution, which a published program is outside of
        Environment.SetEnvironmentVariable("ASPNETCORE_TEST_CONTENTROOT_LOSSSERVICE", AppContext.BaseDirectory);
        return new(
            ("Limits:BodyBytes", $"{Math.Max(1024, most / 4 * 3)}"), ("Limits:MemoryBytes", $"{Math.Max(1024 * 1024, 4L * most)}"));
    }

    /// <summary>A judge of its requests.</summary>
    public static HostileJudge Judge(DirectService service) => new(service, Cpu);
}
