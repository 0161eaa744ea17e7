"""A request, as it would be posted: its tensors, held in its dtype and cut into samples."""

from base64 import b64decode
from dataclasses import dataclass
from math import prod

import numpy
from mpmath import mp, mpf

from .formulas import BINARY, CATEGORICAL, OVERLAP, WEIGHTED_BY_TERM, Sigmoids, Bernoulli, Categorical, z_penalty
from .precision import INFINITE, evaluate
from .tape import Var, gradient
from .targets import SparseRow, Teacher
from .wire import hold

FORMS = ("logits", "probabilities", "log_probabilities")
LABEL_FORMS = ("labels", "label_logits", "label_log_probabilities")


def shape_of(nested):
    if not isinstance(nested, list):
        return ()
    return (len(nested), *shape_of(nested[0])) if nested else (0,)


def flatten(nested):
    return [leaf for item in nested for leaf in flatten(item)] if isinstance(nested, list) else [nested]


def move(nested, start, end):
    """Nested numbers with an axis moved."""
    return numpy.moveaxis(numpy.array(nested, dtype=object), start, end).tolist() if start != end else nested


def nest(flat, shape):
    if not shape:
        return flat[0]
    step = len(flat) // shape[0] if shape[0] else 0
    return [nest(flat[i * step:(i + 1) * step], shape[1:]) for i in range(shape[0])]


