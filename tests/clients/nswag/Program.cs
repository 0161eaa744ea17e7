using LossService.Clients.NSwag;

// usage: dotnet run -c Release -- http://localhost:8080
using var http = new HttpClient { BaseAddress = new Uri(args is [var address] ? address : "http://localhost:8080") };
(string Name, Func<HttpClient, Task> Run)[] tests =
[
    ("Newtonsoft.Json: scores", NewtonsoftTests.ScoresAsync),
    ("Newtonsoft.Json: leaves out no class by itself", NewtonsoftTests.KeepsClassZeroAsync),
    ("Newtonsoft.Json: reads a loss that is null", NewtonsoftTests.ReadsNullAsync),
    ("Newtonsoft.Json: reads an error", NewtonsoftTests.ReadsErrorAsync),
    ("Newtonsoft.Json: infers, and reads the error", NewtonsoftTests.InfersAsync),
    ("Newtonsoft.Json: reads the catalogue", NewtonsoftTests.ReadsCatalogueAsync),
    ("System.Text.Json: scores", SystemTextTests.ScoresAsync),
    ("System.Text.Json: leaves out no class by itself", SystemTextTests.KeepsClassZeroAsync),
    ("System.Text.Json: reads a loss that is null", SystemTextTests.ReadsNullAsync),
    ("System.Text.Json: reads an error", SystemTextTests.ReadsErrorAsync),
    ("System.Text.Json: infers, and reads the error", SystemTextTests.InfersAsync),
    ("System.Text.Json: reads the catalogue", SystemTextTests.ReadsCatalogueAsync),
];
var failed = 0;
foreach (var (name, run) in tests)
{
    try
    {
        await run(http);
        Console.WriteLine($"ok      NSwag, {name}");
    }
    catch (Exception error)
    {
        failed++;
        Console.WriteLine($"failed  NSwag, {name}: {error}");
    }
}
Console.WriteLine($"{tests.Length - failed} passed, {failed} failed");
return failed == 0 ? 0 : 1;
