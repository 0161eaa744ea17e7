using LossService.Telemetry;

namespace LossService.Tests.Telemetry;

/// <summary>Measurements that are held back are recorded later, each once.</summary>
public sealed class HeldMeasurementsTests
{
    [Fact]
    public void Measurements_AreHeldUntilTheyAreRead()
    {
        var recorded = new List<int>();
        var held = new HeldMeasurements<int>(held => recorded.AddRange(held));
        for (var i = 0; i < HeldMeasurements<int>.Most - 1; i++) held.Add(i);
        Assert.Empty(recorded);
        held.RecordAll();
        held.RecordAll();
        Assert.Equal(Enumerable.Range(0, HeldMeasurements<int>.Most - 1), recorded.Order());
    }

    [Fact]
    public void Measurements_OfOneCore_AreRecordedInARowOnceTheyAreMany()
    {
        var recorded = new List<int>();
        var held = new HeldMeasurements<int>(held => recorded.AddRange(held));
        for (var i = 0; i < Environment.ProcessorCount * HeldMeasurements<int>.Most; i++) held.Add(i);
        Assert.InRange(recorded.Count, HeldMeasurements<int>.Most, int.MaxValue);
        Assert.Equal(0, recorded.Count % HeldMeasurements<int>.Most);
    }

    [Fact]
    public async Task Measurements_OfManyThreads_AreEachRecordedOnce_WhileOthersRead()
    {
        const int Threads = 8, Each = 50_000;
        var counts = new int[Threads * Each];
        var held = new HeldMeasurements<int>(numbers =>
        {
            foreach (var number in numbers) Interlocked.Increment(ref counts[number]);
        });
        using var end = new CancellationTokenSource();
        var reading = Task.Run(() =>
        {
            while (!end.IsCancellationRequested) held.RecordAll();
        }, TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++) held.Add(thread * Each + i);
        }, TestContext.Current.CancellationToken)));
        await end.CancelAsync();
        await reading;
        held.RecordAll();
        Assert.All(counts, count => Assert.Equal(1, count));
    }
}
