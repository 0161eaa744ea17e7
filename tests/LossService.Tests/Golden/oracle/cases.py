"""The requests: a grid over everything that every loss has, then each loss's own options, then the edges."""

from dataclasses import dataclass
from zlib import crc32

from mpmath import mp, mpf

from . import overlaps
from .request import FORMS, flatten, move, nest
from .rules import EVERYTHING, asked, rules
from .sparse import sparse
from .teaching import taught
from .wire import SplitMix64, literal


@dataclass(frozen=True)
class Subject:
    """A loss, as far as its requests go."""

    loss: str
    forms: tuple = FORMS
    labels: tuple = ("indices", "one_hot", "soft")  # of several true classes: "many_hot"; of relevances: "graded"; binary: ("hard", "soft"); entropy: (None,)
    variants: tuple = ()  # options, each set of them a case
    binary: bool = False
    smooth: bool = True  # accepts label_smoothing
    tempered: bool = True  # accepts temperature
    bits: bool = False  # accepts unit = bits
    scales: tuple = (1e-3, 1, 30, 700)
    edges: tuple = ()
    overlap: bool = False
    huge: bool = False  # has a case with 50257 classes
    curved: bool = True  # has second derivatives
    measured: bool = True  # has metrics
    weighted: bool = True  # accepts class_weight


@dataclass
class Case:
    name: str
    request: dict
    generator: dict = None  # states tensors too long for the request
    generated: dict = None  # those tensors
    sampled: list = None  # the gradient entries to state, as [row, class]


