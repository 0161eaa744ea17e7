using Microsoft.OpenApi;
using static LossService.OpenApi.Schemas;

namespace LossService.OpenApi;

/// <summary>The schemas of the metrics, under <c>components</c>.</summary>
internal static class MetricSchemas
{
    /// <summary>Adds them to a document.</summary>
    public static void AddTo(OpenApiDocument document) => document.AddComponent(Metrics, MetricsOf(document));

    private static OpenApiSchema MetricsOf(OpenApiDocument document) => Object(
        new()
        {
            ["accuracy"] = RealOrNull("The share of samples whose predicted class is the label."),
            ["top_k_accuracy"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "For each k: the share of samples whose label is among the k largest predictions.",
                AdditionalProperties = Type(JsonSchemaType.Number | JsonSchemaType.Null),
            },
            ["perplexity"] = NumberOrNull("exp of the mean cross-entropy in nats, with unsmoothed labels."),
            ["expected_calibration_error"] = RealOrNull("Σ over the bins of (the bin's share of the weight)·|accuracy − confidence|."),
            ["maximum_calibration_error"] = RealOrNull("The largest |accuracy − confidence| of the bins with weight."),
            ["root_mean_square_calibration_error"] =
                RealOrNull("The root of Σ over the bins of (the bin's share of the weight)·(accuracy − confidence)²."),
            ["brier"] = Name("BrierParts", OfBrier(), document),
            ["bins"] = ListOf(Name("CalibrationBin", BinSchema(), document), "The bins of the reliability diagram."),
            ["class_wise_calibration"] = Name("ClassWiseCalibration", OfClassWise(document), document),
            ["equal_mass_calibration"] = Name("EqualMassCalibration", OfEqualMass(document), document),
            ["per_class"] = ListOf(Name("ClassMetrics", OfClass(), document), "Each class, with `per_class`."),
            ["macro"] = Name("MacroAverage", OfMacro(), document),
            ["balanced_accuracy"] = RealOrNull("The mean recall of the classes with support; with `per_class`."),
            ["confusion_matrix"] = OfMatrix(),
            ["temperature_fit"] = Name("TemperatureFit", OfFit(), document),
            ["totals"] = Name("MetricTotals", MetricTotalsSchema(), document),
        },
        "accuracy", "perplexity", "expected_calibration_error", "maximum_calibration_error", "root_mean_square_calibration_error",
        "brier", "bins", "totals");

    private static OpenApiSchema BinSchema() => Object(
        new()
        {
            ["lower"] = Real("The lower bound of confidence in the bin, included."),
            ["upper"] = Real("The upper bound, excluded except in the last bin."),
            ["samples"] = Type(JsonSchemaType.Integer, "The number of samples in the bin."),
            ["weight"] = Real("The sum of their weights."),
            ["accuracy"] = RealOrNull(
                "The share of them that is predicted correctly; with `calibration` positive, their mean label. Null if there are none."),
            ["confidence"] = RealOrNull(
                "Their mean probability of the predicted class; with `calibration` positive, of the positive class. Null if there are "
                + "none."),
        },
        "lower", "upper", "samples", "weight", "accuracy", "confidence");

    private static OpenApiSchema MetricTotalsSchema()
    {
        var totals = Object(
            new()
            {
                ["weight"] = Real("Σw over the samples, w the sample weight."),
                ["correct"] = Real("Σw over those whose predicted class is the label."),
                ["top_k_correct"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Description = "For each k: Σw over those whose label is among the k largest predictions.",
                    AdditionalProperties = Type(JsonSchemaType.Number),
                },
                ["cross_entropy"] = Number("Σw·cross-entropy in nats, with unsmoothed labels."),
                ["squared_error"] = Real("Σw·(confidence − outcome)², as the bins compare them."),
            },
            "weight", "correct", "cross_entropy", "squared_error");
        totals.Description = "The sums that the metrics are made of; those of several batches add up to those of their union. Of a bin, "
            + "weight·accuracy and weight·confidence do.";
        return totals;
    }

    private static OpenApiSchema OfBrier()
    {
        var parts = Object(
            new()
            {
                ["score"] = RealOrNull("The mean of (confidence − outcome)²."),
                ["reliability"] = RealOrNull("Σ over the bins of (the bin's share of the weight)·(confidence − accuracy)²; 0 = "
                    + "calibrated."),
                ["resolution"] = RealOrNull("The same of (the bin's accuracy − the accuracy of all)²; larger is better."),
                ["uncertainty"] = RealOrNull("accuracy·(1 − accuracy) of all."),
            },
            "score", "reliability", "resolution", "uncertainty");
        parts.Description = "The Brier score of the confidence as a forecast of its outcome, both as the bins compare them, and Murphy's "
            + "parts of it: score = reliability − resolution + uncertainty, but for what varies within a bin.";
        return parts;
    }

