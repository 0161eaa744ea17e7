"""Requests whose labels are sparse rows: some classes of each sample, and their probabilities."""

from mpmath import mp

from .request import nest
from .rules import asked
from .wire import literal

OPTIONS = (
    {}, {"remainder": "normalize"}, {"remainder": "uniform"}, {"label_smoothing": 0.1}, {"temperature": 2.5, "sample_weight": True},
    {"remainder": "uniform", "label_smoothing": 0.2, "mask": True, "reduction": "none"}, {"normalize": True},
    {"class_weight": [0.5, 1.25, 3.0, 1, 0.25], "remainder": "uniform"}, {"class_weight": [0.5, 1.25, 3.0, 1, 0.25], "remainder": "normalize"},
    {"reduction": "sum", "sample_weight": True, "mean_over": "samples"})


def sparse(subject, draw, request):
    """(name, body) of each case. `draw` makes random tensors for a name, `request` a body with labels that these replace."""
    if subject.binary or "soft" not in subject.labels:
        return
    reverse = ({"direction": "reverse", "remainder": "uniform"},) if subject.loss == "kl_divergence" else ()
    for turn, stated in enumerate((*OPTIONS, *reverse)):
        for dtype in ("float32", "float64"):
            form = subject.forms[(turn + (dtype == "float64")) % len(subject.forms)]
            if stated.keys() & {"temperature"} or "normalize" in stated and form == "log_probabilities":
                form = "logits"
            name = f"sparse rows {', '.join(f'{key}={value}' for key, value in stated.items()) or 'alone'}; {form} {dtype}"
            body = request(name, form, dtype, (3, 5), 3, stated)
            logs = (turn + (dtype == "float32")) % 2 == 0
            yield name, body | {"labels": rows(draw(name + " labels", dtype), dtype, (3,), 5, 3, logs, stated.get("remainder"))}
    for dtype in ("float32", "float64"):
        far = {"logits": [[2, 1, 0], [60, 0, 1]], "remainder": "normalize",
               "labels": {"indices": [[2, 0], [1, 2]], "log_values": [[700, -20], ["-Infinity", -900]]}}
        yield f"sparse rows of far logarithms, {dtype}", asked(far | {"dtype": dtype})
        sure = {"logits": [[2, 1, 0], [1, 1, 3]], "labels": {"indices": [[1], [2]], "log_values": [[0], [-1e-9]]}}
        yield f"sparse rows that are sure, {dtype}", asked(sure | {"dtype": dtype})
        little = {"logits": [[2, 1, 0, -1], [1, 1, 3, 0]], "remainder": "uniform",
                  "labels": {"indices": [[1], [2]], "values": [[0.125], [1]]}}
        yield f"sparse rows that name less than they leave, {dtype}", asked(little | {"dtype": dtype}, ["metrics"])
    channels = {"logits": [[[2, 0], [1, 3], [0, 1]]], "class_axis": 1,
                "labels": {"indices": [[[0, 2], [1, 0]]], "values": [[[0.75, 0.25], [0.5, 0.5]]]}}
    yield "sparse rows of classes on the middle axis", asked(channels)
    one = {"logits": [2, 1, 0], "labels": {"indices": [2, 0], "values": [0.25, 0.75], "remainder": "error"}}
    yield "sparse row of one sample", asked(one, ["metrics"])


def rows(draw, dtype, samples, classes, named, logs, remainder):
    """Sparse rows of so many named classes, in any order."""
    indices, values = [], []
    for _ in range(max(1, product(samples))):
        indices += shuffled(draw, classes)[:named]
        powers = [mp.exp(draw.random.uniform(2)) for _ in range(named)]
        total = 1 if remainder == "normalize" else mp.fsum(powers) * (1.5 if remainder == "uniform" and named < classes else 1)
        values += [mp.log(p / total) if logs else p / total for p in powers]
    shape = (*samples, named)
    return {"indices": nest(indices, shape),
            "log_values" if logs else "values": nest([literal(float(x), dtype) for x in values], shape)}


def shuffled(draw, count):
    left = list(range(count))
    return [left.pop(draw.random.below(len(left))) for _ in range(count)]


def product(lengths):
    result = 1
    for length in lengths:
        result *= length
    return result