class Draw:
    """Random tensors for one case; the case's name is the seed, so adding a case changes no other."""

    def __init__(self, subject, name, dtype):
        self.subject, self.dtype = subject, dtype
        self.random = SplitMix64(crc32(f"{subject.loss}/{name}".encode()))

    def numbers(self, shape, draw):
        return nest([draw() for _ in range(count(shape))], shape)

    def logits(self, shape, scale):
        return self.numbers(shape, lambda: literal(self.random.uniform(scale), self.dtype))

    def distributions(self, shape, scale, form="probabilities"):
        """Softmax (binary: sigmoid) of random logits, each entry rounded to the dtype."""
        rows, width = [], 1 if self.subject.binary else shape[-1]
        for _ in range(count(shape) // width):
            powers = [mp.exp(self.random.uniform(scale)) for _ in range(width)]
            share = 1 / (mp.fsum(powers) + (1 if self.subject.binary else 0))
            rows += [mp.log(p * share) if form == "log_probabilities" else p * share for p in powers]
        return nest([literal(float(x), self.dtype) for x in rows], shape)

    def predictions(self, form, shape, scale):
        return self.logits(shape, scale) if form == "logits" else self.distributions(shape, scale, form)

    def labels(self, kind, shape):
        lead, classes = shape[:-1], shape[-1]
        if kind == "indices":
            return self.numbers(lead, lambda: self.random.below(classes))
        if kind == "one_hot":
            picked = flatten(self.labels("indices", shape))
            return nest([int(c == y) for y in picked for c in range(classes)], shape)
        if kind == "graded":
            return self.numbers(shape, lambda: self.random.below(4) - 1)
        if kind in ("hard", "many_hot"):
            return self.numbers(shape, lambda: self.random.below(2))
        return self.distributions(shape, 2)

    def weights(self, shape):
        return self.numbers(shape, lambda: literal(abs(self.random.uniform(4)), self.dtype))


def count(shape):
    size = 1
    for extent in shape:
        size *= extent
    return size


def request(subject, name, form, dtype, shape, scale, kind, options):
    """A body; the options `sample_weight`, `mask` and `ignored` are drawn where they are asked for."""
    draw = Draw(subject, name, dtype)
    options = dict(options)
    samples = shape if subject.binary else shape[:-1]
    body = {form: draw.predictions(form, shape, scale)}
    if kind is not None:
        body["labels"] = draw.labels(kind, shape)
    if dtype != "float32":
        body["dtype"] = dtype
    if options.pop("sample_weight", False):
        body["sample_weight"] = draw.weights(samples)
    if options.pop("mask", False):
        kept = [i % 3 != 1 for i in range(count(samples))]
        body["mask"] = nest(kept, samples)
        spoiled = [x if kept[i * len(kept) // count(shape)] else "NaN" for i, x in enumerate(flatten(body[form]))]
        body[form] = nest(spoiled, shape)
    if "ignored" in options:  # overwrite one label with an index that is no class
        flat = flatten(body["labels"])
        flat[1] = options.pop("ignored")
        body["labels"] = nest(flat, shape[:-1])
    return asked(body | options) | options


def grid(subject):
    """dtype × classes × scale × form, while label form, rank and reduction rotate."""
    turn = 0
    for form in subject.forms:
        for dtype in ("float32", "float64"):
            for classes in (1 if subject.binary else 5, 2, 3, 10):  # one class has no loss
                for scale in subject.scales if form == "logits" else [s for s in subject.scales if s in (1, 30)]:
                    kind = subject.labels[turn % len(subject.labels)]
                    lead = ((3,), (), (2, 2))[turn // 2 % 3]
                    options = ({}, {"reduction": "sum"}, {"sample_weight": True}, {"reduction": "none"})[turn // 3 % 4]
                    if not lead:
                        options = {}
                    name = f"{form} {dtype} {'x'.join(map(str, (*lead, classes)))} scale {scale} {kind or ''}".strip()
                    yield Case(name, request(subject, name, form, dtype, (*lead, classes), scale, kind, options))
                    turn += 1
    kind = "soft" if "soft" in subject.labels else subject.labels[0]
    name = f"logits float32 2x100 scale 8 {kind or ''}".strip()
    yield Case(name, request(subject, name, subject.forms[0], "float32", (2, 100), 8, kind, {}))


def common(subject):
    """Options that every loss, or every loss of a kind, has."""
    yield from ({}, {"outputs": ["losses"]}, {"sample_weight": True, "mean_over": "samples"}, {"mask": True},
                {"mask": True, "sample_weight": True, "reduction": "sum"}, {"mask": True, "reduction": "none"})
    if "indices" in subject.labels:
        yield from ({"ignore_index": 1}, {"ignore_index": -100, "ignored": -100},
                    {"ignore_index": [0, 255], "ignored": 255, "sample_weight": True})
    if subject.tempered:
        yield from ({"temperature": 2.5}, {"temperature": 0.5, "sample_weight": True})
    if subject.smooth:
        yield from ({"label_smoothing": 0.1}, {"label_smoothing": 1}, {"label_smoothing": 0.25, "mask": True})
    if subject.smooth and subject.tempered:
        yield {"label_smoothing": 0.05, "temperature": 1.5, "mean_over": "samples", "sample_weight": True, "mask": True}
    if subject.bits:
        yield from ({"unit": "bits"}, {"unit": "bits", "reduction": "sum", "sample_weight": True})


def class_weighted(subject):
    """Class weights, which every loss with labels has; a loss may have stated them among its own variants."""
    if not subject.weighted or subject.labels == (None,):
        return
    weights = {"class_weight": [0.5, 1.25, 3.0]}
    smoothing = {"label_smoothing": 0.1} if subject.smooth else {}
    for options in (weights, weights | {"sample_weight": True} | smoothing, weights | {"mean_over": "samples", "mask": True},
                    weights | {"reduction": "sum"} | smoothing, weights | {"reduction": "none", "sample_weight": True}):
        if options not in subject.variants:
            yield options


def optional(subject):
    """Each set of options once per dtype, over the forms and label forms that can carry it."""
    for turn, options in enumerate((*common(subject), *subject.variants, *class_weighted(subject))):
        for dtype in ("float32", "float64"):
            step = turn + (dtype == "float64")
            form = subject.forms[step % len(subject.forms)]
            if {"temperature", "z_loss", "logit_bias"} & options.keys():
                form = "logits"
            if "clip" in options:
                form = "probabilities"
            kind = "indices" if "ignore_index" in options else subject.labels[step % len(subject.labels)]
            if options.get("direction") == "reverse" and "label_smoothing" not in options:
                kind = "soft"
            stated = ", ".join(f"{name}={value}" for name, value in options.items()) or "defaults"
            name = f"{stated}; {form} {dtype} {kind or ''}".strip()
            yield Case(name, request(subject, name, form, dtype, (4, 3), 3, kind, options))


def near_equal(subject):
    """Soft labels that are the predicted distribution, rounded to the dtype: everything cancels."""
    if "soft" not in subject.labels or subject.binary:
        return
    for dtype in ("float32", "float64"):
        for scale in (1, 12):
            name = f"labels next to predictions, {dtype} scale {scale}"
            draw = Draw(subject, name, dtype)
            rows, labels = draw.logits((3, 4), scale), []
            for row in rows:
                powers = [mp.exp(mpf(x)) for x in row]
                labels.append([literal(float(p / mp.fsum(powers)), dtype) for p in powers])
            body = {"logits": rows, "labels": labels, "outputs": EVERYTHING}
            yield Case(name, body | ({"dtype": dtype} if dtype != "float32" else {}))


def generated(subject):
    """Rows too long to write out: logits from a stated stream, gradients at fifty places."""
    for classes in (1000, 50257) if subject.huge else (1000,):
        rows = 2
        generator = {"seed": crc32(subject.loss.encode()) % 1000 + classes, "rows": rows, "classes": classes, "scale": 16}
        random = SplitMix64(generator["seed"])
        logits = [[literal(random.uniform(16), "float32") for _ in range(classes)] for _ in range(rows)]
        body, picked = {"outputs": EVERYTHING}, SplitMix64(classes)
        sampled = sorted([picked.below(rows), picked.below(classes)] for _ in range(48))
        if subject.binary:
            body["outputs"] = ["loss", "gradient"]  # a loss for every element would be too long
            generator["labels"] = "bits"
            labels = [[random.next() >> 63 for _ in range(classes)] for _ in range(rows)]
        elif subject.labels != (None,):
            body["labels"] = labels = [picked.below(classes) for _ in range(rows)]
            sampled += [[row, y] for row, y in enumerate(labels)]
        tensors = {"logits": logits} | ({"labels": labels} if subject.binary else {})
        yield Case(f"generated {rows}x{classes}", body, generator, tensors, sampled)


def cases(subject):
    if subject.overlap:
        yield from overlaps.cases(subject, lambda name, dtype: Draw(subject, name, dtype), Case, move)
        return
    yield from (bent(subject, case) for case in written(subject))
    yield from generated(subject)


def written(subject):
    yield from grid(subject)
    yield from optional(subject)
    yield from near_equal(subject)
    for name, body in subject.edges:
        yield Case(name, body)
    for name, body in rules(subject):
        yield Case(name, body)
    taken = lambda name, form, dtype, shape, scale, options: request(subject, name, form, dtype, shape, scale, "soft", options)
    for family in (taught, sparse):
        for name, body in family(subject, lambda name, dtype: Draw(subject, name, dtype), taken):
            yield Case(name, body)


def bent(subject, case):
    """Half of the cases with a gradient ask for the Hessian, too; without it, kernels may compute the rest."""
    outputs = case.request.get("outputs", [])
    if subject.curved and "gradient" in outputs and crc32(case.name.encode()) % 2:
        case.request = case.request | {"outputs": [*outputs, "hessian"]}
    return case
