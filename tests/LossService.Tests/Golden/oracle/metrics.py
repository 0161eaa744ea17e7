"""Metrics of the predictions over the samples that are kept, weighed by their sample weights and by nothing else."""

from bisect import bisect_right

from mpmath import mp, mpf

from .targets import SparseRow, Teacher


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
    if isinstance(sample.posted, (Teacher, SparseRow)):
        return sample.posted.label
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
    average = lambda values: mp.fsum(w * v for w, v in zip(weights, values) if w) / weight if weight else None
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
    result |= {name: said(value) for name, value in distances(bins, weight).items()}
    confidence, outcome = calibration(kept, correct, options)
    result["brier"] = {name: said(value) for name, value in
                       brier(average([(c - o) ** 2 for c, o in zip(confidence, outcome)]), bins, weight).items()}
    if options.get("fit_temperature"):
        result["temperature_fit"] = {name: said(value) for name, value in fit(
            kept, correct, options, surprise, gaps / weight if weight else None).items()}
    if options.get("class_wise_calibration"):
        result["class_wise_calibration"] = class_wise(kept, request, said)
    if options.get("equal_mass_calibration"):
        result["equal_mass_calibration"] = diagram(weights, equal_mass(weights, confidence, outcome, options.get("bins", 15)), said)
    if options.get("per_class"):
        result |= classes(kept, request, said)
    if options.get("confusion_matrix"):
        result["confusion_matrix"] = [[said(mp.fsum(s.weight for r, s in kept if label(s) == y and predicted(r, s) == c))
                                       for c in range(request.classes)] for y in range(request.classes)]
    result["reliability"] = [
        {"weight": text(w), "confidence": text(sure / w) if w else None, "accuracy": text(hits / w) if w else None}
        | ({"samples": n} if all(weights) else {})  # whether a sample of weight 0 is in a bin is not said anywhere
        for n, w, sure, hits in bins]
    return result


def class_wise(kept, request, said):
    """The classwise-ECE of Kull et al., 2019: the mean over the classes of the calibration error of their own probabilities."""
    columns = request.binary and len(request.shape) > 1
    diagrams, errors = [], []
    for c in range(request.classes if columns or not request.binary else 1):
        own = [(r, s) for r, s in kept if not columns or s.column == c]
        weights = [s.weight for _, s in own]
        p = [r.probabilities(s)[0 if request.binary else c] for r, s in own]
        y = [s.target if request.binary else s.target[c] for _, s in own]
        bins = reliability(weights, p, y, request.options.get("bins", 15))
        diagrams.append(diagram(weights, bins, said))
        if weight := mp.fsum(weights):
            errors.append(mp.fsum(abs(hits - sure) for _, _, sure, hits in bins) / weight)
    return {"calibration_error": said(mp.fsum(errors) / len(errors) if errors else None), "classes": diagrams}


def equal_mass(weights, confidence, outcome, count):
    """The bins of a sample each where the samples of less confidence are a share of the weight from i/count to (i + 1)/count."""
    bins, weight = [[0, mpf(0), mpf(0), mpf(0)] for _ in range(count)], mp.fsum(weights)
    held = sorted((float(sure), w, sure, hit) for w, sure, hit in zip(weights, confidence, outcome))
    before = {}
    for i, (key, *_) in enumerate(held):
        if key not in before:
            before[key] = mp.fsum(w for _, w, _, _ in held[:i])
    for key, w, sure, hit in held:
        own = bins[min(int(mp.floor(count * before[key] / weight)), count - 1) if weight else 0]
        own[0] += 1
        for i, term in enumerate((1, sure, hit)):
            own[i + 1] += w * term
    return bins


def diagram(weights, bins, said):
    """A calibration error with its bins, those with samples."""
    weight = mp.fsum(weights)
    result = {"calibration_error": said(mp.fsum(abs(hits - sure) for _, _, sure, hits in bins) / weight if weight else None)}
    if all(weights):  # whether a sample of weight 0 makes a bin is not said anywhere
        result["bins"] = [{"samples": n, "weight": said(w), "confidence": said(sure / w), "accuracy": said(hits / w)}
                          for n, w, sure, hits in bins if n]
    return result


def distances(bins, weight):
    """How far accuracy and confidence of a bin are apart: the most, and the root of the mean square."""
    if not weight:
        return dict.fromkeys(("maximum_calibration_error", "root_mean_square_calibration_error"))
    held = [(w, abs(hits - sure)) for _, w, sure, hits in bins if w]
    return {"maximum_calibration_error": max(gap / w for w, gap in held),
            "root_mean_square_calibration_error": mp.sqrt(mp.fsum(gap ** 2 / w for w, gap in held) / weight)}


def brier(score, bins, weight):
    """The mean square of confidence − outcome, and Murphy's parts of it over the bins."""
    if not weight:
        return dict.fromkeys(("score", "reliability", "resolution", "uncertainty"))
    held = [(w, sure / w, hits / w) for _, w, sure, hits in bins if w]
    mean = mp.fsum(w * hits for w, _, hits in held) / weight
    return {"score": score, "reliability": mp.fsum(w * (sure - hits) ** 2 for w, sure, hits in held) / weight,
            "resolution": mp.fsum(w * (hits - mean) ** 2 for w, _, hits in held) / weight, "uncertainty": mean * (1 - mean)}


