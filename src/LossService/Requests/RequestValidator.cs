using FluentValidation;
using FluentValidation.Results;
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
    private static readonly Action<ScoreRequest, ValidationContext<ScoreRequest>>[] Checks =
        [CheckPredictions, CheckLabels, CheckHeader, CheckEntries];

    /// <summary>Checks one thing after the other, up to the first that is wrong.</summary>
    /// <remarks>
    /// A rule for an expression would be compiled at the start, which loads the framework's compiler of expressions, and be interpreted for
    /// each request.
    /// </remarks>
    /// <returns>False: there are no other rules.</returns>
    protected override bool PreValidate(ValidationContext<ScoreRequest> context, ValidationResult result)
    {
        foreach (var check in Checks)
        {
            if (!result.IsValid) break;
            check(context.InstanceToValidate, context);
        }
        return false;
    }

    /// <summary>
    /// Adds the tensors that are missing to the errors of a request that could not be read: an unknown field is often a missing one.
    /// </summary>
    public static void AddMissing(ScoreRequest request)
    {
        if (request.Posted.Count == 0) return;
        if (!Enum.GetValues<PredictionForm>().Any(form => request.Posted.Contains(form.Name())))
            request.Errors.Add(new(""), DescribeMissing(request));
        if (request.HasSeveral) return;
        if (request.Loss.Labels != LabelRule.None && !Enum.GetValues<TargetForm>().Any(form => request.Posted.Contains(form.Name())))
            request.Errors.Add(new(""), $"{Fields.Labels} are missing");
    }

    private static string DescribeMissing(ScoreRequest request) => "predictions are missing; " + (request.HasSeveral
        ? $"expected {string.Join(" or ", Enum.GetValues<PredictionForm>().Select(form => form.Name()))}"
        : $"{request.Loss.Name} takes {string.Join(" or ", request.Loss.Accepts.Select(form => form.Name()))}");

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
        if (request.HasSeveral || request.LabelForms.Count() < 2) return;
        string[] posted = [.. request.LabelForms.Select(form => form.Name())];
        Add(posted[1], $"expected one form of labels, got {string.Join(" and ", posted)}", request, context);
    }

    private static void Add(string field, string detail, ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        request.Errors.Add(new(field), detail);
        context.AddFailure(field, detail);
    }

    private static void CheckHeader(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        if (request.HasSeveral) return;
        var problems = new BatchProblems();
        var (form, classes) = (request.Form!.Value, request.Allowance.Limits.Classes);
        if (CountClasses(request, request) is var posted && posted > classes)
            problems.Add(form.Name(), DescribeClasses(classes, posted));
        HeaderRules.Check(request.Loss, request.ToBatch(form), problems);
        request.Errors.Add(problems);
        foreach (var problem in problems.First) context.AddFailure(problem.Field, problem.Detail);
    }

    /// <summary>What only a request with several losses can have wrong; the rest is checked for each where they are scored.</summary>
    private static void CheckEntries(ScoreRequest request, ValidationContext<ScoreRequest> context)
    {
        if (!request.HasSeveral) return;
        var (losses, classes) = (request.Entries, request.Allowance.Limits.Classes);
        if (losses.Count == 0) Add(new(""), $"{Fields.Losses} are missing: an object with an entry for each loss");
        if (losses.Select(entry => CountClasses(request, entry)).DefaultIfEmpty().Max() is var posted && posted > classes)
            Add(new(request.Form!.Value.Name()), DescribeClasses(classes, posted));
        if (request is { IsCombined: true, Reduction: Reduction.None })
            Add(new(Fields.Combined), "combined adds up losses that are reduced; with the reduction \"none\" there are none");
        TargetForm[] sources = [.. request.LabelForms];
        foreach (var entry in losses.Where(entry => entry.Loss.Labels != LabelRule.None)) CheckSource(entry, request, sources, Add);
        foreach (var source in sources)
            if (losses.Count > 0 && !losses.Any(entry => request.FindLabels(entry) == source))
                Add(new(source.Name()), $"none of the losses reads {source.Name()}");

        void Add(Address address, string detail)
        {
            request.Errors.Add(address, detail);
            context.AddFailure(address.Member, detail);
        }
    }

    private static void CheckSource(ScoreRequest loss, ScoreRequest request, TargetForm[] posted, Action<Address, string> add)
    {
        var entry = loss.Entry!;
        var address = new Address(Fields.LabelsFrom) { Entry = entry.Name };
        if (entry.LabelsFrom is { } source && request.FindLabels(loss) is { } found && !posted.Contains(found))
            add(address, $"{source.Name()} are missing");
        else if (entry.LabelsFrom is null && posted.Length > 1)
            add(address, $"there are {string.Join(" and ", posted.Select(form => form.Name()))}; "
                + "labels_from says which of them the loss reads");
    }

    /// <summary>The classes of a loss over the request's predictions; 0 for a binary loss.</summary>
    private static int CountClasses(ScoreRequest request, ScoreRequest loss) => loss.Loss.Kind == LossKind.Binary ? 0
        : new ClassLayout(request.Predictions!.Shape, loss.Options.Get(SharedOptions.ClassAxis)).Classes;

    private static string DescribeClasses(int most, int got) => $"expected at most {most} classes, got {got}";
}
