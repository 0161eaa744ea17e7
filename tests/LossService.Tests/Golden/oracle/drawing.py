"""Random requests for the fuzz: every loss, label form, option, reduction, weight, mask, unit and dtype, from a seed."""

from mpmath import mp

from .request import LABEL_FORMS, flatten, move, nest
from .sparse import rows
from .subjects import SUBJECTS
from .wire import SplitMix64, literal

OUTPUTS = ("loss", "losses", "gradient", "probabilities", "log_probabilities", "entropy", "predictions", "metrics")
OPTIONS = {  # of one loss, with values to draw from
    "focal": {"gamma": (0, 0.5, 1, 2, 3.5), "alpha": (0.25, "weights")},
    "poly_cross_entropy": {"epsilon": (-1, 0, 0.5, 2, 4)},
    "generalized_cross_entropy": {"q": (0.01, 0.3, 0.7, 1)},
    "symmetric_cross_entropy": {"alpha": (0, 0.1, 1, 6), "beta": (0, 0.1, 1), "log_zero": (-1, -4, -9.25)},
    "kl_divergence": {"direction": ("forward", "reverse")},
    "js_divergence": {"beta": (0.1, 0.5, 0.75, 0.9)},
    "multi_margin": {"p": (1, 2), "margin": (0, 0.5, 1, 2)},
    "multilabel_margin": {"margin": (0, 0.5, 1, 2)},
    "multiclass_hinge": {"margin": (0, 0.5, 1, 2)},
    "hinge": {"margin": (0, 0.5, 1, 2)},
    "squared_hinge": {"margin": (0, 0.5, 1, 2)},
    "binary_cross_entropy": {"pos_weight": (0, 0.5, 3, "weights")},
    "binary_focal": {"pos_weight": (0, 0.5, 3, "weights"), "gamma": (0, 0.5, 1, 2, 3.5), "alpha": ("none", 0.25, 0.75)},
    "asymmetric": {"pos_weight": (0, 0.5, 3, "weights"), "gamma_pos": (0, 1, 2), "gamma_neg": (0, 1, 2.5, 4), "shift": (0, 0.05, 0.2)},
}
ENDS = {  # the same near the ends of their ranges, where terms cancel or vanish
    "focal": {"gamma": (1e-9, 20, 100), "alpha": (1e-12, 1e12)},
    "poly_cross_entropy": {"epsilon": (2 ** -30 - 1, 1e12)},
    "generalized_cross_entropy": {"q": (1e-6, 1 - 2 ** -30)},
    "symmetric_cross_entropy": {"alpha": (1e-12, 1e12), "beta": (1e-12, 1e12), "log_zero": (0, -1e-9, -700)},
    "js_divergence": {"beta": (1e-19, 1e-12, 1e-6, 0.001, 1 - 2 ** -30)},
    "multi_margin": {"margin": (1e-9, 1e9)},
    "multilabel_margin": {"margin": (1e-9, 1e9)},
    "multiclass_hinge": {"margin": (1e-9, 1e9)},
    "hinge": {"margin": (1e-9, 1e9)},
    "squared_hinge": {"margin": (1e-9, 1e9)},
    "binary_cross_entropy": {"pos_weight": (1e-12, 1e12)},
    "binary_focal": {"pos_weight": (1e-12, 1e12), "gamma": (1e-9, 20, 100), "alpha": (0, 1e-12, 1)},
    "asymmetric": {"pos_weight": (1e-12, 1e12), "gamma_pos": (1e-9, 20), "gamma_neg": (1e-9, 20), "shift": (1e-12, 1 - 2 ** -30, 1)},
}


class Draw:
    """The draws of one request; the same seed and number draw the same."""

    def __init__(self, seed, number):
        self.random = SplitMix64(seed * 1_000_003 + number)
        self.random.next()

    def chance(self, share):
        return self.random.next() / 2 ** 64 < share

    def choice(self, items):
        return items[self.random.below(len(items))]

    def real(self, scale, dtype):
        return literal(self.random.uniform(scale), dtype)


def request(seed, number):
    """(loss, body, whether the labels are the predictions)."""
    draw = Draw(seed, number)
    subject = draw.choice(SUBJECTS)
    if draw.chance(0.01):
        return subject.loss, empty(draw, subject), False
    return (subject.loss, *body(draw, subject))


