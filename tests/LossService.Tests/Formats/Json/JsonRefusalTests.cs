using System.Text.Json;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Json;

/// <summary>Well-formed JSON that is no batch: 422, with a pointer to the place and words that help.</summary>
public sealed class JsonRefusalTests(TestService service)
{
    private const string CrossEntropy = "/v1/losses/cross_entropy";
    private const string Binary = "/v1/losses/binary_cross_entropy";

    public static TheoryData<string, string, string> Categorical => new()
    {
        // the root
        { "null", "#", "JSON object" },
        { "[]", "#", "JSON object" },
        { "[{}]", "#", "JSON object" },
        { "7", "#", "JSON object" },
        { "\"logits\"", "#", "JSON object" },
        // members
        { "{}", "#", "predictions are missing; cross_entropy takes logits or probabilities or log_probabilities" },
        { """{"logits":[[1,2]]}""", "#", "labels are missing" },
        { """{"labels":[0]}""", "#", "predictions are missing" },
        { """{"logits":[[1,2]],"labels":[0],"lables":[0]}""", "#/lables", "did you mean \"labels\"?" },
        { """{"logits":[[1,2]],"labels":[0],"Labels":[0]}""", "#/Labels", "did you mean \"labels\"?" },
        { """{"logits":[[1,2]],"labels":[0],"label-smoothing":0.1}""", "#/label-smoothing", "did you mean \"label_smoothing\"?" },
        { """{"logits":[[1,2]],"labels":[0],"zzz":0}""", "#/zzz", "unknown field \"zzz\"" },
        { """{"logits":[[1,2]],"labels":[0],"a/b~c d":0}""", "#/a~1b~0c%20d", "unknown field" },
        { """{"logits":[[1,2]],"labels":[0],"pos_weight":2}""", "#/pos_weight", "pos_weight is not an option of cross_entropy" },
        { """{"logits":[[1,2]],"labels":[0],"labels":[0]}""", "#/labels", "duplicate field" },
        { """{"logits":[[1,2]],"labels":[0],"l\u0061bels":[0]}""", "#/labels", "duplicate field" },
        { """{"logits":[[1,2]],"probabilities":[[0.5,0.5]],"labels":[0]}""", "#/probabilities", "expected one form of predictions" },
        // what stands in a tensor
        { """{"logits":null,"labels":[0]}""", "#", "predictions are missing" },
        { """{"logits":[[1,2]],"labels":null}""", "#", "labels are missing" },
        { """{"logits":[[1,2]],"labels":[0],"lables":null}""", "#/lables", "did you mean \"labels\"?" },
        { """{"logits":[[1,2]],"labels":[0],"labels":null}""", "#/labels", "duplicate field" },
        { """{"logits":"x","labels":[0]}""", "#/logits", "expected a number, got" },
        { """{"logits":[[1,null]],"labels":[0]}""", "#/logits/0/1", "expected a number, got null" },
        { """{"logits":[null,[1,2]],"labels":[0,0]}""", "#/logits/0", "expected a number, got null" },
        { """{"logits":[[1,2],null],"labels":[0,0]}""", "#/logits/1", "expected an array, as at the same depth before, got a number" },
        { """{"logits":[["1.5",2]],"labels":[0]}""", "#/logits/0/0", "only \"NaN\", \"Infinity\" and \"-Infinity\" have quotes" },
        { """{"logits":[["nan",2]],"labels":[0]}""", "#/logits/0/0", "only \"NaN\", \"Infinity\" and \"-Infinity\" have quotes" },
        { """{"logits":[["+Infinity",2]],"labels":[0]}""", "#/logits/0/0", "only \"NaN\", \"Infinity\" and \"-Infinity\" have quotes" },
        { """{"logits":[[true,2]],"labels":[0]}""", "#/logits/0/0", "expected a number, got true" },
        { """{"logits":[[1,{"a":[1,2]}]],"labels":[0]}""", "#/logits/0/1", "expected a number, got an object" },
        { """{"logits":[[1,2],[3]],"labels":[0,0]}""", "#/logits/1", "expected 2 elements, as in the rows before, got 1" },
        { """{"logits":[[1,2],[3,4,5]],"labels":[0,0]}""", "#/logits/1", "expected 2 elements, as in the rows before, got 3" },
        { """{"logits":[[[1,2]],[[1,2],[3,4]]],"labels":[[0],[0]]}""", "#/logits/1", "expected 1 elements, as in the rows before, got 2" },
        { """{"logits":[[1,2],3],"labels":[0,0]}""", "#/logits/1", "expected an array, as at the same depth before, got a number" },
        { """{"logits":[[1,[2]]],"labels":[0]}""", "#/logits/0/1", "expected a number, as at the same depth before, got an array" },
        { """{"logits":[],"labels":[0]}""", "#/labels", "labels have the shape [1], but logits [0]" },
        { """{"logits":[],"labels":[],"sample_weight":[1]}""", "#/sample_weight", "the samples have [0]" },
        { """{"logits":[[]],"labels":[0]}""", "#/logits", "expected at least one class on the last axis" },
        { """{"logits":[[],[]],"labels":[0,0]}""", "#/logits", "expected at least one class on the last axis" },
        { $$"""{"logits":{{new string('[', 33)}}1,2{{new string(']', 33)}},"labels":[0]}""",
            "#/logits" + string.Concat(Enumerable.Repeat("/0", 32)), "expected at most 32 axes" },
        { """{"logits":5,"labels":[0]}""", "#/logits", "expected an array, got a single number" },
        { """{"logits":[[1,2],[3,4]],"labels":[0,0],"class_axis":2}""", "#/class_axis", "expected an axis of logits, from -2 to 1, got 2" },
        { """{"logits":[[1,2],[3,4]],"labels":[0,0],"class_axis":-33}""", "#/class_axis", "expected an integer from -32 to 31, got -33" },
        { """{"logits":[[1,2,3],[3,4,5]],"labels":[0,0,0]}""", "#/labels", "they fit with class_axis 0" },
        { """{"logits":[[1,2,3],[3,4,5]],"labels":[0,0],"class_axis":0}""", "#/labels", "class indices have the shape [3]" },
        { """{"logits":[[1,2,3],[3,4,5]],"labels":[0,0.5,0],"class_axis":0}""", "#/labels/1", "integers from 0 to 1; got 0.5" },
        { """{"logits":[[[1,2],[3,"NaN"]]],"labels":[[0,1]],"class_axis":1}""", "#/logits/0/1/1", "expected a number, got NaN" },
        { """{"probabilities":[[0.5,0.5],[0.5,0.25]],"labels":[0,1],"class_axis":0}""", "#/probabilities/0/1",
            "a row of probabilities along axis 0 must sum to 1" },
        // labels
        { """{"logits":[[1,2]],"labels":[-1]}""", "#/labels/0", "class index -1 is outside 0..1" },
        { """{"logits":[[1,2],[1,2]],"labels":[0,2]}""", "#/labels/1", "class index 2 is outside 0..1" },
        { """{"logits":[[1,2]],"labels":[2147483648]}""", "#/labels/0", "class index 2147483648 is outside 0..1" },
        { """{"logits":[[1,2]],"labels":[4294967296]}""", "#/labels/0", "class index 4294967296 is outside 0..1" },
        { """{"logits":[[1,2]],"labels":[9223372036854775807]}""", "#/labels/0", "class index 9223372036854775807 is outside 0..1" },
        { """{"logits":[[1,2]],"labels":[9223372036854775808]}""", "#/labels/0", "got 9223372036854775808" },
        { """{"logits":[[1,2]],"labels":[1.0]}""", "#/labels/0", "got 1.0" },
        { """{"logits":[[1,2]],"labels":[0.5]}""", "#/labels/0", "got 0.5" },
        { """{"logits":[[1,2]],"labels":[1e0]}""", "#/labels/0", "got 1e0" },
        { """{"logits":[[1,2]],"labels":["0"]}""", "#/labels/0", "expected a number, got" },
        { """{"logits":[[1,2]],"labels":[true]}""", "#/labels/0", "expected a number, got true" },
        { """{"logits":[[1,2]],"labels":[null]}""", "#/labels/0", "expected a number, got null" },
        { """{"logits":[[1,2]],"labels":[{}]}""", "#/labels/0", "an object" },
        { """{"logits":[[1,2]],"labels":0}""", "#/labels", "class indices have the shape [1]" },
        { """{"logits":[[1,2]],"labels":[0,1]}""", "#/labels", "labels have the shape [2]" },
        { """{"logits":[[1,2],[3,4]],"labels":[0]}""", "#/labels", "labels have the shape [1]" },
        { """{"logits":[[1,2]],"labels":[[[1,0]]]}""", "#/labels", "labels have the shape [1, 1, 2]" },
        { """{"logits":[[1,2]],"labels":[[1,0,0]]}""", "#/labels", "dense labels have the shape [1, 3]" },
        { """{"logits":[[1,2]],"labels":[[0.5,0.6]]}""", "#/labels/0", "must sum to 1" },
        { """{"logits":[[1,2]],"labels":[[1.5,-0.5]]}""", "#/labels/0/0", "from 0 to 1" },
        { """{"logits":[[1,2]],"labels":[["NaN",1]]}""", "#/labels/0/0", "from 0 to 1" },
        { """{"logits":[[1,2]],"labels":[[1,0]],"ignore_index":0}""", "#/ignore_index", "class indices" },
        // predictions that are none
        { """{"logits":[["NaN",2]],"labels":[0]}""", "#/logits/0/0", "leave the sample out with mask" },
        { """{"logits":[["Infinity","Infinity"]],"labels":[0]}""", "#/logits/0", "is undefined" },
        { """{"logits":[["-Infinity","-Infinity"]],"labels":[0]}""", "#/logits/0", "is undefined" },
        { """{"probabilities":[[0.5,0.6]],"labels":[0]}""", "#/probabilities/0", "must sum to 1" },
        { """{"probabilities":[[0.5,0.4]],"labels":[0]}""", "#/probabilities/0", "must sum to 1" },
        { """{"probabilities":[[1.25,-0.25]],"labels":[0]}""", "#/probabilities/0/0", "from 0 to 1, got 1.25" },
        { """{"log_probabilities":[[0.5,-1]],"labels":[0]}""", "#/log_probabilities/0/0", "at most 0" },
        { """{"log_probabilities":[[-5,-1]],"labels":[0]}""", "#/log_probabilities/0", "must sum to 1" },
        { """{"probabilities":[[0.5,0.4]],"labels":[0],"dtype":"float64"}""", "#/probabilities/0", "(±1e-6), but sums to 0.9; clip takes" },
        { """{"probabilities":[[3,-1]],"labels":[0],"normalize":true}""", "#/probabilities/0/1", "at least 0, got -1" },
        { """{"probabilities":[[0,0]],"labels":[0],"normalize":true}""", "#/probabilities/0", "sums to 0, so it cannot be normalized" },
        { """{"probabilities":[[1,0]],"labels":[[0,0]],"normalize":true}""", "#/labels/0", "sums to 0" },
        { """{"probabilities":[[1,0]],"labels":[0],"normalize":1}""", "#/normalize", "expected true or false, got 1" },
        { """{"probabilities":[[1,0]],"labels":[0],"normalize":"true"}""", "#/normalize", "expected true or false, got \"true\"" },
        { """{"log_probabilities":[[-5,-1]],"labels":[0],"normalize":true}""", "#/log_probabilities/0", "send them as logits" },
        // weights and masks
        { """{"logits":[[1,2]],"labels":[0],"sample_weight":[1,1]}""", "#/sample_weight", "the samples have [1]" },
        { """{"logits":[[1,2]],"labels":[0],"sample_weight":[-1]}""", "#/sample_weight/0", "none may be negative" },
        { """{"logits":[[1,2]],"labels":[0],"sample_weight":["NaN"]}""", "#/sample_weight/0", "finite" },
        { """{"logits":[[1,2]],"labels":[0],"sample_weight":["Infinity"]}""", "#/sample_weight/0", "finite" },
        { """{"logits":[[1,2]],"labels":[0],"mask":[2]}""", "#/mask/0", "expected true or false, or 0 or 1, got 2" },
        { """{"logits":[[1,2]],"labels":[0],"mask":[1.0]}""", "#/mask/0", "expected true or false, or 0 or 1, got 1.0" },
        { """{"logits":[[1,2]],"labels":[0],"mask":["true"]}""", "#/mask/0", "expected true or false, or 0 or 1, got \"true\"" },
        { """{"logits":[[1,2]],"labels":[0],"mask":true}""", "#/mask", "the samples have [1]" },
        { """{"logits":[[1,2]],"labels":[0],"mask":[[true,true]]}""", "#/mask", "the samples have [1]" },
        // the header
        { """{"logits":[[1,2]],"labels":[0],"outputs":["gradients"]}""", "#/outputs/0", "did you mean \"gradient\"?" },
        { """{"logits":[[1,2]],"labels":[0],"outputs":["loss",7]}""", "#/outputs/1", "unknown output 7" },
        { """{"logits":[[1,2]],"labels":[0],"outputs":"loss"}""", "#/outputs", "a list of names" },
        { """{"logits":[[1,2]],"labels":[0],"outputs":[]}""", "#/outputs", "outputs is empty" },
        { """{"logits":[[1,2]],"labels":[0],"reduction":"none","outputs":["losses","loss"]}""", "#/outputs", "no output \"loss\"" },
        { """{"logits":[[1],[2]],"labels":[0,0]}""", "#/logits", "binary_cross_entropy takes one number a sample" },
        { """{"probabilities":[1],"labels":0}""", "#/probabilities", "binary_cross_entropy takes one number a sample" },
        { """{"logits":[[1,2]],"labels":[0],"reduction":"Mean"}""", "#/reduction", "\"mean\" or \"sum\" or \"none\"" },
        { """{"logits":[[1,2]],"labels":[0],"outputs":[null]}""", "#/outputs/0", "unknown output null" },
        { """{"logits":[[1,2]],"labels":[0],"divisor":0}""", "#/divisor", "from 1e-100 to 1e100, got 0" },
        { """{"logits":[[1,2]],"labels":[0],"divisor":"12"}""", "#/divisor", "expected a number above 0, got \"12\"" },
        { """{"logits":[[1,2]],"labels":[0],"divisor":12,"reduction":"sum"}""", "#/divisor", "what the reduction \"mean\" divides by" },
        { """{"logits":[[1,2]],"labels":[0],"mean_over":"batch"}""", "#/mean_over", "\"weight\" or \"samples\"" },
        { """{"logits":[[1,2]],"labels":[0],"unit":"bans"}""", "#/unit", "\"nats\" or \"bits\"" },
        { """{"logits":[[1,2]],"labels":[0],"dtype":"float16"}""", "#/dtype", "\"float32\" or \"float64\"" },
        { """{"logits":[[1,2]],"labels":[0],"id":7}""", "#/id", "expected a string, got 7" },
        // options
        { """{"logits":[[1,2]],"labels":[0],"label_smoothing":1.5}""", "#/label_smoothing", "a number from 0 to 1, got 1.5" },
        { """{"logits":[[1,2]],"labels":[0],"label_smoothing":"0.1"}""", "#/label_smoothing", "got \"0.1\"" },
        { """{"logits":[[1,2]],"labels":[0],"label_smoothing":[0.1]}""", "#/label_smoothing", "got an array" },
        { """{"logits":[[1,2]],"labels":[0],"label_smoothing":"none"}""", "#/label_smoothing", "got \"none\"" },
        { """{"logits":[[1,2]],"labels":[0],"temperature":0}""", "#/temperature", "from 1e-20 to 1e20, got 0" },
        { """{"logits":[[1,2]],"labels":[0],"temperature":1e400}""", "#/temperature", "got 1e400" },
        { """{"probabilities":[[0.5,0.5]],"labels":[0],"temperature":2}""", "#/temperature", "temperature applies to logits only" },
        { """{"logits":[[1,2]],"labels":[0],"clip":0.1}""", "#/clip", "clip applies to probabilities only" },
        { """{"logits":[[1,2]],"labels":[0],"class_weight":[1]}""", "#/class_weight", "there are 2 classes" },
        { """{"logits":[[1,2]],"labels":[0],"class_weight":[1,-1]}""", "#/class_weight/1", "0 or a number from 1e-100 to 1e100, got -1" },
        { """{"logits":[[1,2]],"labels":[0],"class_weight":[1,null]}""", "#/class_weight/1", "got null" },
        { """{"logits":[[1,2]],"labels":[0],"class_weight":[1,[2]]}""", "#/class_weight/1", "got an array" },
        { """{"logits":[[1,2]],"labels":[0],"ignore_index":0.5}""", "#/ignore_index", "got 0.5" },
        { """{"logits":[[1,2]],"labels":[0],"top_k":0}""", "#/top_k", "at least 1, got 0" },
        { """{"logits":[[1,2]],"labels":[0],"top_k":[1,2,1]}""", "#/top_k/2", "1 is given twice" },
        { """{"logits":[[1,2]],"labels":[0],"top_k":3}""", "#/top_k", "from 1 to 2, the number of classes, got 3" },
        { """{"logits":[[1,2]],"labels":[0],"top_k":[1,99999999999]}""", "#/top_k/1", "got 99999999999" },
        { """{"logits":[],"labels":[],"top_k":99999999999}""", "#/top_k", "got 99999999999" },
        { """{"logits":[[1,2]],"labels":[0],"bins":1.5}""", "#/bins", "got 1.5" },
        { """{"logits":[[1,2]],"labels":[0],"bins":2147483648}""", "#/bins", "got 2147483648" },
    };

