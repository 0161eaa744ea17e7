namespace LossService.Tests.Shared.Hostile;

/// <summary>The processor time that a request may take: a part for each, and a part for each byte of body and response.</summary>
/// <param name="Fixed">The part for each request.</param>
/// <param name="NanosecondsPerByte">The part for each byte.</param>
internal sealed record CpuBound(TimeSpan Fixed, double NanosecondsPerByte)
{
    /// <summary>The time for a number of bytes.</summary>
    public TimeSpan Of(long bytes) => Fixed + TimeSpan.FromMicroseconds(bytes * NanosecondsPerByte / 1000);
}
