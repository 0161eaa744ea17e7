"""Overlap losses: for each class a ratio of sums over the batch, or over each item. Their answers, and the cases of their golden files."""

from mpmath import mp, mpf

from .formulas import OVERLAP
from .precision import evaluate
from .request import nest
from .tape import Var, gradient, total


class Sums:
    """Σw·p·t, Σw·p·(1 − t) and Σw·(1 − p)·t of each class over the kept samples of a group."""

    def __init__(self, request, samples, rows):
        terms = [[(p * (w * t), p * (w * (1 - t)), (1 - p) * (w * t)) for p, t in zip(request.distribution(row, 0).p, s.target)]
                 for s, row in zip(samples, rows) for w in (s.weight,)]
        self.of_class = [tuple(total(row[c][kind] for row in terms) for kind in range(3)) for c in range(request.classes)]


def measure(request, samples, weights):
    """(values, sums, slopes of the weighted values) of a group, to the agreed digits."""
    classes, formula = request.classes, OVERLAP[request.loss]

    def compute(flat):
        inputs = [Var(x) for x in flat]
        rows = [inputs[i * classes:(i + 1) * classes] for i in range(len(samples))]
        sums = Sums(request, samples, rows).of_class
        values = [formula(*of_class, request.options) for of_class in sums]
        reduced = total(value * w for value, w in zip(values, weights))
        slopes = gradient(reduced, inputs)[:len(samples) * classes]
        return [*(v.value for v in values), *(term.value for of_class in sums for term in of_class), *slopes]

    # 0 beside the logits: a sigmoid is as small as its logit is far from 0
    flat = [x for s in samples for x in s.x] + [mpf(0)]
    found = evaluate(compute, request.form, flat, request.temperature, any(mp.isinf(x) for x in flat))
    return found[:classes], found[classes:4 * classes], found[4 * classes:]


def answer(request, text):
    options, classes = request.options, request.classes
    samples, shape = request.samples(), request.samples_shape
    items = shape[0] if options.get("per") == "item" and shape else 1
    size = len(samples) // items if items else 0
    weights = [mpf(w) for w in options.get("class_weight", [1] * classes)]
    groups = [samples[i * size:(i + 1) * size] for i in range(items)]
    counted = sum(any(s.kept for s in group) for group in groups)
    weight, reduction = counted * mp.fsum(weights), options.get("reduction", "mean")
    divisor = mpf(1) if reduction != "mean" else mpf(options["divisor"]) if "divisor" in options else mpf(counted * classes) if options.get("mean_over") == "samples" else weight
    losses, sums, entries = [], [], []
    for group in groups:
        kept = [s for s in group if s.kept]
        values, of_group, slopes = measure(request, kept, weights) if kept else ([mpf(0)] * classes, [mpf(0)] * 3 * classes, [])
        losses += [w * value if w != 0 else mpf(0) for w, value in zip(weights, values)]
        sums += of_group
        own = iter(slopes)
        entries += [next(own) / divisor if s.kept and divisor != 0 else mpf(0) for s in group for _ in range(classes)]
    result, outputs = {}, options.get("outputs", ["losses"] if reduction == "none" else ["loss"])
    if "loss" in outputs:
        result["loss"] = text(mp.fsum(losses) / divisor, 50) if divisor != 0 else None
    groups_shape = (items, classes) if options.get("per") == "item" and shape else (classes,)
    if "losses" in outputs:
        result["losses"] = nest(list(map(text, losses)), groups_shape)
    if "gradient" in outputs:
        result["gradient"] = request.as_posted(list(map(text, entries)))
    if "probabilities" in outputs:
        result["probabilities"] = request.as_posted([text(x) for s in samples for x in request.probabilities(s)])
    if "sums" in outputs:
        result["sums"] = nest(list(map(text, sums)), (*groups_shape, 3))
    return result | {"totals": {"samples": counted * classes, "weight": text(weight, 50), "loss": text(mp.fsum(losses), 50)}}


