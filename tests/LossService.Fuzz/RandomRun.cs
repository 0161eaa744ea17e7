using System.Diagnostics;
using LossService.Tests.Shared.Hostile;

namespace LossService.Fuzz;

/// <summary>Serves random requests and prints what came back.</summary>
internal static class RandomRun
{
    private const int MostFaults = 10;

    /// <summary>Serves requests; each is drawn from the seed and its number alone.</summary>
    /// <returns>0 where no request was at fault.</returns>
    public static int Start(int count, int seed, int most)
    {
        using var service = FuzzedService.Start(most);
        var judge = FuzzedService.Judge(service);
        var tally = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var (faults, bytes, lines, start) = (0, 0L, 0L, Stopwatch.StartNew());
        var (memory, response, cpu) = (new Largest("managed memory"), new Largest("response"), new Largest("CPU"));
        for (var i = 0; i < count && faults < MostFaults; i++)
        {
            var random = new Random(unchecked(seed * 1_000_003 + i));
            var input = new byte[random.Next(8, 256)];
            random.NextBytes(input);
            var request = HostileRequest.Draw(input, most);
            var verdict = judge.Judge(request);
            bytes += request.PlainLength;
            lines += request.Lines;
            var key = $"{request.Format} {verdict.Status}";
            tally[key] = tally.GetValueOrDefault(key) + 1;
            memory.See(verdict.MemoryShare, i);
            response.See(verdict.ResponseShare, i);
            cpu.See(verdict.CpuShare, i);
            if (verdict.Fault is null) continue;
            faults++;
            var file = Path.Combine(Path.GetTempPath(), $"fault-{seed}-{i}.bin");
            File.WriteAllBytes(file, input);
            Console.WriteLine($"request {i} of seed {seed}: {request}\n    {verdict.Fault}\n    replay {file} {most}");
        }
        foreach (var (key, times) in tally) Console.WriteLine($"{times,9} {key}");
        Console.WriteLine($"{tally.Values.Sum()} requests, {bytes >> 20} MiB, {lines} lines, {start.Elapsed.TotalSeconds:F0} s, "
            + $"CPU {Environment.CpuUsage.TotalTime.TotalSeconds:F0} s, peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB, "
            + $"budget {service.Admission.Memory.Peak >> 20} of {service.Admission.Memory.Limit >> 20} MiB, {faults} faults");
        Console.WriteLine($"nearest to their bounds: {memory}, {response}, {cpu}");
        return faults == 0 ? 0 : 1;
    }

    /// <summary>The largest share of a bound, and which request had it.</summary>
    private sealed class Largest(string name)
    {
        private double _share;
        private int _number;

        public void See(double share, int number)
        {
            if (share > _share) (_share, _number) = (share, number);
        }

        public override string ToString() => $"{name} {100 * _share:F0} % (request {_number})";
    }
}
