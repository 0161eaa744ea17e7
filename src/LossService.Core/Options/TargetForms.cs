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
        TargetForm.Values => "label_values",
        TargetForm.LogValues => "label_log_values",
        _ => form.ToString(),
    };

    /// <summary>Whether labels are a teacher's predictions, in the shape of the batch's own.</summary>
    public static bool IsTeacher(this TargetForm form) => form is TargetForm.Logits or TargetForm.LogProbabilities;

    /// <summary>Whether labels are numbers of some classes of each sample, which the batch's indices name.</summary>
    public static bool IsSparse(this TargetForm form) => form is TargetForm.Values or TargetForm.LogValues;
}