ALL = ["loss", "losses", "gradient", "sums"]
SETS = (
    {}, {"per": "item"}, {"link": "sigmoid"}, {"link": "sigmoid", "per": "item"}, {"smooth": 1}, {"smooth": 1e-5, "per": "item"},
    {"class_weight": [0.5, 1.25, 3.0]}, {"class_weight": [0, 1, 2], "per": "item", "reduction": "sum"}, {"reduction": "none"},
    {"reduction": "none", "per": "item", "class_weight": [0.5, 1.25, 3.0]}, {"mean_over": "samples", "class_weight": [0.5, 1.25, 3.0]},
    {"sample_weight": True}, {"sample_weight": True, "per": "item", "smooth": 0.5}, {"mask": True}, {"mask": True, "per": "item"},
    {"mask": True, "sample_weight": True, "link": "sigmoid"}, {"divisor": 12, "mask": True}, {"temperature": 2.5}, {"temperature": 0.5, "link": "sigmoid"},
    {"ignore_index": 1}, {"ignore_index": [-100], "ignored": -100, "per": "item"}, {"clip": 0.25}, {"class_axis": 1},
    {"class_axis": 0, "per": "item"}, {"class_axis": 1, "per": "item", "link": "sigmoid"})


def cases(subject, draw_of, case_of, move):
    """The options of every overlap loss and its own, over dtypes, forms and labels; then the edges."""
    turn = 0
    for options in (*SETS, *subject.variants):
        for dtype in ("float32", "float64"):
            turn += 1
            posted = dict(options)
            form = "logits" if {"link", "temperature"} & options.keys() else "probabilities" if "clip" in options else (
                "logits", "probabilities")[turn // 2 % 2]
            kind = "indices" if "ignore_index" in options else ("indices", "one_hot", "soft")[turn % 3]
            scale = (1, 4, 30)[turn % 3] if form == "logits" else 2
            name = f"{', '.join(f'{n}={v}' for n, v in options.items()) or 'defaults'}; {form} {dtype} {kind}"
            draw = draw_of(name, dtype)
            shape = (2, 4, 3)
            body = {form: draw.predictions(form, shape, scale), "labels": draw.labels(kind, shape)}
            if dtype != "float32":
                body["dtype"] = dtype
            if posted.pop("sample_weight", False):
                body["sample_weight"] = draw.weights(shape[:-1])
            if posted.pop("mask", False):
                body["mask"] = [[True, False, True, True], [False] * 4]
                for row in (body[form][0][1], *body[form][1]):
                    row[0] = "NaN"
            if "ignored" in posted:
                body["labels"][0][2] = posted.pop("ignored")
            if "class_axis" in posted:
                body[form] = move(body[form], 2, posted["class_axis"])
                if kind != "indices":
                    body["labels"] = move(body["labels"], 2, posted["class_axis"])
            outputs = [o for o in ALL if o != "loss"] if posted.get("reduction") == "none" else ALL
            yield case_of(name, body | posted | {"outputs": outputs + (["probabilities"] if turn % 4 == 0 else [])})
    for name, body in edges():
        for dtype in ("float32", "float64"):
            yield case_of(f"{name}, {dtype}", body | {"outputs": ALL, "dtype": dtype})


def edges():
    yield "one class, sigmoid", {"logits": [[2], [-1], [0.5]], "labels": [[1], [0], [1]], "link": "sigmoid"}
    yield "tails", {"logits": [[40, -40], [-40, 40], [800, -800]], "labels": [0, 1, 0]}
    yield "tails, sigmoid", {"logits": [[40, -40], [-40, 40], [800, -800]], "labels": [[1, 0], [0, 1], [1, 1]], "link": "sigmoid"}
    yield "wrong tails", {"logits": [[40, -40], [-40, 40]], "labels": [1, 0]}
    yield "agreement", {"probabilities": [[1, 0], [0, 1]], "labels": [0, 1]}
    yield "no agreement", {"probabilities": [[1, 0], [0, 1]], "labels": [1, 0]}
    yield "a class that is nowhere", {"probabilities": [[1, 0], [1, 0]], "labels": [0, 0]}
    yield "a class without labels", {"logits": [[1, -2], [3, 0.5]], "labels": [0, 0]}
    yield "logits of -Infinity", {"logits": [[1, "-Infinity", 2], [0, 1, "-Infinity"]], "labels": [2, 1]}
    yield "nothing kept", {"logits": [[1, 2], [3, 4]], "labels": [0, 1], "mask": [False, False]}
    yield "weights of 0", {"logits": [[1, 2], [3, 4]], "labels": [0, 1], "sample_weight": [0, 0], "smooth": 1}
    yield "a single row", {"logits": [1, 2, 0.5], "labels": 1, "per": "item"}
    yield "no class weight", {"logits": [[1, 2], [3, 4]], "labels": [0, 1], "class_weight": [0, 0]}

