using System.Net;
using System.Numerics.Tensors;
using LossService.Client;
using LossService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LossService.Tests.Client;

/// <summary>What is sent and received: every type of elements, spans and tensors, without a needless copy.</summary>
public sealed class LossTensorTests(TestService service)
{
    private static readonly float[] Flat = [.. SmallBatch.Logits.Cast<float>()];
    private static readonly int[] Labels = [0, 1];
    private static readonly decimal[] Decimals = [1m];

    /// <summary>The logits in every form that holds floats.</summary>
    public static TheoryData<string> Forms => ["array", "memory", "rows", "span", "tensor", "slice", "tensor span"];

    [Theory, MemberData(nameof(Forms))]
    public async Task Logits_InAnyForm_Score(string form)
    {
        var scores = await ScoreAsync(Make(form), Labels);
        Assert.Equal(SmallBatch.Loss, scores.Loss!.Value, 1e-7);
        var gradient = scores.Gradient.ToTensor<float>();
        Assert.Equal([2, 3], gradient.Lengths.ToArray());
        Assert.Equal(scores.Gradient.AsSpan<float>()[5], gradient[1, 2]);
        Assert.Equal(scores.Gradient.AsSpan<float>()[3], scores.Gradient.AsTensorSpan<float>()[1, 0]);
    }

    [Fact]
    public async Task Results_HaveTheTypeOfThePredictions()
    {
        var doubles = await ScoreAsync(LossTensor.Of(Array.ConvertAll(Flat, x => (double)x), 2, 3), Labels);
        Assert.Equal(SmallBatch.Loss, doubles.Loss!.Value, 1e-7);
        Assert.Equal(LossDType.Float64, doubles.Gradient.DType);

        var halves = await ScoreAsync(LossTensor.Of(Array.ConvertAll(Flat, x => (Half)x), 2, 3), Labels);
        Assert.Equal(SmallBatch.Loss, halves.Loss!.Value, 1e-3);
        Assert.Equal((float)doubles.Gradient.AsSpan<double>()[0], (float)halves.Gradient.AsSpan<Half>()[0], 1e-3f);

        // the upper half of a float32 is a bfloat16
        var bits = Array.ConvertAll(Flat, x => (byte)(BitConverter.SingleToUInt32Bits(x) >> 24));
        var bytes = Flat.SelectMany((x, i) => new[] { (byte)(BitConverter.SingleToUInt32Bits(x) >> 16), bits[i] }).ToArray();
        var brain = SmallBatch.Create();
        brain.Logits = LossTensor.Of(LossDType.BFloat16, bytes, 2, 3);
        brain.Options.DType = LossDType.Float32;
        using var host = new ClientHost(service);
        var scores = await host.Client.ScoreAsync(LossNames.CrossEntropy, brain, TestContext.Current.CancellationToken);
        Assert.Equal(SmallBatch.Loss, scores.Loss!.Value, 1e-2);
        Assert.Equal(LossDType.Float32, scores.Gradient.DType);
    }

    [Fact]
    public async Task Labels_OfAnyType_Score()
    {
        LossTensor[] labels =
        [
            new byte[] { 0, 1 }, Labels, new[] { 0L, 1L }, LossTensor.Of(new sbyte[] { 0, 1 }), LossTensor.Of(new short[] { 0, 1 }),
            LossTensor.Of(new ushort[] { 0, 1 }), LossTensor.Of(new uint[] { 0, 1 }), LossTensor.Of(new ulong[] { 0, 1 }),
            new float[,] { { 1, 0, 0 }, { 0, 1, 0 } }, LossTensor.Copy(new[,] { { true, false, false }, { false, true, false } }),
        ];
        foreach (var label in labels) Assert.Equal(SmallBatch.Loss, (await ScoreAsync(SmallBatch.Logits, label)).Loss!.Value, 1e-7);
    }

