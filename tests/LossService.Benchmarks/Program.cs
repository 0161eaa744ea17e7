using LossService.Benchmarks.Chapters;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Report;

var chapters = new Dictionary<string, Func<Workshop, Chapter>>
{
    ["end-to-end"] = EndToEnd.Measure,
    ["growth"] = Growth.Measure,
    ["numbers"] = Conversions.Measure,
    ["kernels"] = Kernels.Measure,
    ["categorical"] = CategoricalKernels.Measure,
    ["binary"] = BinaryKernels.Measure,
    ["labels"] = LabelForms.Measure,
    ["class-axis"] = ClassAxis.Measure,
    ["startup"] = Startup.Measure,
    ["memory"] = Memory.Measure,
    ["telemetry"] = Telemetry.Measure,
    ["client"] = ClientCalls.Measure,
    ["several"] = SeveralLosses.Measure,
    ["floor"] = Floor.Measure,
    ["contention"] = Contention.Measure,
    ["network"] = Network.Measure,
};

switch (args)
{
    case ["micro"]:
        Micro.Write();
        break;
    case ["micro", .. var rest]:
        Micro.Run(rest);
        break;
    case [IdiomaticServer.Verb, var url]:
        IdiomaticServer.Run(url);
        break;
    case [BareServer.Verb, var url]:
        BareServer.Run(url);
        break;
    case [KernelLoop.Verb]:
        KernelLoop.Run();
        break;
    case [BinaryLoop.Verb]:
        BinaryLoop.Run();
        break;
    case [Allocation.Verb]:
        Allocation.Print();
        break;
    case [Endurance.Verb]:
        Endurance.Print();
        break;
    case ["stacks", .. var rest]:
        using (var workshop = new Workshop(Rounds(rest))) Results.Print(Stacks.Measure(workshop));
        break;
    case ["all", .. var rest]:
        Results.Write(chapters.Values, Rounds(rest));
        break;
    case [var name, .. var rest] when chapters.TryGetValue(name, out var measure):
        using (var workshop = new Workshop(Rounds(rest))) Results.Print(measure(workshop));
        break;
    default:
        Console.WriteLine($"""
            dotnet run -c Release --project tests/LossService.Benchmarks -- WHAT [ROUNDS]

              all          every chapter below, written to RESULTS.md and cost.svg beside this project
              {string.Join(" | ", chapters.Keys)}
                           one chapter, printed
              stacks       how long a batch takes from each language; needs tests/clients/node_modules (npm ci) and, for the rows of
                           Python, numpy, requests and tritonclient
              micro        BenchmarkDotNet on every loss and on numbers, written to MICRO.md; with its own arguments
                           (--filter '*focal*'), printed

            ROUNDS (7): how often the sides take turns. On Debian the peers need: apt-get install python3-fastapi python3-uvicorn
            python3-uvloop python3-httptools python3-ujson python3-torch wrk g++ libsimdjson-dev
            """);
        break;
}

static int Rounds(string[] rest) => rest is [var rounds] ? int.Parse(rounds) : 7;
