using LossService.Tests.Support;

namespace LossService.Tests.Formats.Json;

/// <summary>An object that is no tensor: 422, pointing at the part that is wrong.</summary>
public sealed class Base64RefusalTests(TestService service)
{
    private const string Path = "/v1/losses/cross_entropy";
    private const string Good = """{"dtype":"float32","shape":[1,2],"data":"AACAPwAAAEA="}""";

    public static TheoryData<string, string, string> Objects => new()
    {
        // members
        { "{}", "#/logits", "missing field \"dtype\"" },
        { """{"shape":[1,2],"data":"AACAPwAAAEA="}""", "#/logits", "missing field \"dtype\"" },
        { """{"dtype":"float32","data":"AACAPwAAAEA="}""", "#/logits", "missing field \"shape\"" },
        { """{"dtype":"float32","shape":[1,2]}""", "#/logits", "missing field \"data\"" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPwAAAEA=","dat":""}""", "#/logits/dat", "did you mean \"data\"?" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPwAAAEA=","a/b":{"c":[1]}}""", "#/logits/a~1b", "unknown field \"a/b\"" },
        { """{"dtype":"float32","dtype":"float32","shape":[1,2],"data":"AACAPwAAAEA="}""", "#/logits/dtype", "duplicate field" },
        { """{"dtype":"float32","shape":[1,2],"shape":[[1]],"data":"AACAPwAAAEA="}""", "#/logits/shape", "duplicate field" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPwAAAEA=","d\u0061ta":"AACAPwAAAEA="}""", "#/logits/data", "duplicate field" },
        // dtype
        { """{"dtype":"float33","shape":[1,2],"data":"AACAPwAAAEA="}""", "#/logits/dtype", "unknown dtype \"float33\"" },
        { """{"dtype":"Float32","shape":[1,2],"data":"AACAPwAAAEA="}""", "#/logits/dtype", "unknown dtype" },
        { """{"dtype":null,"shape":[1,2],"data":"AACAPwAAAEA="}""", "#/logits", "missing field \"dtype\"" },
        { """{"dtype":["float32"],"shape":[1,2],"data":"AACAPwAAAEA="}""", "#/logits/dtype", "unknown dtype an array" },
        { """{"dtype":"int64","shape":[1,1],"data":"AAAAAAAAAAA="}""", "#/logits", "expected real numbers, got int64" },
        // shape
        { """{"dtype":"float32","shape":2,"data":"AACAPwAAAEA="}""", "#/logits/shape", "expected a list of integers, got 2" },
        { """{"dtype":"float32","shape":null,"data":"AACAPwAAAEA="}""", "#/logits", "missing field \"shape\"" },
        { """{"dtype":"float32","shape":[1,2.0],"data":"AACAPwAAAEA="}""", "#/logits/shape/1", "got 2.0" },
        { """{"dtype":"float32","shape":["1",2],"data":"AACAPwAAAEA="}""", "#/logits/shape/0", "got \"1\"" },
        { """{"dtype":"float32","shape":[1,[2]],"data":"AACAPwAAAEA="}""", "#/logits/shape/1", "got an array" },
        { """{"dtype":"float32","shape":[-1,-2],"data":"AACAPwAAAEA="}""", "#/logits/shape/0", "got -1" },
        { """{"dtype":"float32","shape":[1,2147483648],"data":"AACAPwAAAEA="}""", "#/logits/shape/1", "got 2147483648" },
        { """{"dtype":"float32","shape":[65536,65536,65536,65536],"data":"AACAPwAAAEA="}""", "#/logits/shape", "more than 2^60 elements" },
        { """{"dtype":"float32","shape":[2147483647,2147483647,2147483647,2147483647,2147483647],"data":""}""", "#/logits/shape",
            "more than 2^60 elements" },
        { """{"dtype":"float32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data":"AACAPwAAAEA="}""",
            "#/logits/shape", "expected at most 32 axes" },
        { """{"dtype":"float32","shape":[2,0],"data":""}""", "#/logits", "expected at least one class on the last axis" },
        { """{"dtype":"float32","shape":[],"data":"AACAPw=="}""", "#/logits", "expected an array, got a single number" },
        // data
        { """{"dtype":"float32","shape":[1,2],"data":null}""", "#/logits", "missing field \"data\"" },
        { """{"dtype":"float32","shape":[1,2],"data":[1,2]}""", "#/logits/data", "expected a string of base64, got an array" },
        { """{"dtype":"float32","shape":[1,2],"data":""}""", "#/logits/data", "expected 8 bytes for the shape [1, 2] of float32, got 0" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPw=="}""", "#/logits/data",
            "expected 8 bytes for the shape [1, 2] of float32, got 4" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPwAAAEAA"}""", "#/logits/data",
            "expected 8 bytes for the shape [1, 2] of float32, got 9" },
        { """{"dtype":"float64","shape":[1,2],"data":"AACAPwAAAEA="}""", "#/logits/data",
            "expected 16 bytes for the shape [1, 2] of float64, got 8" },
        { """{"dtype":"float32","shape":[1073741824,1073741823],"data":"AACAPwAAAEA="}""", "#/logits/data", "8 bytes" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPwAAAEA"}""", "#/logits/data", "multiple of 4 characters, got 11" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAP AAAEA="}""", "#/logits/data", "character 5 is not a base64 digit" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACA    PwAAAEA="}""", "#/logits/data",
            "expected 8 bytes for the shape [1, 2] of float32, got 11" },
        // four blanks, for which a decoder that skips them would leave three bytes unwritten
        { """{"dtype":"float32","shape":[1,3],"data":"AACAPwAAAEAA    "}""", "#/logits/data", "character 12 is not a base64 digit" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACA-wAAAEA="}""", "#/logits/data", "character 4 is not a base64 digit" },
        { """{"dtype":"float32","shape":[1,2],"data":"AA==PwAAAEA="}""", "#/logits/data", "character 2 is not a base64 digit" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPwAAAE=="}""", "#/logits/data",
            "expected 8 bytes for the shape [1, 2] of float32, got 7" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPwAAAEB="}""", "#/logits/data", "the last digit before = has bits set" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPwAAAé="}""", "#/logits/data", "is not a base64 digit" },
        // escapes stand for characters, which may still be none of base64's
        { """{"dtype":"float32","shape":[1,2],"data":"AACA\nwAAAEA="}""", "#/logits/data", "character 4 is not a base64 digit" },
        { """{"dtype":"float32","shape":[1,2],"data":"\u0041ACA\\wAAAEA="}""", "#/logits/data", "character 4 is not a base64 digit" },
        { """{"dtype":"float32","shape":[1,2],"data":"AACAPw\/AAEA"}""", "#/logits/data", "multiple of 4 characters, got 11" },
        { """{"dtype":"float32","shape":[1,2],"data":"AA\u003d\u003d"}""", "#/logits/data",
            "expected 8 bytes for the shape [1, 2] of float32, got 1" },
    };