def decoded(tensor):
    """Bytes as nested numbers; what is no bytes stays as it is."""
    if not isinstance(tensor, dict):
        return tensor
    data, dtype = b64decode(tensor["data"]), tensor["dtype"]
    if dtype == "bfloat16":  # the upper half of a float32
        flat = (numpy.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    else:
        flat = numpy.frombuffer(data, dtype)
    return nest([x.item() for x in flat], tuple(tensor["shape"]))


def per_sample(posted, count, default):
    """A value for each sample. A tensor over leading axes alone has one for all the samples below each entry."""
    if posted is None or count == 0:
        return [default] * count
    flat = flatten(posted)
    return [flat[i * len(flat) // count] for i in range(count)]


@dataclass(frozen=True)
class Sample:
    """One unit of loss. Of a masked one, nothing is read."""

    x: list  # predictions, held
    column: int  # its place on the last axis, for a binary loss
    posted: object  # the target before smoothing: a row of mpf, one mpf, a Teacher, a SparseRow, or None
    weight: float
    masked: bool = False
    ignored: bool = False  # the label is unknown, the predictions are good

    @property
    def target(self):
        """Before smoothing: a row of mpf, one mpf, or None."""
        return self.posted.value if isinstance(self.posted, (Teacher, SparseRow)) else self.posted

    @property
    def kept(self):
        return not self.masked and not self.ignored


class Request:
    """A request to one loss. A member that is null is not given."""

    def __init__(self, loss, body):
        self.options = {name: value for name, value in body.items() if value is not None}
        self.loss = loss
        self.binary = loss in BINARY
        self.overlap = loss in OVERLAP
        self.formula = (BINARY | CATEGORICAL | OVERLAP)[loss]
        self.form = next(form for form in FORMS if form in self.options)
        self.dtype = self.options.get("dtype", "float32")
        self.predictions = decoded(self.options[self.form])
        # the numbers in bytes are exact already; double holds them all
        self.held_in = "float64" if isinstance(self.options[self.form], dict) else self.dtype
        self.shape = shape_of(self.predictions)
        self.last = len(self.shape) - 1
        # an empty array has one axis, whatever its rank
        self.axis = range(len(self.shape))[self.options.get("class_axis", -1)] if self.shape != (0,) else 0
        self.posted_shape = self.shape
        self.predictions = move(self.predictions, self.axis, self.last)
        self.shape = shape_of(self.predictions)
        self.samples_shape = self.shape if self.binary or self.shape == (0,) else self.shape[:-1]
        self.classes = self.shape[-1]
        self.temperature = self.options.get("temperature", 1)
        self.label_form = next((form for form in LABEL_FORMS if form in self.options), None)
        labels = self.options.get("labels")
        self.sparse = labels if isinstance(labels, dict) and "indices" in labels else None
        self.label_temperature = mpf(self.options.get("label_temperature", self.temperature))
        self.factor = mpf(self.temperature) ** 2 if self.options.get("temperature_squared") else mpf(1)
        self.unit = 1 / mp.log(2) if self.options.get("unit") == "bits" else mpf(1)
        self.normalizes = self.options.get("normalize", False)
        ignored = self.options.get("ignore_index", [])
        self.ignored = ignored if isinstance(ignored, list) else [ignored]
        # |p − t| has its kinks at p = 0 and p = 1 too: there the subgradient is the convention for what is posted, not the limit
        self.has_kinks = loss == "total_variation" and self.form != "logits"

    def samples(self):
        count = prod(self.samples_shape)
        width = 1 if self.binary else self.classes
        x, labels = flatten(self.predictions), self.labels(count)
        weights = per_sample(self.options.get("sample_weight"), count, 1)
        mask = per_sample(self.options.get("mask"), count, True)
        return [self.sample(x[i * width:(i + 1) * width], i % self.classes, labels[i], weights[i]) if mask[i]
                else Sample([mpf(0)] * width, i % self.classes, None, mpf(0), masked=True) for i in range(count)]

    def labels(self, count):
        """The posted label of each sample: a number, a row of numbers, the classes and numbers of a sparse row, or None."""
        if self.sparse and count:
            indices = flatten(decoded(self.sparse["indices"]))
            values = flatten(decoded(next(self.sparse[name] for name in ("values", "log_values") if self.sparse.get(name))))
            width = len(values) // count
            return [(indices[i:i + width], values[i:i + width]) for i in range(0, len(values), width)]
        posted = decoded(self.options[self.label_form]) if self.label_form else None
        if posted is None or count == 0:
            return [None] * count
        if self.binary or shape_of(posted) != self.posted_shape:
            return flatten(posted)
        flat = flatten(move(posted, self.axis, self.last))
        return [flat[i:i + self.classes] for i in range(0, len(flat), self.classes)]

    def sample(self, x, column, label, weight):
        target, ignored = self.target(label)
        return Sample([hold(number, self.held_in) for number in x], column, target, mpf(hold(weight, self.dtype)), ignored=ignored)

    def target(self, label):
        """(the target before smoothing, whether the label is ignored)."""
        if label is None:
            return None, False
        if self.sparse:
            remainder = self.sparse.get("remainder", self.options.get("remainder", "error"))
            if remainder == "error" and self.normalizes:
                remainder = "normalize"
            x = [mpf(hold(number, self.dtype)) for number in label[1]]
            return SparseRow(x, label[0], self.classes, "log_values" in self.sparse, remainder), False
        if self.label_form != "labels":
            x = [mpf(hold(number, self.dtype)) for number in (label if isinstance(label, list) else [label])]
            divisor = self.label_temperature if self.label_form == "label_logits" else 1
            return Teacher([number / divisor for number in x], self.label_form, self.binary), False
        if isinstance(label, list):
            row = [mpf(hold(t, self.dtype)) for t in label]
            return ([t / mp.fsum(row) for t in row] if self.normalizes else row), False
        held = hold(label, self.dtype)
        if self.binary:
            return mpf(held), held in self.ignored
        return [mpf(int(c == held)) for c in range(self.classes)], held in self.ignored

    def as_posted(self, flat):
        """Numbers of all rows in the predictions' shape."""
        return move(nest(flat, self.shape), self.last, self.axis)

    def smoothed(self, target, x):
        """The target after smoothing, which the predictions `x` may rule classes out of."""
        a = mpf(self.options.get("label_smoothing", 0))
        if target is None or a == 0:
            return target
        if self.binary:
            return target * (1 - a) + a / 2
        end = 0 if self.form == "probabilities" else -mp.inf
        shares = [self.options.get("smoothing_over") != "finite" or number != end for number in x]
        return [t * (1 - a) + a / sum(shares) * share for t, share in zip(target, shares)]

    def class_weight(self, sample):
        """Σ_c class_weight_c·y_c of the unsmoothed label; of a binary sample, that of its place on the last axis. What rounding took from
        Σy takes nothing from a uniform weight. Where no class is true, the mean of all."""
        weights = self.options.get("class_weight")
        if weights is None:
            return mpf(1)
        if self.binary:
            return mpf(weights[sample.column])
        if not any(sample.target):
            return mp.fsum(map(mpf, weights)) / self.classes
        return mp.fsum(mpf(w) * t for w, t in zip(weights, sample.target)) / mp.fsum(sample.target)

    def weight(self, sample):
        """The sample's share of the divisor of a mean."""
        return sample.weight * self.class_weight(sample)

    def ranked(self, sample):
        """What the predictions are ranked by: the logits with their bias, or the numbers as posted."""
        bias = self.options.get("logit_bias")
        if bias is None:
            return sample.x
        if self.binary:
            bias = [bias[sample.column]]
        return [x / mpf(self.temperature) + mpf(b) for x, b in zip(sample.x, bias, strict=True)]

    def distribution(self, x, column):
        if self.overlap and self.form == "logits" and self.options.get("link") == "sigmoid":
            return Sigmoids(x, self.options)
        return Bernoulli(self.form, x, self.options, column) if self.binary else Categorical(self.form, x, self.options)

    def evaluate(self, sample, compute, take_limits=True, moving=(None,)):
        """`compute(distribution, inputs)` for one sample, in as many digits as it takes; once for each input that moves."""
        if any(mp.isnan(x) for x in sample.x):
            raise ValueError("NaN in a sample that is read")
        def at_working_precision(row):
            results = []
            for moved in moving:
                inputs = [Var(x, along=int(i == moved)) for i, x in enumerate(row)]
                results += compute(self.distribution(inputs, sample.column), inputs)
            return results
        counts = self.normalizes and self.form == "probabilities"
        # a clipped row has no boundary: its shares are never 0 or 1
        take_limits = take_limits and not self.options.get("clip") or any(mp.isinf(x) for x in sample.x)
        beside = sample.posted.spread if isinstance(sample.posted, (Teacher, SparseRow)) else 0
        return evaluate(at_working_precision, "counts" if counts else self.form, sample.x, self.temperature, take_limits, beside)

    def value_and_gradient(self, sample):
        """ℓ of a kept sample in the unit asked for, its class weight included, and ∂ℓ/∂x."""
        def compute(distribution, inputs):
            value = self.value(sample, distribution)
            return [value.value, *gradient(value, inputs)]
        value, *slopes = self.evaluate(sample, compute, take_limits=not self.has_kinks)
        return value, slopes

    def second_derivatives(self, sample):
        """∂²ℓ/∂x² of each prediction of a kept sample."""
        bends = self.evaluate(sample, lambda d, _: [mpf(self.value(sample, d).second)], moving=range(len(sample.x)))
        if self.options.get("direction") != "reverse":
            return bends
        value, slopes = self.value_and_gradient(sample)
        if self.form == "logits":
            return [mp.nan] * len(bends) if abs(value) > INFINITE else bends
        return [mp.nan if abs(slope) > INFINITE else bend for slope, bend in zip(slopes, bends)]

    def value(self, sample, distribution):
        weight = self.class_weight(sample)
        value = self.formula(distribution, self.smoothed(sample.target, sample.x), self.options) * self.unit
        if self.formula not in WEIGHTED_BY_TERM:
            value = value * weight if weight != 0 else Var(mpf(0))
        if self.options.get("z_loss"):
            value = value + z_penalty(distribution, self.options) * weight
        return value * self.factor

    def described(self, sample, compute, width):
        """What depends on the predictions alone: of a masked sample nothing, of NaN NaN."""
        if sample.masked or any(mp.isnan(x) for x in sample.x):
            return [mp.nan] * width
        return self.evaluate(sample, compute)

    def probabilities(self, sample):
        compute = lambda d, _: [d.p.value] if self.binary else [p.value for p in d.p]
        return self.described(sample, compute, len(sample.x))

    def log_probabilities(self, sample):
        compute = lambda d, _: [mp.log(d.p.value)] if self.binary else [p.value for p in d.log_p]
        return self.described(sample, compute, len(sample.x))

    def entropy(self, sample):
        """Of the predicted distribution."""
        if self.binary:
            compute = lambda d, _: [d.cross_entropy(d.p.value).value * self.unit]
        else:
            compute = lambda d, _: [-mp.fsum(p.value * log_p.value for p, log_p in zip(d.p, d.log_p)) * self.unit]
        return self.described(sample, compute, 1)