    private static OpenApiSchema OfClass()
    {
        var one = Object(
            new()
            {
                ["true_positives"] = Real("Σw over the samples of the class that are predicted as it."),
                ["false_positives"] = Real("Σw over the samples of others that are predicted as it."),
                ["false_negatives"] = Real("Σw over the samples of the class that are predicted as others."),
                ["true_negatives"] = Real("Σw over all other samples."),
                ["support"] = Real("Σw over the samples of the class."),
                ["precision"] = RealOrNull("TP/(TP + FP)."),
                ["recall"] = RealOrNull("TP/(TP + FN)."),
                ["f1"] = RealOrNull("2·TP/(2·TP + FP + FN)."),
                ["iou"] = RealOrNull("TP/(TP + FP + FN)."),
            },
            "true_positives", "false_positives", "false_negatives", "true_negatives", "support", "precision", "recall", "f1", "iou");
        one.Description = "How one class is predicted. The counts of several batches add up to those of their union; a quotient that "
            + "divides by 0 is null.";
        return one;
    }

    private static OpenApiSchema OfMacro()
    {
        var macro = Object(
            new()
            {
                ["precision"] = RealOrNull("The mean precision."),
                ["recall"] = RealOrNull("The mean recall."),
                ["f1"] = RealOrNull("The mean F1."),
                ["iou"] = RealOrNull("The mean intersection over union."),
            },
            "precision", "recall", "f1", "iou");
        macro.Description = "Plain means over the classes that occur, as a label or as a prediction; a quotient of theirs that divides by "
            + "0 counts as 0. With `per_class`.";
        return macro;
    }

    private static OpenApiSchema OfFit()
    {
        var fit = Object(
            new()
            {
                ["temperature"] = RealOrNull("What the logits as posted are to be divided by; null where no temperature from 1e-6 to 1e6 "
                    + "is best, as where every prediction is right."),
                ["cross_entropy_before"] = NumberOrNull("The mean cross-entropy in nats, at the temperature of the request."),
                ["cross_entropy_after"] = NumberOrNull("The same at the fitted temperature."),
                ["calibration_error_before"] = RealOrNull("The expected calibration error, at the temperature of the request."),
                ["calibration_error_after"] = RealOrNull("The same at the fitted temperature."),
            },
            "temperature", "cross_entropy_before", "cross_entropy_after", "calibration_error_before", "calibration_error_after");
        fit.Description = "The temperature that makes the cross-entropy of the batch least, with `fit_temperature`. It is not made of "
            + "sums, so the summary of a stream has none.";
        return fit;
    }

    private static OpenApiSchema OfClassWise(OpenApiDocument document)
    {
        var classWise = Object(
            new()
            {
                ["calibration_error"] = RealOrNull("The mean of the classes' errors, of those with weight."),
                ["classes"] = ListOf(
                    OfDiagram("The bins with samples: accuracy is the mean label of the class, confidence its mean probability.", document),
                    "Each class, in their order."),
            },
            "calibration_error", "classes");
        classWise.Description = "How well the probability of each class is calibrated over all samples, whatever class is predicted, with "
            + "`class_wise_calibration`. weight·accuracy and weight·confidence of the bins of several batches add up.";
        return classWise;
    }

    private static OpenApiSchema OfEqualMass(OpenApiDocument document)
    {
        var equalMass = OfDiagram(
            "The bins with samples: lower and upper are the least and the largest confidence, both included.", document);
        equalMass.Description = "Bins of equal weight, with `equal_mass_calibration`: of B bins, ⌊B·v/V⌋ has the samples before which in "
            + "confidence those of the weight v are, of V in all, so that equal confidences share a bin. Their edges depend on all "
            + "confidences of the batch and do not follow from sums, so the summary of a stream has none.";
        return equalMass;
    }

    private static OpenApiSchema OfDiagram(string bins, OpenApiDocument document) => Object(
        new()
        {
            ["calibration_error"] = RealOrNull("Σ over the bins of (the bin's share of the weight)·|accuracy − confidence|."),
            ["bins"] = ListOf(Name("CalibrationBin", BinSchema(), document), bins),
        },
        "calibration_error", "bins");

    private static OpenApiSchema OfMatrix() => ListOf(
        ListOf(Type(JsonSchemaType.Number)), "Σw by label, then by prediction, with `confusion_matrix`; those of several batches add up.");
}
