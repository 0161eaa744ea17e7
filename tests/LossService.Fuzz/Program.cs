using System.Globalization;
using LossService.Fuzz;

const string Usage =
    """
    usage: dotnet run -c Release --project tests/LossService.Fuzz -- random COUNT [SEED] [MOST]
               serves COUNT requests of at most MOST bytes (4194304); the first fault ends it, and is written to a file
           dotnet run -c Release --project tests/LossService.Fuzz -- replay FILE [MOST]
               serves the request of one input, and prints it
           LossService.Fuzz seeds FOLDER
               writes inputs for afl-fuzz to begin with
           LossService.Fuzz afl
               serves what afl-fuzz writes to standard input; see README.md
    """;

switch (args)
{
    case ["random", var count, .. var rest]:
        return RandomRun.Start(int.Parse(count, CultureInfo.InvariantCulture), Number(rest, 0, 1), Number(rest, 1, 4 * 1024 * 1024));
    case ["replay", var file, .. var rest]:
        return Replay.Start(File.ReadAllBytes(file), Number(rest, 0, 4 * 1024 * 1024));
    case ["seeds", var folder]:
        return AflRun.WriteSeeds(folder);
    case ["afl"]:
        return AflRun.Start();
    default:
        Console.Error.WriteLine(Usage);
        return 2;
}

static int Number(string[] values, int index, int otherwise) =>
    index < values.Length ? int.Parse(values[index], CultureInfo.InvariantCulture) : otherwise;
