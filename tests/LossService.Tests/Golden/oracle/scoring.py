"""From a request, as it would be posted, to the answer that the service owes."""

from dataclasses import dataclass

from mpmath import mp, mpf

from . import metrics
from .formulas import BINARY, CATEGORICAL, Bernoulli, Categorical
from .precision import evaluate
from .tape import Var, gradient
from .wire import hold

FORMS = ("logits", "probabilities", "log_probabilities")
SCALED_BY_UNIT = ("loss", "losses", "gradient", "entropy")


def shape_of(nested):
    return (len(nested), *shape_of(nested[0])) if isinstance(nested, list) else ()


def flatten(nested):
    return [leaf for item in nested for leaf in flatten(item)] if isinstance(nested, list) else [nested]


def nest(flat, shape):
    if not shape:
        return flat[0]
    step = len(flat) // shape[0]
    return [nest(flat[i * step:(i + 1) * step], shape[1:]) for i in range(shape[0])]


def text(value, digits=30):
    """A decimal string; ±Infinity by name."""
    if abs(value) == mp.inf:
        return "Infinity" if value > 0 else "-Infinity"
    return mp.nstr(value, digits, min_fixed=-3, max_fixed=10).removesuffix(".0")


@dataclass(frozen=True)
class Sample:
    """One unit of loss."""

    x: list  # predictions, held
    column: int  # its place on the last axis, for a binary loss
    target: object  # before smoothing: a row of mpf, one mpf, or None
    weight: float
    kept: bool


class Request:
    """A request's tensors, held in its dtype and cut into samples."""

    def __init__(self, loss, body):
        self.options = body
        self.binary = loss in BINARY
        self.formula = BINARY[loss] if self.binary else CATEGORICAL[loss]
        self.form = next(form for form in FORMS if form in body)
        self.dtype = body.get("dtype", "float32")
        self.shape = shape_of(body[self.form])
        self.samples_shape = self.shape if self.binary else self.shape[:-1]
        self.classes = self.shape[-1]
        self.temperature = body.get("temperature", 1)
        # |p − t| has its kinks at p = 0 and p = 1 too: there the subgradient is the convention for what is posted, not the limit
        self.has_kinks = loss == "total_variation" and self.form != "logits"

    def samples(self):
        x = [hold(number, self.dtype) for number in flatten(self.options[self.form])]
        width = 1 if self.binary else self.classes
        count = len(x) // width
        weights = [hold(w, self.dtype) for w in flatten(self.options.get("sample_weight", [1] * count))]
        mask = flatten(self.options.get("mask", [True] * count))
        labels = self.labels(count)
        return [Sample(x[i * width:(i + 1) * width], i % self.classes, *labels[i][:1], weights[i],
                       mask[i] and not labels[i][1]) for i in range(count)]

    def labels(self, count):
        """(target before smoothing, ignored) of each sample."""
        posted = self.options.get("labels")
        if posted is None:
            return [(None, False)] * count
        flat = flatten(posted)
        if self.binary:
            return [(mpf(hold(t, self.dtype)), False) for t in flat]
        if shape_of(posted) == self.shape:
            rows = [[mpf(hold(t, self.dtype)) for t in flat[i:i + self.classes]]
                    for i in range(0, len(flat), self.classes)]
            return [(row, False) for row in rows]
        ignored = self.options.get("ignore_index", [])
        ignored = ignored if isinstance(ignored, list) else [ignored]
        return [([mpf(int(c == y)) for c in range(self.classes)], y in ignored) for y in flat]

    def smoothed(self, target):
        a = mpf(self.options.get("label_smoothing", 0))
        if target is None or a == 0:
            return target
        if self.binary:
            return target * (1 - a) + a / 2
        return [t * (1 - a) + a / self.classes for t in target]

    def distribution(self, x, column):
        return Bernoulli(self.form, x, self.options, column) if self.binary else Categorical(self.form, x, self.options)

    def evaluate(self, sample, compute):
        """`compute(distribution, inputs)` for one sample, in as many digits as it takes."""
        def at_working_precision(row):
            inputs = [Var(x) for x in row]
            return compute(self.distribution(inputs, sample.column), inputs)
        take_limits = not self.has_kinks or any(mp.isinf(x) for x in sample.x)
        return evaluate(at_working_precision, self.form, sample.x, self.temperature, take_limits)

    def value_and_gradient(self, sample):
        def compute(distribution, inputs):
            value = self.formula(distribution, self.smoothed(sample.target), self.options)
            return [value.value, *gradient(value, inputs)]
        value, *slopes = self.evaluate(sample, compute)
        return value, slopes

    def probabilities(self, sample):
        return self.evaluate(sample, lambda d, _: [d.p.value] if self.binary else [p.value for p in d.p])

    def log_probabilities(self, sample):
        return self.evaluate(sample, lambda d, _: [mp.log(d.p.value)] if self.binary else [p.value for p in d.log_p])

    def entropy(self, sample):
        """Of the predicted distribution, in nats."""
        if self.binary:
            compute = lambda d, _: [d.cross_entropy(d.p.value).value]
        else:
            compute = lambda d, _: [-mp.fsum(p.value * log_p.value for p, log_p in zip(d.p, d.log_p))]
        return self.evaluate(sample, compute)

    def class_weight(self, sample):
        weights = self.options.get("class_weight")
        return mpf(1) if weights is None else mp.fsum(mpf(w) * t for w, t in zip(weights, sample.target))


