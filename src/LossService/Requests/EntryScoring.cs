using LossService.Core;
using LossService.Core.Batches;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Core.Validation;

namespace LossService.Requests;

/// <summary>Scores the losses of a request with several over its one batch.</summary>
internal static class EntryScoring
{
    /// <summary>Scores a request whose predictions have one form, or finds what is wrong with it.</summary>
    /// <returns>The scores in the order of the entries; null where the request's errors say why not.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The scores do not fit into the request's memory, now or ever.</exception>
    public static ScoreSet? Score(ScoreRequest request, CancellationToken cancellation)
    {
        Share(request);
        var combined = GetCombined(request);
        var shared = request.ToBatch(request.Form!.Value);
        LossEntry[] entries =
            [.. request.Entries.Select(entry => new LossEntry(entry.Loss, ToBatch(shared, entry, request, combined), entry.Entry!.Weight))];
        BatchProblems[] problems = [.. entries.Select(_ => new BatchProblems())];
        var scores = Scorer.TryScore(entries, combined, problems, cancellation);
        if (scores is null) AddErrors(request, problems);
        else request.Notices = FindNotices(entries, scores, cancellation);
        return scores;
    }

    /// <summary>The outputs of the weighted sum: the loss, and of the derivatives those that the request names, or the gradient.</summary>
    private static OutputSet GetCombined(ScoreRequest request) =>
        // an empty list of outputs is refused as it is
        !request.IsCombined || request.Entries.Any(entry => entry.Outputs == OutputSet.None) ? OutputSet.None
        : OutputSet.Loss | ((request.Outputs ?? OutputSet.Gradient) & Combination.Derivatives);

    /// <summary>Gives each entry what the request says for all.</summary>
    private static void Share(ScoreRequest request)
    {
        foreach (var entry in request.Entries)
        {
            entry.Outputs ??= request.Outputs;
            (entry.Reduction, entry.MeanOver, entry.Divisor) = (request.Reduction, request.MeanOver, request.Divisor);
            (entry.DType, entry.ResultDType, entry.TensorEncoding) = (request.DType, request.ResultDType, request.TensorEncoding);
        }
    }

    private static Batch ToBatch(Batch shared, ScoreRequest entry, ScoreRequest request, OutputSet combined) => shared with
    {
        Labels = request.FindLabels(entry) is { } form ? request[ScoreRequest.GetField(form)] : null,
        LabelForm = request.FindLabels(entry) ?? TargetForm.Labels,
        Outputs = combined == OutputSet.None
            ? entry.Outputs : combined | (entry.Outputs ?? OutputCatalogue.GetDefault(entry.Reduction)),
        Unit = entry.Unit,
        Options = entry.Options,
    };

    /// <summary>Adds what is wrong: with what all losses share once, with the rest at its entry.</summary>
    private static void AddErrors(ScoreRequest request, BatchProblems[] problems)
    {
        HashSet<(string, string)> said = [];
        foreach (var (entry, found) in request.Entries.Zip(problems))
        {
            foreach (var problem in found.First)
            {
                var isShared = IsShared(problem.Field, entry);
                if (isShared && !said.Add((problem.Field, problem.ToString()))) continue;
                var name = isShared ? null : entry.Entry!.Name;
                request.Errors.Add(new(problem.Field, problem.Position) { Entry = name }, problem.Detail);
            }
            // of values, only one loss has problems
            request.Errors.Skip(found.Total - found.First.Count);
        }
    }

    private static bool IsShared(string field, ScoreRequest entry) => field.Length == 0 || Fields.TryFindTensor(field, out _)
        || (Fields.HeaderOfSeveral.Contains(field) && !(field == Fields.Outputs && HasOwn(entry)));

    /// <summary>Whether an entry has outputs of its own that are wrong. Otherwise those of the combined loss are.</summary>
    private static bool HasOwn(ScoreRequest entry) => entry.Posted.Contains(Fields.Outputs) && (entry.Outputs == OutputSet.None
        || OutputCatalogue.All.Any(output => output.IsIn(entry.Outputs ?? OutputSet.None) && !entry.Loss.Has(output))
        || entry.Reduction == Reduction.None);

    private static IReadOnlyList<BatchNotice> FindNotices(LossEntry[] entries, ScoreSet scores, CancellationToken cancellation)
    {
        try
        {
            return [.. entries.SelectMany(entry => NoticeRules.Find(entry.Loss, entry.Batch, cancellation)).Distinct()];
        }
        catch
        {
            scores.Dispose();
            throw;
        }
    }
}