    public static TheoryData<string, string, string> BinaryBatches => new()
    {
        { """{"logits":[1,2],"labels":[0]}""", "#/labels", "one label for each element" },
        { """{"logits":[1,2],"labels":[[0,1]]}""", "#/labels", "one label for each element" },
        { """{"logits":[1,2],"labels":[0,2]}""", "#/labels/1", "from 0 to 1, got 2" },
        { """{"logits":[1,2],"labels":[0,-0.5]}""", "#/labels/1", "from 0 to 1, got -0.5" },
        { """{"logits":[1,"NaN"],"labels":[0,1]}""", "#/logits/1", "NaN" },
        { """{"probabilities":[0.5,1.5],"labels":[0,1]}""", "#/probabilities/1", "from 0 to 1, got 1.5" },
        { """{"logits":[1,2],"labels":[0,1],"mask":[true]}""", "#/mask", "the samples have [2]" },
        { """{"logits":[[1,2]],"labels":[[0,1]],"mask":[true,true]}""", "#/mask", "or a leading part of that" },
        { """{"logits":[[1,2]],"labels":[[0,1]],"sample_weight":2}""", "#/sample_weight", "or a leading part of that" },
        { """{"logits":[1,2],"labels":[0,1],"pos_weight":-1}""", "#/pos_weight", "from 0 to 1e100, got -1" },
        { """{"logits":[1,2],"labels":[0,1],"pos_weight":[1,2,3]}""", "#/pos_weight", "there are 2 classes" },
        { """{"logits":[1,2],"labels":[0,1],"class_weight":[1,2,3]}""", "#/class_weight", "there are 2 classes" },
        { """{"logits":[1,2],"labels":[0,1],"top_k":2}""", "#/top_k", "top_k is not an option of binary_cross_entropy" },
    };