def fit(kept, correct, options, before, error):
    """The temperature of the least cross-entropy, by halving where its slope in 1/T changes sign; None where it does not."""
    held = [(r, s) for r, s in kept if s.weight]
    rows = [([*s.x, mpf(0)] if r.binary else s.x, biases(r, s), [s.target, 1 - s.target] if r.binary else s.target, s.weight)
            for r, s in held]
    rows = [([mpf(z) for z in x], b, t, w) for x, b, t, w in rows]

    def at(inverse):
        """(slope, sum of cross-entropies, probabilities) at 1/T."""
        slope, total, every = mpf(0), mpf(0), []
        for x, bias, t, w in rows:
            scores = [z * inverse + b for z, b in zip(x, bias)]
            powers = [mp.exp(score - max(scores)) for score in scores]
            share = [e / mp.fsum(powers) for e in powers]
            held = mp.fsum(t)
            slope += w * (held * mp.fsum(p * z for p, z in zip(share, x)) - mp.fsum(y * z for y, z in zip(t, x)))
            total += w * mp.fsum(y * (mp.log(mp.fsum(powers)) - (score - max(scores))) for y, score in zip(t, scores) if y)
            every.append(share)
        return slope, total, every

    low, high = mpf(10) ** -6, mpf(10) ** 6
    names = ("temperature", "cross_entropy_before", "cross_entropy_after", "calibration_error_before", "calibration_error_after")
    if not rows or at(low)[0] >= 0 or at(high)[0] <= 0:
        return dict(zip(names, (None, before, None, error, None)))
    for _ in range(200):
        middle = mp.sqrt(low * high)
        low, high = (middle, high) if at(middle)[0] < 0 else (low, middle)
    _, total, shares = at(low)
    weights = [w for *_, w in rows]
    weight = mp.fsum(weights)
    hits = [hit for hit, (_, s) in zip(correct, kept) if s.weight]
    if "logit_bias" in options:
        best = [1 - int(share[0] > share[1]) if r.binary else share.index(max(share)) for share, (r, _) in zip(shares, held)]
        hits = [int((1 - c if r.binary else c) == label(s)) for c, (r, s) in zip(best, held)]
    if kept[0][0].binary and options.get("calibration", "positive") == "positive":
        confidence, outcome = [share[0] for share in shares], [t[0] for _, _, t, _ in rows]
    else:
        confidence, outcome = [max(share) for share in shares], hits
    bins = reliability(weights, confidence, outcome, options.get("bins", 15))
    return dict(zip(names, (1 / low, before, total / weight, error, mp.fsum(abs(h - c) for _, _, c, h in bins) / weight)))


def biases(request, sample):
    """What is added to the logits of a sample after their division; a binary one is a row of two classes, the second with logit 0."""
    bias = request.options.get("logit_bias")
    if bias is None:
        return [mpf(0)] * (2 if request.binary else request.classes)
    return [mpf(bias[sample.column]), mpf(0)] if request.binary else [mpf(b) for b in bias]


def classes(kept, request, said):
    """Counts and scores of each class; of a binary loss, of each column of predictions of rank 2 or more."""
    columns = request.binary and len(request.shape) > 1
    reports = []
    for c in range(request.classes if columns or not request.binary else 1):
        own = [(r, s) for r, s in kept if not columns or s.column == c]
        one = 1 if request.binary else c
        cell = lambda labelled, found: mp.fsum(
            s.weight for r, s in own if (label_of(r, s) == one) == labelled and (predicted(r, s) == one) == found)
        reports.append((cell(True, True), cell(False, True), cell(True, False), cell(False, False)))
    share = lambda part, whole: part / whole if whole else None
    scores = [{"precision": share(tp, tp + fp), "recall": share(tp, tp + fn), "f1": share(2 * tp, 2 * tp + fp + fn),
               "iou": share(tp, tp + fp + fn)} for tp, fp, fn, _ in reports]
    occurring = [score for score in scores if score["f1"] is not None]
    supported = [score["recall"] for score, (tp, _, fn, _) in zip(scores, reports) if tp + fn]
    mean = lambda values: mp.fsum(values) / len(values) if values else None
    return {
        "per_class": [{name: said(value) for name, value in zip(
            ("true_positives", "false_positives", "false_negatives", "true_negatives", "support"), (tp, fp, fn, tn, tp + fn))}
            | {name: said(value) for name, value in score.items()} for (tp, fp, fn, tn), score in zip(reports, scores)],
        "macro": {name: said(mean([score[name] or mpf(0) for score in occurring])) for name in ("precision", "recall", "f1", "iou")},
        "balanced_accuracy": said(mean(supported))}


def label_of(request, sample):
    """The label as a prediction is: 1 where that of a binary sample is above 1/2."""
    return int(sample.target > 0.5) if request.binary else label(sample)


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
