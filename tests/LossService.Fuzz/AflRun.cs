using LossService.Tests.Shared.Hostile;
using SharpFuzz;

namespace LossService.Fuzz;

/// <summary>Serves what afl-fuzz writes. A fault is an exception, which afl-fuzz counts as a crash.</summary>
internal static class AflRun
{
    /// <summary>Small, since afl-fuzz finds structures by many requests, and sizes are the random run's.</summary>
    private const int Most = 64 * 1024;

    private const int Seeds = 64;

    /// <summary>Serves inputs from standard input until afl-fuzz ends.</summary>
    public static int Start()
    {
        HostileJudge? judge = null;
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var input = new MemoryStream();
            stream.CopyTo(input);
            // the instrumented code must not run before SharpFuzz has set up the map that it writes to
            judge ??= FuzzedService.Judge(FuzzedService.Start(Most));
            var request = HostileRequest.Draw(input.ToArray(), Most);
            if (judge.Judge(request).Fault is { } fault) throw new InvalidOperationException($"{request}: {fault}");
        });
        return 0;
    }

    /// <summary>Writes random inputs to begin with.</summary>
    public static int WriteSeeds(string folder)
    {
        Directory.CreateDirectory(folder);
        for (var seed = 0; seed < Seeds; seed++)
        {
            var input = new byte[16 + seed];
            new Random(seed).NextBytes(input);
            // one of each format in turn
            input[0] = (byte)seed;
            File.WriteAllBytes(Path.Combine(folder, $"{seed}.bin"), input);
        }
        return 0;
    }
}