def empty(draw, subject):
    """A batch of no samples."""
    reduction = draw.choice(("mean", "sum", "none"))
    body = {draw.choice(subject.forms): [], "dtype": draw.choice(("float32", "float64")), "reduction": reduction,
            "mean_over": draw.choice(("weight", "samples")), "outputs": [*(["losses"] if reduction == "none" else ["loss"]), "gradient"]}
    return body if subject.labels == (None,) else body | {"labels": []}


def body(draw, subject):
    dtype = draw.choice(("float32", "float64"))
    form = draw.choice(subject.forms)
    shape = (*draw.choice(((), (1,), (2,), (3,), (4,), (2, 2))), draw.choice((2, 2, 3, 4, 7)))
    if subject.binary and draw.chance(0.3):
        shape = shape[:-1] or (1,)
    samples = shape if subject.binary else shape[:-1]
    result = {"dtype": dtype}
    scale = draw.choice((0.01, 1, 4, 30, 700) if draw.chance(0.3) else (1, 4, 8))
    if form != "logits":
        scale = min(scale, 30)
    if form == "logits":
        rows = nest([draw.real(scale, dtype) for _ in range(size(shape))], shape)
    else:
        rows = shares(draw, subject, shape, scale, dtype, form)
    kind = draw.choice(subject.labels)
    if kind is not None:
        result["labels"] = labels(draw, subject, kind, shape, dtype)
    near = kind == "soft" and form == "logits" and scale <= 4 and draw.chance(0.03)
    if near:
        result["labels"] = predicted(subject, rows, shape, dtype)
    if "soft" in subject.labels and not near and draw.chance(0.15):
        del result["labels"]
        if not subject.binary and draw.chance(0.4):
            kind = "sparse"
            name_some(draw, result, shape, dtype)
        else:
            kind = "teacher"
            teach(draw, subject, result, shape, dtype, form)
    if not near and form == "logits" and draw.chance(0.05) and not subject.binary and kind == "indices":
        rows = ruled_out(draw, rows, shape)
    result |= {form: rows} | shared_options(draw, subject, form, shape, kind, near)
    if not subject.binary and not near and draw.chance(0.05) and (form == "probabilities" or kind == "soft" and form == "logits"):
        normalize(draw, result, form, shape, kind, dtype)
    ends = ENDS.get(subject.loss, {}) if draw.chance(0.2) else {}
    for name, values in OPTIONS.get(subject.loss, {}).items():
        if draw.chance(0.5):
            value = draw.choice(ends.get(name, values))
            result[name] = class_weights(draw, shape[-1]) if value == "weights" else value
    infinite = any(x in ("Infinity", "-Infinity") for x in flatten(result[form])) or result.get("direction") == "reverse"
    weigh(draw, subject, result, samples, kind, infinite)
    if not subject.binary and draw.chance(0.15):
        put_classes(draw, result, form, len(shape))
    return result, near


def teach(draw, subject, result, shape, dtype, form):
    """A teacher's predictions in the place of labels."""
    if draw.chance(0.3):
        result["label_log_probabilities"] = shares(draw, subject, shape, 4, dtype, "log_probabilities")
    else:
        scale = draw.choice((0.01, 1, 4, 30, 300))
        result["label_logits"] = nest([draw.real(scale, dtype) for _ in range(size(shape))], shape)
        if draw.chance(0.3):
            result["label_temperature"] = draw.choice((0.5, 2, 3.5, 20))
    if form == "logits" and draw.chance(0.3):
        result["temperature_squared"] = True


def name_some(draw, result, shape, dtype):
    """Sparse rows of some of the classes."""
    named = 1 + draw.random.below(shape[-1])
    remainder = draw.choice(("error", "normalize", "uniform"))
    if remainder != "error":
        result["remainder"] = remainder
    # one class that is named has 1, whatever it was drawn as
    result["labels"] = rows(draw, dtype, shape[:-1], shape[-1], named, draw.chance(0.5), remainder)


def put_classes(draw, result, form, rank):
    """Moves the classes to any axis."""
    result["class_axis"] = axis = draw.choice(range(-rank, rank))
    result[form] = move(result[form], rank - 1, axis)
    for name in LABEL_FORMS:
        if depth(result.get(name)) == rank:
            result[name] = move(result[name], rank - 1, axis)


def depth(nested):
    return 1 + depth(nested[0]) if isinstance(nested, list) else 0


def normalize(draw, result, form, shape, kind, dtype):
    """Numbers of any sum in the place of probabilities, of predictions and of labels."""
    result.pop("clip", None)
    result["normalize"] = True
    counts = lambda: nest([literal(abs(draw.random.uniform(8)) + 0.125, dtype) for _ in range(size(shape))], shape)
    if form == "probabilities":
        result[form] = counts()
    if kind == "soft":
        result["labels"] = counts()


