namespace LossService.Core.Options;

/// <summary>The names of the forms of labels.</summary>
public static class TargetForms
{
    /// <summary>The name of a form: <c>label_logits</c>.</summary>
    public static string Name(this TargetForm form) => form switch
    {
        TargetForm.Labels => "labels",
        TargetForm.Logits => "label_logits",
        TargetForm.LogProbabilities => "label_log_probabilities",
        _ => form.ToString(),
    };

    /// <summary>Whether labels are a teacher's predictions, in the shape of the batch's own.</summary>
    public static bool IsTeacher(this TargetForm form) => form is TargetForm.Logits or TargetForm.LogProbabilities;
}
