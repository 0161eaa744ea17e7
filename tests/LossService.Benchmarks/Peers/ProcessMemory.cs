using System.Globalization;

namespace LossService.Benchmarks.Peers;

/// <summary>What Linux says of a process's resident memory, in bytes.</summary>
internal sealed class ProcessMemory(int process)
{
    /// <summary>Now.</summary>
    public long Resident => Read("VmRSS:");

    /// <summary>The most since <see cref="ForgetPeak"/>.</summary>
    public long Peak => Read("VmHWM:");

    /// <summary>Sets the peak to what is resident now.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{process}/clear_refs", "5");

    private long Read(string field)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line.AsSpan(field.Length, line.Length - field.Length - 2),
            NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
    }
}
