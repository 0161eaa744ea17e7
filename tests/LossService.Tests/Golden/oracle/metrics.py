"""Metrics of the predictions, weighted by the sample weight, over the samples that are kept."""

from mpmath import mp, mpf


def predicted(request, sample):
    """The first of the most probable classes; for a binary sample, 1 where p > 1/2."""
    if request.binary:
        return int(sample.x[0] > (0 if request.form == "logits" else 0.5))
    return sample.x.index(max(sample.x))


def label(sample):
    return sample.target.index(max(sample.target)) if isinstance(sample.target, list) else int(sample.target)


def measure(request, kept, text):
    weight = mp.fsum(s.weight for s in kept)
    average = lambda values: mp.fsum(s.weight * v for s, v in zip(kept, values)) / weight
    correct = [int(predicted(request, s) == label(s)) for s in kept]
    surprise = [cross_entropy(request, s) for s in kept]
    result = {"accuracy": text(average(correct), 50), "perplexity": text(mp.exp(average(surprise)), 50)}
    if not request.binary:
        within = [int(sum(x > s.x[label(s)] for x in s.x) < request.options["top_k"]) for s in kept]
        confidence = [max(request.probabilities(s)) for s in kept]
        bins = reliability(kept, correct, confidence, request.options.get("bins", 15))
        result["top_k_accuracy"] = text(average(within), 50)
        result["expected_calibration_error"] = text(
            mp.fsum(abs(hits - sure) for _, sure, hits in bins) / weight, 50)
        result["reliability"] = [
            {"weight": text(w), "confidence": text(sure / w) if w else None, "accuracy": text(hits / w) if w else None}
            for w, sure, hits in bins]
    return result


def cross_entropy(request, sample):
    """−log p of the label, in nats."""
    if request.binary:
        return request.evaluate(sample, lambda d, _: [d.cross_entropy(sample.target).value])[0]
    return -request.log_probabilities(sample)[label(sample)]


def reliability(kept, correct, confidence, count):
    """(Σw, Σw·confidence, Σw·correct) of each bin [i/count, (i+1)/count); confidence 1 is in the last."""
    bins = [[mpf(0)] * 3 for _ in range(count)]
    for s, hit, sure in zip(kept, correct, confidence):
        held = bins[min(int(mp.floor(sure * count)), count - 1)]
        for i, term in enumerate((1, sure, hit)):
            held[i] += s.weight * term
    return bins
