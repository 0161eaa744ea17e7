namespace LossService.Core.Options;

/// <summary>The names of the forms of predictions.</summary>
public static class PredictionForms
{
    /// <summary>The name of a form: <c>log_probabilities</c>.</summary>
    public static string Name(this PredictionForm form) => form switch
    {
        PredictionForm.Logits => "logits",
        PredictionForm.Probabilities => "probabilities",
        PredictionForm.LogProbabilities => "log_probabilities",
        _ => form.ToString(),
    };
}
