namespace LossService.Hosting;

/// <summary>
/// What the threads do that wait for sockets. By default they hand each event to the thread pool, where Kestrel's transport hands it on
/// to the pool once more. Here they receive and send themselves, and Kestrel's handover is the only one: a request of 32×10 takes some 0.9
/// of the processor time (see PROFILE.md of the benchmarks).
/// </summary>
/// <remarks>
/// Whoever waits for a socket without Kestrel then goes on where the sockets of all others wait: of the service, that is a request
/// whose token needs the keys of the identity provider.
/// </remarks>
internal static class SocketThreads
{
    /// <summary>The runtime reads it when the first socket waits; it has no setting of another kind.</summary>
    private const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Has them receive and send themselves, unless the environment says otherwise.</summary>
    public static void Engage()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null) Environment.SetEnvironmentVariable(Variable, "1");
    }

    /// <summary>Has a request that came here on such a thread go on in the thread pool, since scoring may take seconds.</summary>
    public static void UseThreadPool(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (!Thread.CurrentThread.IsThreadPoolThread) await Task.Yield();
        await next(context);
    });
}
