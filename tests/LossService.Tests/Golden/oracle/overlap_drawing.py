"""Random requests of the overlap losses for the fuzz."""

from .drawing import class_weights, labels, put_classes, shares, size, spoil
from .request import flatten, nest
from .subjects import OVERLAPS
from .wire import literal

OUTPUTS = ("loss", "losses", "gradient", "probabilities", "sums")


def overlap_request(draw):
    """(loss, body)."""
    subject, dtype = draw.choice(OVERLAPS), draw.choice(("float32", "float64"))
    form, per = draw.choice(("logits", "logits", "probabilities")), draw.choice(("batch", "item"))
    shape = (*draw.choice(((1,), (2,), (5,), (9,), (2, 3), (2, 2, 2))), draw.choice((2, 3, 4, 7)))
    sigmoid = form == "logits" and draw.chance(0.4)
    body = {"dtype": dtype}
    if form == "logits":
        scale = draw.choice((0.01, 1, 4, 8, 30, 300))
        body[form] = nest([draw.real(scale, dtype) for _ in range(size(shape))], shape)
    else:
        body[form] = shares(draw, subject, shape, 4, dtype, form)
    kind = draw.choice(("indices", "indices", "one_hot", "soft"))
    body["labels"] = labels(draw, subject, kind, shape, dtype)
    body |= {name: value for name, value, chance in (
        ("link", "sigmoid", 1 if sigmoid else 0), ("per", per, 0.5), ("smooth", draw.choice((0, 1e-5, 0.5, 1, 100)), 0.5),
        ("temperature", draw.choice((0.5, 2, 7)), 0.2 if form == "logits" else 0), ("clip", draw.choice((1e-7, 0.1)), 0.2 if form != "logits" else 0),
        ("class_weight", class_weights(draw, shape[-1]), 0.3), ("mean_over", draw.choice(("weight", "samples")), 0.3),
        *((name, value, 0.6 if subject.loss == "tversky" else 0) for name, value in (
            ("alpha", draw.choice((0, 0.3, 1, 2))), ("beta", draw.choice((0.25, 0.7, 1))), ("gamma", draw.choice((0.75, 1, 4 / 3, 2, 5)))))) if draw.chance(chance)}
    if draw.chance(0.2):
        near_the_ends(draw, subject, body)
    leave_out(draw, body, form, shape[:-1], kind, dtype)
    reduction = draw.choice(("mean", "mean", "sum", "none"))
    if reduction != "mean":
        body["reduction"] = reduction
    elif draw.chance(0.15):
        body["divisor"] = draw.choice((1, 7, 0.3, 4096))
    body["outputs"] = [name for name in OUTPUTS if draw.chance(0.7) and (name, reduction) != ("loss", "none")] or ["losses"]
    if draw.chance(0.3):
        put_classes(draw, body, form, len(shape))
    return subject.loss, body


def near_the_ends(draw, subject, body):
    """Options near the ends of their ranges, where terms cancel or vanish."""
    ends = {"smooth": (1e-12, 1e12)}
    if subject.loss == "tversky":
        ends |= {"alpha": (1e-12, 1e12), "beta": (1e-12, 1e12), "gamma": (0.01, 100)}
    for name, values in ends.items():
        if draw.chance(0.5):
            body[name] = draw.choice(values)


def leave_out(draw, body, form, samples, kind, dtype):
    """Weights, a mask, ignored labels."""
    count = size(samples)
    if draw.chance(0.5):
        weights = [literal(abs(draw.random.uniform(4)) + 0.125, dtype) for _ in range(count)]
        body["sample_weight"] = nest([0 if draw.chance(0.1) else weight for weight in weights], samples)
    if kind == "indices" and draw.chance(0.3):
        body["labels"] = nest([-100 if draw.chance(0.3) else y for y in flatten(body["labels"])], samples)
        body["ignore_index"] = -100
    if draw.chance(0.4):
        mask = [not draw.chance(0.3) for _ in range(count)]
        body["mask"] = nest(mask, samples)
        spoil(body, form, mask)
