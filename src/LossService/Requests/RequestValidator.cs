using FluentValidation;
using FluentValidation.Results;
using LossService.Core.Options;

namespace LossService.Requests;

/// <summary>
/// The only place that says no to a batch: header and options, then shapes, then values, each only where what it builds on
/// is sound.
/// </summary>
internal sealed class RequestValidator : AbstractValidator<ScoreRequest>
{
    public RequestValidator()
    {
        RuleFor(request => request).Cascade(CascadeMode.Stop)
            .Custom(HeaderRules.Check)
            .Custom(ShapeRules.Check)
            .Custom(ValueRules.Check);
    }

    /// <summary>Everything wrong with a request: what its reader noted, then what the rules find.</summary>
    public RequestErrors Check(ScoreRequest request)
    {
        if (request.RequestErrors.Total == 0)
        {
            var result = Validate(request);
            foreach (var failure in result.Errors)
            {
                if (failure.CustomState is RequestErrors bulk) request.RequestErrors.Add(bulk);
                else request.RequestErrors.Add((Address)failure.CustomState, failure.ErrorMessage);
            }
        }
        return request.RequestErrors;
    }
}

/// <summary>How the rules note what they find, with an address in the request's own terms.</summary>
internal static class RuleExtensions
{
    /// <summary>Notes one finding.</summary>
    public static void Note(this ValidationContext<ScoreRequest> context, Address address, string detail) =>
        context.AddFailure(new ValidationFailure(address.Member, detail) { CustomState = address });

    /// <summary>Notes the findings of a whole tensor as one failure.</summary>
    public static void Note(this ValidationContext<ScoreRequest> context, RequestErrors findings)
    {
        if (findings.Total > 0) context.AddFailure(new ValidationFailure(findings.First[0].Address.Member, findings.First[0].Detail) { CustomState = findings });
    }

    /// <summary>The one form of predictions that was posted; null where none or several were.</summary>
    public static PredictionForm? Form(this ScoreRequest request)
    {
        PredictionForm? found = null;
        for (var form = PredictionForm.Logits; form <= PredictionForm.LogProbabilities; form++)
        {
            if (!request.Tensors.ContainsKey(Fields.Of(form))) continue;
            if (found is not null) return null;
            found = form;
        }
        return found;
    }
}