def size(shape):
    count = 1
    for extent in shape:
        count *= extent
    return count


def shares(draw, subject, shape, scale, dtype, form):
    """Softmax (sigmoid) of random logits, each rounded; sometimes to float32 under float64, as a float32 model has them."""
    held = "float32" if draw.chance(0.3) else dtype
    width = 1 if subject.binary else shape[-1]
    rows = []
    for _ in range(size(shape) // width):
        powers = [mp.exp(draw.random.uniform(min(scale, 8) if held != dtype else scale)) for _ in range(width)]
        share = 1 / (mp.fsum(powers) + (1 if subject.binary else 0))
        row = [mp.log(p * share) if form == "log_probabilities" else p * share for p in powers]
        rows += [literal(float(literal(float(x), held)), dtype) for x in row]
    return nest(rows, shape)


def predicted(subject, rows, shape, dtype):
    flat, width = flatten(rows), 1 if subject.binary else shape[-1]
    result = []
    for i in range(0, len(flat), width):
        powers = [mp.exp(mp.mpf(str(x))) for x in flat[i:i + width]]
        share = 1 / (mp.fsum(powers) + (1 if subject.binary else 0))
        result += [literal(float(p * share), dtype) for p in powers]
    return nest(result, shape)


def ruled_out(draw, rows, shape):
    """A class of logit −∞, or one of +∞, in the first row."""
    flat = flatten(rows)
    flat[draw.random.below(shape[-1])] = draw.choice(("-Infinity", "-Infinity", "Infinity"))
    return nest(flat, shape)


def labels(draw, subject, kind, shape, dtype):
    lead, classes = shape[:-1], shape[-1]
    if kind == "indices":
        return nest([draw.random.below(classes) for _ in range(size(lead))], lead)
    if kind == "one_hot":
        return nest([int(c == y) for y in (draw.random.below(classes) for _ in range(size(lead))) for c in range(classes)], shape)
    if kind == "graded":
        levels = draw.choice((2, 2, 5, 40))
        return nest([literal((draw.random.below(levels) - 1) / 4, dtype) for _ in range(size(shape))], shape)
    if kind in ("hard", "many_hot"):
        return nest([draw.choice((0, 1, True, False)) if draw.chance(0.1) else draw.random.below(2) for _ in range(size(shape))], shape)
    return shares(draw, subject, shape, 2, dtype, "probabilities")


def class_weights(draw, classes):
    return [draw.choice((0.5, 1.25, 3, 10, 0.001)) for _ in range(classes)]


def shared_options(draw, subject, form, shape, kind, near):
    result = {}
    if subject.tempered and form == "logits" and draw.chance(0.2) and not near:
        result["temperature"] = draw.choice((0.5, 2, 2.5, 0.1, 7))
    if subject.smooth and draw.chance(0.25) and not near:
        result["label_smoothing"] = draw.choice((0.1, 0.25, 1, 0.001))
        if not subject.binary and draw.chance(0.4):
            result["smoothing_over"] = draw.choice(("finite", "classes"))
    if form == "probabilities" and draw.chance(0.2):
        result["clip"] = draw.choice((1e-7, 0.01, 0.25))
    if subject.bits and draw.chance(0.3):
        result["unit"] = "bits"
    if subject.weighted and kind is not None and draw.chance(0.35):
        uniform = draw.choice((None, None, 0.001, 10, 0))
        result["class_weight"] = class_weights(draw, shape[-1]) if uniform is None else [uniform] * shape[-1]
        if draw.chance(0.2):
            result["class_weight"][0] = 0
    if subject.tempered and form == "logits" and draw.chance(0.15) and not near:
        result["logit_bias"] = [draw.choice((0, 0.25, -1.5, 2, -4)) for _ in range(shape[-1])]
    if subject.loss == "cross_entropy" and form == "logits" and draw.chance(0.3):
        result["z_loss"] = draw.choice((0.001, 0.1, 2))
    return result


def weigh(draw, subject, result, samples, kind, infinite):
    """Weights, masks, ignored labels, the reduction and the outputs."""
    count, dtype = size(samples), result["dtype"]
    reduction = draw.choice(("mean", "mean", "sum", "none"))
    over = draw.choice(("weight", "samples"))
    if reduction == "mean" and draw.chance(0.15):
        result["divisor"] = draw.choice((1, 7, 0.3, 4096))
    measures = subject.measured and kind is not None and kind not in ("soft",) and not infinite and draw.chance(0.25)
    weighting = draw.choice(("none", "none", "positive", "zeros", "some zeros", "cancelling", "mixed", "rows"))
    if weighting in ("cancelling", "mixed") and (reduction == "mean" and over == "weight" and "divisor" not in result or measures) or infinite:
        weighting = "positive"
    weights = [draw.real(4, dtype).lstrip("-") for _ in range(count)]
    weights = [w if float(w) else "1" for w in weights]
    if weighting == "zeros":
        weights = ["0"] * count
    elif weighting == "some zeros":
        weights = [w if i % 2 else "0" for i, w in enumerate(weights)]
    elif weighting == "mixed":
        weights = [w if i % 2 else "-" + w for i, w in enumerate(weights)]
    elif weighting == "cancelling":
        weights = [("-" if i % 2 else "") + weights[i // 2] for i in range(count)]
    number = lambda text: literal(float(text), dtype)
    if weighting == "rows" and len(samples) > 1:
        result["sample_weight"] = [number(weights[i]) for i in range(samples[0])]
    elif weighting != "none" and weighting != "rows":
        result["sample_weight"] = nest([number(w) for w in weights], samples)
    if kind in ("indices", "hard") and draw.chance(0.2):
        flat, ignored = flatten(result["labels"]), draw.choice((-100, 255, -1))
        flat = [ignored if draw.chance(0.4) else y for y in flat]
        result["labels"] = nest(flat, samples)
        result["ignore_index"] = draw.choice((ignored, [ignored, 1000]))
    if draw.chance(0.25):
        mask = [not draw.chance(draw.choice((0.3, 0.3, 1))) for _ in range(count)]
        result["mask"] = nest([draw.choice((int(m), m)) for m in mask] if draw.chance(0.2) else mask, samples)
        form = next(name for name in ("logits", "probabilities", "log_probabilities") if name in result)
        spoil(result, form, mask)
        if "sample_weight" in result and len(flatten(result["sample_weight"])) == count:
            spoil(result, "sample_weight", mask)
    for name in ("sample_weight", "mask", "id") if kind is None else ("sample_weight", "mask", "ignore_index", "id"):
        if name not in result and draw.chance(0.02):
            result[name] = None
    choose(draw, subject, result, reduction, over, measures)


def spoil(result, name, mask):
    """What is masked is not read, so it may be anything."""
    flat = flatten(result[name])
    width = len(flat) // len(mask)
    shape = lambda x: (len(x), *shape(x[0])) if isinstance(x, list) else ()
    result[name] = nest([x if mask[i // width] else "NaN" for i, x in enumerate(flat)], shape(result[name]))


def choose(draw, subject, result, reduction, over, measures):
    outputs = [name for name in OUTPUTS[:7] if draw.chance(0.75 if name in OUTPUTS[:3] else 0.25)]
    if reduction == "none" and "loss" in outputs:
        outputs.remove("loss")
    if measures:
        outputs.append("metrics")
        result["bins"] = draw.choice((1, 4, 10, 15))
        if subject.binary:
            if draw.chance(0.6):
                result["calibration"] = draw.choice(("positive", "predicted"))
        elif draw.chance(0.6):
            result["top_k"] = draw.choice((1, 2, [1, 2]))
        if subject.tempered and "logits" in result and draw.chance(0.3):
            result["fit_temperature"] = True
        for name in ("per_class",) if subject.binary else ("per_class", "confusion_matrix"):
            if draw.chance(0.4):
                result[name] = draw.choice((True, True, False))
        for name in ("class_wise_calibration", "equal_mass_calibration"):
            if draw.chance(0.3):
                result[name] = True
    if subject.curved and draw.chance(0.25):
        outputs.append("hessian")
    result["outputs"] = outputs or ["losses"]
    if reduction != "mean" or draw.chance(0.3):
        result["reduction"] = reduction
    if over != "weight" or draw.chance(0.3):
        result["mean_over"] = over


ALL = ["loss", "losses", "gradient"]
BENT = {"outputs": [*ALL, "hessian"]}
PAIR = {"logits": [[2, 1], [1, 3]], "labels": [0, 0], "outputs": ALL}
FLAGS = {"logits": [2, -1], "labels": [1, 0], "outputs": ALL}
FAR = (  # ends of the ranges: the right numbers are owed, or a refusal
    ("cross_entropy", PAIR | BENT | {"temperature": 1e-18, "dtype": "float64", "logits": [[0, 7e-16], [7.2e-16, 0]]}),
    ("binary_cross_entropy", FLAGS | BENT | {"temperature": 1e-18, "dtype": "float64", "logits": [7.2e-16, 7e-16]}),
    ("focal", PAIR | BENT | {"temperature": 1e-18, "dtype": "float64", "logits": [[0, 7e-16], [7.2e-16, 0]]}),
    ("poly_cross_entropy", PAIR | BENT | {"temperature": 1e-18, "dtype": "float64", "logits": [[0, 7e-16], [7.2e-16, 0]]}),
    ("brier", PAIR | BENT | {"temperature": 1e-18, "dtype": "float64", "logits": [[0, 7e-16], [7.2e-16, 0]]}),
    ("binary_focal", FLAGS | BENT | {"temperature": 1e-18, "dtype": "float64", "logits": [7.2e-16, 7e-16]}),
    ("cross_entropy", PAIR | {"temperature": 1e-320, "dtype": "float64"}), ("cross_entropy", PAIR | {"temperature": 1e308}),
    ("binary_cross_entropy", FLAGS | {"temperature": 1e-320, "dtype": "float64"}),
    ("entropy", {"logits": [[2, 1], [1, 3]], "outputs": ALL, "temperature": 1e-320}),
    ("cross_entropy", PAIR | {"sample_weight": [1e308, 1e308], "dtype": "float64"}),
    ("brier", PAIR | {"sample_weight": [1e308, 1e308], "dtype": "float64"}),
    ("hinge", FLAGS | {"sample_weight": [1e308, 1e308], "dtype": "float64"}),
    ("cross_entropy", PAIR | {"class_weight": [1e308, 1e308]}), ("focal", PAIR | {"class_weight": [1e308, 1]}),
    ("focal", PAIR | {"alpha": 1e308}), ("binary_cross_entropy", FLAGS | {"pos_weight": 1e308}),
    ("cross_entropy", {"logits": [[9e307, -9e307]], "labels": [1], "temperature": 10, "dtype": "float64", "outputs": ALL}),
    ("focal", {"logits": [[9e307, -9e307]], "labels": [0], "temperature": 10, "dtype": "float64", "outputs": ALL}),
    ("focal", {"logits": [[9e307, -9e307]], "labels": [1], "temperature": 10, "dtype": "float64", "outputs": ALL}),
    ("kl_divergence", {"logits": [[9e307, -9e307]], "labels": [1], "temperature": 10, "dtype": "float64", "outputs": ALL}),
    ("brier", {"logits": [[9e307, -9e307]], "labels": [1], "temperature": 10, "dtype": "float64", "outputs": ALL}),
    ("binary_cross_entropy", {"logits": [9e307, -9e307], "labels": [0, 0], "temperature": 10, "dtype": "float64", "outputs": ALL}),
    ("multiclass_hinge", {"logits": [[8e307, -8e307]], "labels": [1], "dtype": "float64", "outputs": ALL}),
    ("multi_margin", {"logits": [[8e307, -8e307]], "labels": [1], "dtype": "float64", "outputs": ALL}),
    ("hinge", {"logits": [1.7e308], "labels": [0], "dtype": "float64", "outputs": ALL}),
    ("focal", PAIR | {"gamma": 1e308}), ("binary_focal", FLAGS | {"gamma": 1e308}), ("asymmetric", FLAGS | {"gamma_neg": 1e308}),
    ("cross_entropy", PAIR | {"z_loss": 1.7e308}), ("asymmetric", FLAGS | {"shift": 1e-320}),
    ("asymmetric", {"logits": [-740, -30], "labels": [0, 0], "outputs": ALL, "dtype": "float64", "shift": 1e-320}),
    ("cross_entropy", PAIR | {"sample_weight": [1e-46, 1e-46]}), ("cross_entropy", PAIR | {"sample_weight": [1e-45, 3e-45]}),
    ("cross_entropy", PAIR | {"sample_weight": [1e-310, 3e-310], "dtype": "float64", "reduction": "sum"}),
    ("poly_cross_entropy", PAIR | {"epsilon": 1e308}), ("multiclass_hinge", PAIR | {"margin": 1e308}),
    ("js_divergence", PAIR | {"beta": 1e-300}), ("js_divergence", PAIR | {"beta": 1 - 2 ** -53}),
    ("generalized_cross_entropy", {"logits": [[0, 900]], "labels": [0], "q": 1e-6, "outputs": ALL, "dtype": "float64"}))