def score(loss, body, sampled=None):
    """The members of the answer, numbers as decimal strings; `sampled` picks gradient entries by [row, class]."""
    with mp.workdps(100):
        return answer(Request(loss, body), sampled)


def answer(request, sampled):
    body = request.options
    samples = request.samples()
    kept = [sample for sample in samples if sample.kept]
    reduction = body.get("reduction", "mean")
    outputs = body.get("outputs", ["losses"] if reduction == "none" else ["loss"])
    unit = 1 / mp.log(2) if body.get("unit") == "bits" else mpf(1)

    # a sample that is not kept is never read: there may be NaN in it
    scored = [request.value_and_gradient(s) if s.kept else (mpf(0), [mpf(0)] * len(s.x)) for s in samples]
    losses = [s.weight * value * unit if s.kept else mpf(0) for s, (value, _) in zip(samples, scored)]
    weight = mp.fsum(s.weight * request.class_weight(s) for s in kept)
    total = mp.fsum(losses)
    divisor = 1 if reduction != "mean" else len(kept) if body.get("mean_over") == "samples" else weight
    empty = not kept or weight == 0
    entries = [mpf(0) if empty or not s.kept else s.weight * slope * unit / divisor
               for s, (_, slopes) in zip(samples, scored) for slope in slopes]

    result = {}
    if "loss" in outputs and reduction != "none":
        result["loss"] = None if empty else text(total / divisor, 50)
    if "losses" in outputs:
        result["losses"] = nest(list(map(text, losses)), request.samples_shape)
    if "gradient" in outputs and sampled is None:
        result["gradient"] = nest(list(map(text, entries)), request.shape)
    if sampled is not None:
        result["gradient_at"] = [[[row, c], text(entries[row * request.classes + c])] for row, c in sampled]
    for name in ("probabilities", "log_probabilities"):
        if name in outputs:
            per_sample = getattr(request, name)
            result[name] = nest([text(x) for s in samples for x in per_sample(s)], request.shape)
    if "entropy" in outputs:
        result["entropy"] = nest([text(unit * h) for s in samples for h in request.entropy(s)], request.samples_shape)
    if "predictions" in outputs:
        result["predictions"] = nest([metrics.predicted(request, s) for s in samples], request.samples_shape)
    if "metrics" in outputs:
        result["metrics"] = metrics.measure(request, kept, text)
    result["totals"] = {"samples": len(kept), "weight": text(weight, 50), "loss": text(total, 50)}
    return result
