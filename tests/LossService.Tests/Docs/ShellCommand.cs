using System.ComponentModel;
using System.Diagnostics;

namespace LossService.Tests.Docs;

/// <summary>Programs as a reader of the documentation runs them.</summary>
internal static class ShellCommand
{
    /// <summary>What a program printed; null where it is not installed or failed.</summary>
    public static async Task<string?> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // loopback is reached by no proxy
        start.Environment["NO_PROXY"] = "*";
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (process.ExitCode != 0) TestContext.Current.SendDiagnosticMessage(
                $"{program} ended with {process.ExitCode}: {await errors}");
            return process.ExitCode == 0 ? output : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
