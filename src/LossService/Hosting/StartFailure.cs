using System.Security.Cryptography;
using LossService.Hosting.Settings;

namespace LossService.Hosting;

/// <summary>
/// A start that fails for a reason that the operator can mend ends with one line on stderr and exit code 1, without a stack trace.
/// </summary>
internal static class StartFailure
{
    private const string OtherAddresses =
        "Kestrel__Endpoints__Http__Url=http://localhost:9000 and Kestrel__Endpoints__Grpc__Url=http://localhost:9001";

    /// <summary>Explains what is thrown from now on, until the service has started.</summary>
    public static void Watch() => AppDomain.CurrentDomain.UnhandledException += Explain;

    /// <summary>Ends the watch once the service has started: what is thrown then is no failure of the start.</summary>
    public static void EndAtStart(WebApplication app) =>
        app.Lifetime.ApplicationStarted.Register(() => AppDomain.CurrentDomain.UnhandledException -= Explain);

    private static void Explain(object sender, UnhandledExceptionEventArgs thrown)
    {
        // without a line, the runtime prints the exception with its trace
        if (Describe((Exception)thrown.ExceptionObject) is not { } line) return;
        Console.Error.WriteLine($"LossService did not start: {line.ReplaceLineEndings(" ")}");
        Environment.Exit(1);
    }

    /// <summary>The reason and what to do; null where the exception is a defect of the service.</summary>
    public static string? Describe(Exception error) => error switch
    {
        SettingsException => error.Message,
        // from the file of settings; the inner exception has the line
        InvalidDataException { InnerException: { } cause } => $"{error.Message} {cause.Message}",
        IOException or System.Net.Sockets.SocketException when IsOf(error, "Microsoft.AspNetCore") || IsOf(error, "System.Net") =>
            $"{error.Message.TrimEnd('.')}. Stop what listens there, or choose other addresses, such as {OtherAddresses}.",
        // certificates
        CryptographicException or IOException or UnauthorizedAccessException => $"{error.Message} Change the settings Kestrel__….",
        // a misspelt address, protocol or level in a section of the framework's
        FormatException or InvalidOperationException when IsOf(error, "Microsoft.AspNetCore") =>
            $"{error.Message} Change the settings Kestrel__….",
        InvalidOperationException when IsOf(error, "Serilog") => $"{error.Message} Change the settings Serilog__….",
        _ => null,
    };

    private static bool IsOf(Exception error, string library) => error.Source?.StartsWith(library, StringComparison.Ordinal) == true;
}