    [Theory]
    [MemberData(nameof(Objects))]
    public async Task Logits_ThatAreNoTensor_AreRefusedWhereTheyAreWrong(string logits, string pointer, string words) =>
        (await service.PostAsync(Path, $$"""{"logits":{{logits}},"labels":[0]}""")).IsInvalidBatch(pointer, words);

    [Theory]
    [InlineData("""{"dtype":"float32","shape":[1],"data":"AAAAAA=="}""", "#/labels", "got float32")]
    [InlineData("""{"dtype":"bool","shape":[1],"data":"AQ=="}""", "#/labels", "got bool")]
    [InlineData("""{"dtype":"int32","shape":[1],"data":"AgAAAA=="}""", "#/labels/data", "[0]: class index 2 is outside 0..1")]
    [InlineData("""{"dtype":"int8","shape":[1],"data":"/w=="}""", "#/labels/data", "[0]: class index -1 is outside 0..1")]
    [InlineData("""{"dtype":"uint64","shape":[1],"data":"//////////8="}""", "#/labels/data", "is outside 0..1")]
    [InlineData("""{"dtype":"int32","shape":[2],"data":"AAAAAAAAAAA="}""", "#/labels", "labels have the shape [2]")]
    public async Task Labels_ThatAreNoClasses_AreRefused(string labels, string pointer, string words) =>
        (await service.PostAsync(Path, $$"""{"logits":{{Good}},"labels":{{labels}}}""")).IsInvalidBatch(pointer, words);

    [Theory]
    [InlineData("""{"dtype":"bool","shape":[1],"data":"Ag=="}""", "#/mask/data", "expected 0 or 1 in each byte of a bool, got 2 in byte 0")]
    [InlineData("""{"dtype":"uint8","shape":[1],"data":"Ag=="}""", "#/mask/data", "[0]: expected 0 or 1, got 2")]
    [InlineData("""{"dtype":"float16","shape":[1],"data":"ADw="}""", "#/mask", "expected booleans, or the integers 0 and 1, got float16")]
    public async Task Mask_ThatIsNotOfBooleans_IsRefused(string mask, string pointer, string words) =>
        (await service.PostAsync(Path, $$"""{"logits":{{Good}},"labels":[0],"mask":{{mask}}}""")).IsInvalidBatch(pointer, words);

    [Fact]
    public async Task Rows_ThatDoNotSumToOne_ArePointedAtByTheirData()
    {
        var probabilities = EncodedTensor.Of("float64", [2, 2], [0.5, 0.5, 0.75, 0.5]);
        (await service.PostAsync(Path, $$"""{"probabilities":{{probabilities}},"labels":[0,0]}"""))
            .IsInvalidBatch("#/probabilities/data", "[1]: a row of probabilities must sum to 1");
    }

    [Theory]
    [InlineData("\"Base64\"")]
    [InlineData("\"hex\"")]
    [InlineData("7")]
    [InlineData("true")]
    public async Task TensorEncoding_Unknown_IsRefused(string encoding) =>
        (await service.PostAsync(Path, $$"""{"logits":{{Good}},"labels":[0],"tensor_encoding":{{encoding}}}"""))
            .IsInvalidBatch("#/tensor_encoding", "expected \"json\" or \"base64\"");
}
