using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Requests;
using LossService.Tests.Support;

namespace LossService.Tests.Formats;

/// <summary>A teacher's predictions in the place of labels, through HTTP: what is refused, with its place, and what is taken.</summary>
public sealed class TeacherTests(TestService service)
{
    private const string Logits = "\"logits\":[[2,1,0],[0,3,1]]";

    [Theory]
    [InlineData("\"labels\":[0,1],\"label_logits\":[[1,2,3],[1,2,3]]", "/label_logits", "expected one form of labels")]
    [InlineData("\"label_logits\":[[1,2,3],[1,\"NaN\",3]]", "/label_logits/1/1", "expected a number, got NaN")]
    [InlineData("\"label_logits\":[[1,2,3],[\"-Infinity\",\"-Infinity\",\"-Infinity\"]]", "/label_logits/1", "all logits are -Infinity")]
    [InlineData("\"label_logits\":[[1,2,3]]", "/label_logits", "label_logits have the shape [1, 3], but logits [2, 3]")]
    [InlineData("\"label_log_probabilities\":[[0,\"-Infinity\",\"-Infinity\"],[-1,-1,-1]]", "/label_log_probabilities/1", "must sum to 1")]
    [InlineData("\"label_log_probabilities\":[[0.5,-1,-1],[-1,-1,-1]]", "/label_log_probabilities/0/0", "a number of at most 0, got 0.5")]
    [InlineData("\"labels\":[0,1],\"label_temperature\":2", "/label_temperature", "applies to label_logits only")]
    [InlineData("\"label_logits\":[[1,2,3],[1,2,3]],\"label_temperature\":0", "/label_temperature", "expected a number from 1e-20")]
    [InlineData("\"label_logits\":[[1,2,3],[1,2,3]],\"ignore_index\":1", "/ignore_index", "ignore_index needs labels")]
    [InlineData("\"teacher_logits\":[[1,2,3],[1,2,3]]", "/teacher_logits", "use label_logits")]
    public async Task Request_NoValidTeacher_IsRefusedAtItsPlace(string labels, string pointer, string detail)
    {
        var answer = await service.PostAsync("/v1/losses/kl_divergence", $"{{{Logits},{labels}}}");
        answer.IsInvalidBatch($"#{pointer}", detail);
    }

    [Theory]
    [InlineData("multi_margin", "class indices, or rows with one 1 and 0 elsewhere")]
    [InlineData("hinge", "0 or 1 for each element")]
    public async Task Request_TeacherOfHardLabels_IsRefusedInWords(string loss, string labels)
    {
        var answer = await service.PostAsync($"/v1/losses/{loss}", $"{{{Logits},\"label_logits\":[[1,2,3],[1,2,3]]}}");
        Assert.Equal(422, answer.Status);
        Assert.Contains($"takes hard labels only, not label_logits: {labels}", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>The reader for usual requests and the exact one take the same numbers, and null is not given.</summary>
    [Fact]
    public async Task Request_Teacher_IsTakenByEveryLossOfSoftLabels()
    {
        foreach (var loss in LossCatalogue.All.Where(loss => loss.LabelForms.Contains(TargetForm.Logits)))
        {
            var body = $"{Logits},\"labels\":null,\"label_logits\":[[1,2,\"-Infinity\"],[1,0.5,3]],\"label_temperature\":2";
            var usual = await service.PostAsync($"/v1/losses/{loss.Name}", $"{{{body}}}");
            var exact = await service.PostAsync($"/v1/losses/{loss.Name}", $"{{\"\\u0069d\":null,{body}}}");
            Assert.Equal(200, usual.Status);
            Assert.Equal(usual.Text, exact.Text);
        }
    }

    [Fact]
    public void Fields_Tensors_AreInTheOrderOfTheirForms()
    {
        foreach (var form in Enum.GetValues<TargetForm>()) Assert.Equal(form.Name(), Fields.GetName(ScoreRequest.GetField(form)));
        foreach (var form in Enum.GetValues<PredictionForm>()) Assert.Equal(form.Name(), Fields.GetName((TensorField)form));
    }
}