    [Fact]
    public async Task CompressedAnswer_IsRead()
    {
        using var host = new ClientHost(service, builder => builder.ConfigurePrimaryHttpMessageHandler(
            () => new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All }));
        var batch = new LossBatch
        {
            Logits = LossTensor.Of(new float[6000], 60, 100),
            Labels = new int[60],
            Outputs = LossOutputs.Gradient,
        };
        var scores = await host.Client.ScoreAsync(LossNames.CrossEntropy, batch, TestContext.Current.CancellationToken);
        Assert.Equal([60, 100], scores.Gradient.Shape.ToArray());
        Assert.Equal(0.01f / 60, scores.Gradient.AsSpan<float>()[5999], 1e-9f);
    }

    [Fact]
    public async Task OneRow_HasALossOfNoAxis()
    {
        var batch = new LossBatch
        {
            Logits = new[] { 2.0f, 1.0f, 0.1f },
            Labels = LossTensor.Of(LossDType.Int32, new byte[4]),
            Outputs = LossOutputs.Losses,
        };
        using var host = new ClientHost(service);
        var scores = await host.Client.ScoreAsync(LossNames.CrossEntropy, batch, TestContext.Current.CancellationToken);
        Assert.True(scores.Losses.Shape.IsEmpty);
        Assert.Equal(0.41703f, scores.Losses.AsSpan<float>()[0], 1e-6f);
        Assert.Equal(1, scores.Losses.ToTensor<float>().FlattenedLength);
    }

    [Fact]
    public async Task NoSamples_AreABatch()
    {
        var batch = new LossBatch
        {
            Logits = LossTensor.Of(Array.Empty<float>(), 0, 3),
            Labels = Array.Empty<long>(),
            Outputs = LossOutputs.Loss | LossOutputs.Gradient | LossOutputs.Metrics,
        };
        using var host = new ClientHost(service);
        var scores = await host.Client.ScoreAsync(LossNames.CrossEntropy, batch, TestContext.Current.CancellationToken);
        Assert.Null(scores.Loss);
        Assert.Null(scores.Metrics.Accuracy);
        Assert.Equal([0, 3], scores.Gradient.Shape.ToArray());
        Assert.Equal(0, scores.Totals.Samples);
    }

    [Fact]
    public void Of_AnArrayOrDenseTensor_IsAViewOfIt()
    {
        var values = (float[])[.. Flat];
        LossTensor[] views =
            [LossTensor.Of(values, 2, 3), LossTensor.Of(Tensor.Create(values, [2, 3])), LossTensor.Of<float>(values.AsMemory())];
        var copy = LossTensor.Copy<float>(values.AsSpan(), 2, 3);
        values[0] = 7;
        Assert.All(views, view => Assert.Equal(7, view.AsSpan<float>()[0]));
        Assert.Equal(2, copy.AsSpan<float>()[0]);
    }

    [Fact]
    public void ToTensor_OfACallersArray_IsACopy()
    {
        var values = (float[])[.. Flat];
        var tensor = LossTensor.Of(values, 2, 3).ToTensor<float>();
        values[0] = 7;
        Assert.Equal(2, tensor[0, 0]);
    }

    [Fact]
    public void Of_WhatIsNoTensor_SaysWhy()
    {
        Assert.Contains("[2, 2] has 4 elements, and there are 6", Assert.Throws<ArgumentException>(
            () => LossTensor.Of(Flat, 2, 2)).Message, StringComparison.Ordinal);
        Assert.Contains("not of Decimal", Assert.Throws<NotSupportedException>(
            () => LossTensor.Of(Decimals)).Message, StringComparison.Ordinal);
        Assert.Equal("the elements are float32: read them as Single, not as Double", Assert.Throws<InvalidOperationException>(
            () => LossTensor.Of(Flat).AsSpan<double>().Length).Message);
        Assert.Contains("not a System.DateTime", Assert.Throws<ArgumentException>(
            () => new LossOptions { ["temperature"] = DateTime.UnixEpoch }).Message, StringComparison.Ordinal);
    }

    private static LossTensor Make(string form) => form switch
    {
        "array" => LossTensor.Of(Flat, 2, 3),
        "memory" => LossTensor.Of<float>(Flat.AsMemory(), 2, 3),
        "rows" => SmallBatch.Logits,
        "span" => LossTensor.Copy<float>(Flat.AsSpan(), 2, 3),
        "tensor" => Tensor.Create(Flat, [2, 3]),
        // the middle three columns of five
        "slice" => Tensor.Create([9, .. Flat[..3], 9, 9, .. Flat[3..], 9], [2, 5]).Slice([0.., 1..4]),
        _ => LossTensor.Copy(new ReadOnlyTensorSpan<float>(SmallBatch.Logits)),
    };

    private async Task<LossScores> ScoreAsync(LossTensor logits, LossTensor labels)
    {
        using var host = new ClientHost(service);
        var batch = SmallBatch.Create();
        (batch.Logits, batch.Labels) = (logits, labels);
        return await host.Client.ScoreAsync(LossNames.CrossEntropy, batch, TestContext.Current.CancellationToken);
    }
}
