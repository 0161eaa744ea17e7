namespace LossService.Telemetry;

/// <summary>Marks a route that scores, whose requests are counted; what it says holds where a request is refused early.</summary>
/// <param name="Loss">The name of the loss, where the route has only one.</param>
/// <param name="Format">The format, where the route has only one.</param>
internal sealed record ScoringRoute(string Loss = ServiceMeter.Unknown, string Format = ServiceMeter.Unknown);
