"""Metrics of the predictions over the samples that are kept, weighed by their sample weights and by nothing else."""

from bisect import bisect_right

from mpmath import mp, mpf


def predicted(request, sample):
    """The first of the most probable classes; for a binary sample, 1 where p > 1/2; −1 for a masked one."""
    if sample.masked:
        return -1
    if request.binary:
        return int(request.ranked(sample)[0] > (0 if request.form == "logits" else 0.5))
    x = request.ranked(sample)
    return x.index(max(x))


def label(sample):
    """The first of the most probable classes of the label."""
    return sample.target.index(max(sample.target)) if isinstance(sample.target, list) else int(sample.target)


def rank(request, sample):
    """How many classes come before the label's: those of larger predictions, and the earlier ones of equal predictions."""
    y, scores = label(sample), request.ranked(sample)
    return sum(x > scores[y] or x == scores[y] and c < y for c, x in enumerate(scores))


def measure(kept, text, request=None):
    """The metrics of pairs (request, sample); `request` states the options where no sample is kept."""
    request = request or kept[0][0]
    options, weights = request.options, [s.weight for _, s in kept]
    weight = mp.fsum(weights)
    average = lambda values: mp.fsum(w * v for w, v in zip(weights, values)) / weight if weight else None
    said = lambda value: None if value is None else text(value, 50)
    correct = [int(predicted(r, s) == label(s)) for r, s in kept]
    surprise = average([cross_entropy(r, s) for r, s in kept])
    result = {"accuracy": said(average(correct)), "perplexity": said(None if surprise is None else mp.exp(surprise))}
    if "top_k" in options and not request.binary:
        ks = options["top_k"] if isinstance(options["top_k"], list) else [options["top_k"]]
        ranks = [rank(r, s) for r, s in kept]
        result["top_k_accuracy"] = {str(k): said(average([int(r < k) for r in ranks])) for k in ks}
    bins = reliability(weights, *calibration(kept, correct, options), options.get("bins", 15))
    gaps = mp.fsum(abs(hits - sure) for _, _, sure, hits in bins)
    result["expected_calibration_error"] = said(gaps / weight if weight else None)
    result["reliability"] = [
        {"weight": text(w), "confidence": text(sure / w) if w else None, "accuracy": text(hits / w) if w else None}
        | ({"samples": n} if all(weights) else {})  # whether a sample of weight 0 is in a bin is not said anywhere
        for n, w, sure, hits in bins]
    return result


def cross_entropy(request, sample):
    """Of the label as posted, in nats."""
    if request.binary:
        return request.evaluate(sample, lambda d, _: [d.cross_entropy(sample.target).value])[0]
    return request.evaluate(sample, lambda d, _: [-d.expectation(sample.target, d.log_p).value])[0]


def calibration(kept, correct, options):
    """(confidences, outcomes): P(positive) against the label of a binary sample, or p of the prediction against its being right."""
    p = [request.probabilities(s) for request, s in kept]
    if not kept or not kept[0][0].binary:
        return [max(row) for row in p], correct
    if options.get("calibration", "positive") == "positive":
        return [row[0] for row in p], [s.target for _, s in kept]
    return [max(row[0], 1 - row[0]) for row in p], correct


def reliability(weights, confidence, outcome, count):
    """(samples, Σw, Σw·confidence, Σw·outcome) of each bin from one printed edge to the next; confidence 1 is in the last."""
    edges = [i / count for i in range(count)]  # as printed: rounded to double
    bins = [[0, mpf(0), mpf(0), mpf(0)] for _ in edges]
    for w, sure, hit in zip(weights, confidence, outcome):
        held = bins[max(bisect_right(edges, float(sure)) - 1, 0)]  # as a double, like the edges
        held[0] += 1
        for i, term in enumerate((1, sure, hit)):
            held[i + 1] += w * term
    return bins
