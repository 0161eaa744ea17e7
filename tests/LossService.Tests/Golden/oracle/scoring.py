"""From a request, as it would be posted, to the answer that the service owes."""

import sys

from mpmath import mp, mpf

from . import metrics, overlaps
from .precision import INFINITE
from .request import Request, nest

# mpmath writes a number like e^-100000 by way of an integer of thousands of digits
sys.set_int_max_str_digits(0)


def text(value, digits=30):
    """A decimal string; what is not finite by its name."""
    if mp.isnan(value):
        return "NaN"
    if abs(value) > INFINITE:
        return "Infinity" if value > 0 else "-Infinity"
    return mp.nstr(value, digits, min_fixed=-3, max_fixed=10).removesuffix(".0")


def times(weight, value):
    """weight·value, where a weight of 0 removes even an infinite value."""
    return weight * value if weight != 0 else mpf(0)


def score(loss, body, sampled=None):
    """The members of the answer, numbers as decimal strings; `sampled` picks gradient entries by [row, class]."""
    with mp.workdps(100):
        return answer(Request(loss, body), sampled)


def summary(loss, bodies):
    """The last line of a stream: totals, loss and metrics of all its lines as one dataset."""
    with mp.workdps(100):
        requests = [Request(loss, body) for body in bodies]
        kept = [(request, s) for request in requests for s in request.samples() if s.kept]
        weight = mp.fsum(request.weight(s) for request, s in kept)
        total = mp.fsum(times(s.weight, request.value_and_gradient(s)[0]) for request, s in kept)
        divisor = divide_by(requests[0].options | {"reduction": "mean"}, len(kept), weight)
        result = {"totals": totals(len(kept), weight, total), "loss": text(total / divisor, 50) if divisor != 0 else None}
        if "metrics" in requests[0].options.get("outputs", []):
            result["metrics"] = metrics.measure(kept, text)
            for name in ("temperature_fit", "equal_mass_calibration"):  # of one batch
                result["metrics"].pop(name, None)
        return result


def divide_by(options, samples, weight):
    if options.get("reduction", "mean") != "mean":
        return mpf(1)
    if "divisor" in options:
        return mpf(options["divisor"])
    return mpf(samples) if options.get("mean_over") == "samples" else weight


def totals(samples, weight, loss):
    return {"samples": samples, "weight": text(weight, 50), "loss": text(loss, 50)}


def answer(request, sampled):
    if request.overlap:
        return overlaps.answer(request, text)
    options = request.options
    samples = request.samples()
    kept = [sample for sample in samples if sample.kept]
    reduction = options.get("reduction", "mean")
    outputs = options.get("outputs", ["losses"] if reduction == "none" else ["loss"])

    scored = [request.value_and_gradient(s) if s.kept else (mpf(0), [mpf(0)] * len(s.x)) for s in samples]
    losses = [times(s.weight, value) for s, (value, _) in zip(samples, scored)]
    weight, total = mp.fsum(map(request.weight, kept)), mp.fsum(losses)
    divisor = divide_by(options, len(kept), weight)
    entries = [times(s.weight, slope) / divisor if divisor != 0 else mpf(0)
               for s, (_, slopes) in zip(samples, scored) for slope in slopes]

    result = {}
    if "loss" in outputs and reduction != "none":
        result["loss"] = text(total / divisor, 50) if divisor != 0 else None
    if "losses" in outputs:
        result["losses"] = nest(list(map(text, losses)), request.samples_shape)
    if "gradient" in outputs and sampled is None:
        result["gradient"] = request.as_posted(list(map(text, entries)))
    if "hessian" in outputs:
        bends = [request.second_derivatives(s) if s.kept else [mpf(0)] * len(s.x) for s in samples]
        result["hessian"] = request.as_posted([text(times(s.weight, bend) / divisor if divisor != 0 else mpf(0))
                                               for s, row in zip(samples, bends) for bend in row])
    if sampled is not None:
        result["gradient_at"] = [[[row, c], text(entries[row * request.classes + c])] for row, c in sampled]
    for name in ("probabilities", "log_probabilities"):
        if name in outputs:
            of_sample = getattr(request, name)
            result[name] = request.as_posted([text(x) for s in samples for x in of_sample(s)])
    if "entropy" in outputs:
        result["entropy"] = nest([text(h) for s in samples for h in request.entropy(s)], request.samples_shape)
    if "predictions" in outputs:
        result["predictions"] = nest([metrics.predicted(request, s) for s in samples], request.samples_shape)
    if "metrics" in outputs:
        result["metrics"] = metrics.measure([(request, s) for s in kept], text, request)
    result["totals"] = totals(len(kept), weight, total)
    return result