    [Theory]
    [MemberData(nameof(Categorical))]
    public async Task CategoricalBatch_Invalid_PointsToThePlace(string body, string pointer, string words) =>
        (await service.PostAsync(CrossEntropy, body)).IsInvalidBatch(pointer, words);

    [Theory]
    [MemberData(nameof(BinaryBatches))]
    public async Task BinaryBatch_Invalid_PointsToThePlace(string body, string pointer, string words) =>
        (await service.PostAsync(Binary, body)).IsInvalidBatch(pointer, words);

    /// <summary>What is left out is not looked at: the mask and ignore_index forgive whatever the sample holds.</summary>
    [Theory]
    [InlineData("""{"logits":[["NaN","NaN"],[1,2]],"labels":[99,1],"mask":[false,true]}""")]
    [InlineData("""{"logits":[["NaN",3],[1,2]],"labels":[-100,1],"ignore_index":-100}""")]
    [InlineData("""{"probabilities":[[7,7],[0.25,0.75]],"labels":[[3,3],[0,1]],"mask":[false,true]}""")]
    public async Task Batch_InvalidOnlyWhereLeftOut_Scores(string body)
    {
        var answer = await service.PostAsync(CrossEntropy, body);
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(1, JsonDocument.Parse(answer.Body).RootElement.GetProperty("totals").GetProperty("samples").GetInt32());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(5000)]
    public async Task Batch_WithManyErrors_ListsTheFirst20AndTheTotal(int errors)
    {
        var rows = string.Join(',', Enumerable.Repeat("[1,2]", errors));
        var labels = string.Join(',', Enumerable.Range(2, errors));
        var problem = (await service.PostAsync(CrossEntropy,
            $$"""{"logits":[{{rows}}],"labels":[{{labels}}]}""")).IsInvalidBatch("#/labels/0", "class index 2");
        Assert.Equal(errors, problem.GetProperty("total_errors").GetInt32());
        Assert.Equal(
            Enumerable.Range(0, int.Min(errors, 20)).Select(i => $"#/labels/{i}"),
            problem.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("pointer").GetString()));
    }

    /// <summary>Errors of different members are told together, not one a request.</summary>
    [Fact]
    public async Task Batch_WithErrorsInSeveralMembers_TellsThemTogether()
    {
        var answer = await service.PostAsync(CrossEntropy,
            """{"logits":[[1,"2"]],"labels":["0"],"lable":1,"outputs":["los"],"temperature":true}""");
        Assert.Equal(
            ["#/labels/0", "#/lable", "#/logits/0/1", "#/outputs/0", "#/temperature"],
            answer.IsProblem(422, "invalid-batch").GetProperty("errors").EnumerateArray()
                .Select(error => error.GetProperty("pointer").GetString()).Order(StringComparer.Ordinal));
    }
}
