using System.Runtime.InteropServices;

namespace LossService.Hosting;

/// <summary>
/// The first SIGTERM, SIGINT (Ctrl-C) or SIGQUIT stops the service once it has drained, see <see cref="Draining"/>; the next one ends
/// the process at once.
/// </summary>
internal static class SecondSignal
{
    /// <summary>Counts signals from now on: registered when the service stops, it would miss one that comes while it is told to.</summary>
    public static void UseSecondSignal(this WebApplication app)
    {
        var signals = 0;
        var registrations = new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT }
            .Select(signal => PosixSignalRegistration.Create(signal, context =>
            {
                if (Interlocked.Increment(ref signals) > 1) EndAtOnce(context.Signal);
            })).ToArray();
        app.Lifetime.ApplicationStopped.Register(() => Array.ForEach(registrations, registration => registration.Dispose()));
    }

    /// <summary>Ends with the code by which shells report a signal.</summary>
    private static void EndAtOnce(PosixSignal signal) => Environment.Exit(128 + signal switch
    {
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        _ => 15,
    });
}
