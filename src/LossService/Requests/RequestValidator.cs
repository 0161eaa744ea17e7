using FluentValidation;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Core.Validation;

namespace LossService.Requests;

/// <summary>
/// The gate for the header of a request: predictions in exactly one form, labels in one at most, and what <see cref="HeaderRules"/> says
/// of the rest.
/// Shapes and values are checked where they are scored.
/// </summary>
internal sealed class RequestValidator : AbstractValidator<ScoreRequest>
{
    public RequestValidator() =>
        RuleFor(request => request).Cascade(CascadeMode.Stop).Custom(CheckPredictions).Custom(CheckLabels).Custom(CheckHeader);

    /// <summary>
    /// Adds the tensors that are missing to the errors of a request that could not be read: an unknown field is often a missing one.
    /// </summary>
    public static void AddMissing(ScoreRequest request)
    {
        if (request.Posted.Count == 0) return;
        if (!Enum.GetValues<PredictionForm>().Any(form => request.Posted.Contains(form.Name())))
            request.Errors.Add(new(""), DescribeMissing(request));
        if (request.Loss.Labels != LabelRule.None && !Enum.GetValues<TargetForm>().Any(form => request.Posted.Contains(form.Name())))
            request.Errors.Add(new(""), $"{Fields.Labels} are missing");
    }

    private static string DescribeMissing(ScoreRequest request) =>
        $"predictions are missing; {request.Loss.Name} takes {string.Join(" or ", request.Loss.Accepts.Select(form => form.Name()))}";

    private static void CheckPredictions(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        if (request.Form is not null) return;
        string[] posted = [.. Enum.GetValues<PredictionForm>().Where(form => request[(TensorField)form] is not null)
            .Select(form => form.Name())];
        if (posted.Length > 1) Add(posted[1], $"expected one form of predictions, got {string.Join(" and ", posted)}", request, context);
        else Add("", DescribeMissing(request), request, context);
    }

    private static void CheckLabels(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        string[] posted = [.. request.LabelForms.Select(form => form.Name())];
        if (posted.Length > 1) Add(posted[1], $"expected one form of labels, got {string.Join(" and ", posted)}", request, context);
    }

    private static void Add(string field, string detail, ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        request.Errors.Add(new(field), detail);
        context.AddFailure(field, detail);
    }

    private static void CheckHeader(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        var problems = new BatchProblems();
        var (form, classes) = (request.Form!.Value, request.Allowance.Limits.Classes);
        var posted = new ClassLayout(request.Predictions!.Shape, request.Options.Get(SharedOptions.ClassAxis)).Classes;
        if (request.Loss.Kind != LossKind.Binary && posted > classes)
            problems.Add(form.Name(), $"expected at most {classes} classes, got {posted}");
        HeaderRules.Check(request.Loss, request.ToBatch(form), problems);
        request.Errors.Add(problems);
        foreach (var problem in problems.First) context.AddFailure(problem.Field, problem.Detail);
    }
}
