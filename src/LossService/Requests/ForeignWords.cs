using System.Collections.Frozen;
using LossService.Core.Losses;
using LossService.Core.Options;

namespace LossService.Requests;

/// <summary>Names and words of other libraries' requests, and what to use here.</summary>
internal static class ForeignWords
{
    private static readonly FrozenDictionary<string, string> Labels = Map(
        $"use {Fields.Labels}", "y_true", "y", "target", "targets", "ground_truth", "class_labels");

    private static readonly FrozenDictionary<string, string> Predictions = Map(
        "name the predictions by what they are", "y_pred", "y_hat", "input", "inputs", "pred", "preds", "prediction",
        "predictions", "output", "scores", "from_logits", "x");

    private static readonly FrozenDictionary<string, string> Others = new Dictionary<string, string>
    {
        ["log_target"] = "labels are probabilities; their logarithms are label_log_probabilities",
        ["teacher"] = "use label_logits or label_log_probabilities",
        ["teacher_logits"] = "use label_logits",
        ["target_logits"] = "use label_logits",
        ["teacher_log_probabilities"] = "use label_log_probabilities",
        ["teacher_probabilities"] = "use labels: dense rows",
        ["soft_labels"] = "use labels: dense rows",
        ["soft_targets"] = "use labels: dense rows",
        ["teacher_temperature"] = "use label_temperature",
        ["size_average"] = $"use {Fields.Reduction}",
        ["reduce"] = $"use {Fields.Reduction}",
        ["ignore_label"] = "use ignore_index",
        ["dim"] = "use class_axis",
        ["axis"] = "use class_axis",
        ["class_dim"] = "use class_axis",
        ["channel_axis"] = "use class_axis",
        ["data_format"] = "use class_axis: 1 for channels first",
        ["num_classes"] = "the class axis of the predictions says how many classes there are",
        ["base"] = $"use {Fields.Unit}",
    }.ToFrozenDictionary();

    /// <summary>What to use in place of a field; null where the name is no other library's.</summary>
    /// <param name="name">The name.</param>
    /// <param name="loss">The loss of the request; null = it has several.</param>
    public static string? FindField(string name, Loss? loss)
    {
        if (Labels.TryGetValue(name, out var hint)) return loss?.Labels == LabelRule.None ? $"{loss.Name} takes no labels" : hint;
        if (Predictions.TryGetValue(name, out hint))
            return $"{hint}: {string.Join(" or ", (loss?.Accepts ?? Enum.GetValues<PredictionForm>()).Select(form => form.Name()))}";
        if (name is "weight" or "weights")
            return $"use {(loss?.FindOption("class_weight") is null ? "" : "class_weight or ")}{Fields.SampleWeight}";
        return Others.GetValueOrDefault(name);
    }

    /// <summary>What to use in place of a word; null where it is no other library's.</summary>
    public static string? FindWord(string word) => word switch
    {
        "batchmean" or "sum_over_batch_size" or "elementwise_mean" or "avg" or "average" => "use mean",
        _ => null,
    };

    private static FrozenDictionary<string, string> Map(string hint, params string[] names) =>
        names.ToFrozenDictionary(name => name, _ => hint);
}
