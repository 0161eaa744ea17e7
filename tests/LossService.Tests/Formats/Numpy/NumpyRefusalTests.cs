using System.Text;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Numpy;

/// <summary>Forms and arrays that are refused: with the name of the part and what is wrong, never as a fault of the service.</summary>
public sealed class NumpyRefusalTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";

    private static readonly byte[] Row = NpyFile.Write("FP32", [1, 2], [1, 2]);
    private static readonly byte[] Label = NpyFile.Write("INT64", [1], [0]);

    private readonly NumpyClient _client = new(service);

    /// <summary>Headers of .npy files with eight bytes of elements, and what is said of each.</summary>
    public static TheoryData<string, string> Headers => new()
    {
        { "{'descr': '|O', 'fortran_order': False, 'shape': (1, 2), }", "pickled" },
        { "{'descr': '<c8', 'fortran_order': False, 'shape': (1, 2), }", "the dtype \"<c8\" is not supported" },
        { "{'descr': '<f16', 'fortran_order': False, 'shape': (1, 2), }", "save it as float64" },
        { "{'descr': '<V2', 'fortran_order': False, 'shape': (1, 4), }", "save bfloat16 as float32" },
        { "{'descr': '<U1', 'fortran_order': False, 'shape': (1, 2), }", "not names" },
        { "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (1, ), }", "is not supported" },
        { "{'descr': '=f4', 'fortran_order': False, 'shape': (1, 2), }", "is not supported" },
        { "{'descr': '|f4', 'fortran_order': False, 'shape': (1, 2), }", "is not supported" },
        { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 2), }", "a structured array" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }", "expected 12 bytes for the shape [1, 3] of float32, got 8" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", "expected 4 bytes for the shape [1, 1] of float32, got 8" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2), }", "not a tuple of integers" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0, 2), }", "not one that NumPy writes" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483648, 0), }", "axes of at most 2147483647" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647), }", "more than 2^60 elements" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (" + string.Concat(Enumerable.Repeat("1, ", 99)) + "), }", "axes" },
        { "{'descr': '<f4', 'fortran_order': 0, 'shape': (1, 2), }", "not one that NumPy writes" },
        { "{'descr': '<f4', 'shape': (1, 2), }", "has not all of" },
        { "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", "has descr twice" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), 'more': '', }", "unknown key \"more\"" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), } + 1", "not one that NumPy writes" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), ", "not one that NumPy writes" },
        { "__import__('os').system('x')", "not one that NumPy writes" },
        { "", "not one that NumPy writes" },
        { new string(' ', 20_000), "expected a header of at most 10000 bytes" },
    };

    [Theory, MemberData(nameof(Headers))]
    public async Task Header_ThatIsNotOfAnArrayOfNumbers_IsRefused(string header, string words)
    {
        for (byte version = 1; version <= 3; version++)
        {
            var answer = await _client.PostAsync([("logits", NpyFile.WriteHeader(header, new byte[8], version)), ("labels", Label)]);
            answer.IsInvalidBatch("#/logits", words);
        }
    }

    [Fact]
    public async Task Parts_ThatAreNoArrayOrNoOption_AreRefused()
    {
        (string Words, string Pointer, (string, object)[] Parts)[] cases =
        [
            ("duplicate part \"labels\"", "#/labels", [("logits", Row), ("labels", Label), ("labels", Label)]),
            ("expected a .npy file", "#/labels", [("logits", Row), ("labels", "[0]")]),
            ("got an empty part", "#/labels", [("logits", Row), ("labels", Array.Empty<byte>())]),
            ("a .npz or zip file", "#/labels", [("logits", Row), ("labels", "PK\u0003\u0004"u8.ToArray())]),
            ("ends inside its header", "#/labels", [("logits", Row), ("labels", Label[..20])]),
            ("version 1, 2 or 3, got version 4", "#/labels", [("logits", Row), ("labels", (byte[])[.. Label[..6], 4, .. Label[7..]])]),
            ("did you mean \"labels\"", "#/lables", [("logits", Row), ("lables", Label)]),
            ("use labels", "#/y_true", [("logits", Row), ("y_true", Label)]),
            ("expected one value, got 2", "#/label_smoothing",
                [("logits", Row), ("labels", Label), ("label_smoothing", 0.1), ("label_smoothing", 0.2)]),
            ("expected a number from 0 to 1, got \"a\"", "#/label_smoothing",
                [("logits", Row), ("labels", Label), ("label_smoothing", "a")]),
            ("got \".5\"", "#/label_smoothing", [("logits", Row), ("labels", Label), ("label_smoothing", ".5")]),
            ("got \"True\"", "#/normalize", [("logits", Row), ("labels", Label), ("normalize", "True")]),
            ("unknown output \"gradients\"", "#/outputs/1",
                [("logits", Row), ("labels", Label), ("outputs", "loss"), ("outputs", "gradients")]),
            ("expected text in UTF-8", "#/id", [("logits", Row), ("labels", Label), ("id", (byte[])[0xFF, 0xFE])]),
            ("is outside 0..1", "#/labels/0", [("logits", Row), ("labels", NpyFile.Write("INT64", [1], [2]))]),
            ("got NaN", "#/logits/0/1", [("logits", NpyFile.Write("FP32", [1, 2], [1, double.NaN])), ("labels", Label)]),
            ("expected 0 or 1 in each byte of a bool, got 2", "#/mask/0",
                [("logits", Row), ("labels", Label), ("mask", NpyFile.WriteBytes("|b1", [1], [2]))]),
            ("class indices, integers from 0 to 1; got float64", "#/labels",
                [("logits", Row), ("labels", NpyFile.Write("FP64", [1], [0]))]),
        ];
        foreach (var (words, pointer, parts) in cases) (await _client.PostAsync(parts)).IsInvalidBatch(pointer, words);
    }

    [Theory]
    [InlineData("labels=0", "#/labels", "labels is a tensor")]
    [InlineData("reduction=sum", "#/reduction", "is in the form and in the query")]
    [InlineData("lable_smoothing=0.1", "#/lable_smoothing", "did you mean \"label_smoothing\"")]
    [InlineData("label_smoothing", "#/label_smoothing", "expected a number from 0 to 1, got \"\"")]
    public async Task Query_ThatIsWrong_IsRefused(string query, string pointer, string words)
    {
        var answer = await _client.PostAsync(
            [("logits", Row), ("labels", Label), ("reduction", "sum")], path: $"cross_entropy?{query}");
        answer.IsInvalidBatch(pointer, words);
    }

    [Theory]
    [InlineData("multipart/form-data", "", "no boundary")]
    [InlineData("multipart/form-data; boundary=", "", "no boundary")]
    [InlineData("multipart/form-data; boundary=b", "", "after part 0")]
    [InlineData("multipart/form-data; boundary=b", "--c\r\n\r\n--c--\r\n", "after part 0")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=id\r\n\r\n1", "after part 1")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nbroken\r\n\r\n1\r\n--b--\r\n", "after part 0")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--\r\n", "has no Content-Disposition")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: attachment; name=id\r\n\r\n1\r\n--b--\r\n", "Part 1")]
    public async Task Body_ThatIsNoForm_Is400(string type, string body, string words)
    {
        var answer = await service.PostAsync(Path, Encoding.ASCII.GetBytes(body), type);
        Assert.Contains(words, answer.IsProblem(400, "bad-request").GetProperty("detail").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_BeyondTheMost_AreNotRead() => (await _client.PostAsync(
        Enumerable.Repeat(("outputs", (object)"loss"), 70))).IsInvalidBatch("#", "expected at most 64 parts");

    [Fact]
    public async Task Texts_LongerThanTheMost_AreRefused()
    {
        using var small = new TestService(host => host.UseSetting("Limits:ParameterBytes", "1024"));
        var answer = await new NumpyClient(small).PostAsync(
            [.. NumpyClient.Good, ("class_weight", new string('1', 600)), ("id", new string('1', 600))]);
        answer.IsInvalidBatch("#/id", "at most 1024 bytes together");
    }

    /// <summary>An array in Fortran order is copied: what that takes is counted before it is taken.</summary>
    [Fact]
    public async Task FortranOrder_BeyondTheMemory_Is413_AndNothingIsKept()
    {
        using var small = new TestService(host => host.UseSetting("Limits:MemoryBytes", $"{16 << 20}"));
        var client = new NumpyClient(small);
        foreach (var isFortran in (bool[])[false, true])
        {
            var answer = await client.PostAsync(
            [
                ("logits", NpyFile.WriteBytes("<f8", [1000, 1200], new byte[9_600_000], isFortran)),
                ("labels", NpyFile.Write("INT64", [1000], new double[1000])),
            ]);
            Assert.Equal(isFortran ? 413 : 200, answer.Status);
        }
    }

    [Fact]
    public async Task Bodies_ChangedAtRandom_AreAnsweredOrRefused()
    {
        var form = new MultipartFormDataContent("b");
        foreach (var (name, value) in NumpyClient.Good) form.Add(new ByteArrayContent((byte[])value), name, name);
        form.Add(new StringContent("[1, 0.5, 2]"), "class_weight");
        var body = await form.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var random = new Random(7);
        var statuses = new HashSet<int>();
        for (var i = 0; i < 3000; i++)
        {
            var changed = body.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--) changed[random.Next(changed.Length)] = (byte)random.Next(256);
            if (random.Next(8) == 0) changed = changed[..random.Next(changed.Length)];
            var answer = await service.PostAsync(Path, changed, "multipart/form-data; boundary=b");
            Assert.True(answer.Status is 200 or 400 or 422, $"{i}: {answer.Text}");
            statuses.Add(answer.Status);
        }
        Assert.Equal([200, 400, 422], statuses.Order());
    }
}
