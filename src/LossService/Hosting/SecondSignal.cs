using System.Runtime.InteropServices;

namespace LossService.Hosting;

/// <summary>
/// The first SIGTERM, SIGINT (Ctrl-C) or SIGQUIT stops the service once it has drained, see <see cref="Draining"/>; the next one ends
/// the process at once.
/// </summary>
internal static class SecondSignal
{
    /// <summary>Waits for the second signal from the first one on.</summary>
    public static void UseSecondSignal(this WebApplication app) => app.Lifetime.ApplicationStopping.Register(() =>
    {
        var registrations = new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT }
            .Select(signal => PosixSignalRegistration.Create(signal, EndAtOnce)).ToArray();
        app.Lifetime.ApplicationStopped.Register(() => Array.ForEach(registrations, registration => registration.Dispose()));
    });

    /// <summary>Ends with the code by which shells report a signal.</summary>
    private static void EndAtOnce(PosixSignalContext context) => Environment.Exit(128 + context.Signal switch
    {
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        _ => 15,
    });
}
