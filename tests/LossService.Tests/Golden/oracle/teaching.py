"""Requests whose labels are a teacher's predictions."""

from .rules import EVERYTHING, asked

OPTIONS = (
    {}, {"label_temperature": 4}, {"temperature": 2.5}, {"temperature": 2, "temperature_squared": True},
    {"temperature": 0.5, "label_temperature": 3, "temperature_squared": True, "sample_weight": True}, {"label_smoothing": 0.1},
    {"label_smoothing": 0.1, "temperature": 4, "temperature_squared": True, "mask": True}, {"mask": True, "reduction": "none"},
    {"reduction": "sum", "sample_weight": True, "mean_over": "samples"})
OF_CLASSES = ({"class_weight": [0.5, 1.25, 3.0]}, {"class_weight": [0.5, 1.25, 3.0], "label_smoothing": 0.2, "sample_weight": True})


def taught(subject, draw, request):
    """(name, body) of each case. `draw` makes random tensors for a name, `request` a body with labels that these replace."""
    if "soft" not in subject.labels:
        return
    options = (*OPTIONS, *(() if subject.binary else OF_CLASSES), *(({"unit": "bits", "temperature": 2, "temperature_squared": True},)
                                                                    if subject.bits else ()))
    for turn, stated in enumerate((*options, *(options_of(subject)))):
        for dtype in ("float32", "float64"):
            form = subject.forms[(turn + (dtype == "float64")) % len(subject.forms)]
            if {"temperature", "temperature_squared"} & stated.keys():
                form = "logits"
            name = f"teacher {', '.join(f'{key}={value}' for key, value in stated.items()) or 'alone'}; {form} {dtype}"
            body = request(name, form, dtype, (3, 3), 3, stated)
            yield name, replaced(body, "label_logits", draw(name, dtype).logits((3, 3), 4))
    for scale, classes in ((1e-3, 2), (30, 5), (700, 3)):
        for dtype in ("float32", "float64"):
            name = f"teacher of scale {scale}, {dtype}"
            body = request(name, "logits", dtype, (3, classes), min(scale, 30) if subject.binary else scale, {})
            yield name, replaced(body, "label_logits", draw(name + " labels", dtype).logits((3, classes), scale))
    for dtype in ("float32", "float64"):
        name = f"teacher's log-probabilities, {dtype}"
        body = request(name, "logits", dtype, (4, 3), 3, {})
        logs = draw(name + " labels", dtype).distributions((4, 3), 5, "log_probabilities")
        yield name, replaced(body, "label_log_probabilities", logs)
        if subject.loss != "total_variation":  # at its kink
            yield f"labels next to predictions: a teacher that agrees, {dtype}", agreeing(subject, dtype)
    yield from edges(subject)


def options_of(subject):
    """Options of single losses that read the target in their own way."""
    if subject.loss == "kl_divergence":
        yield from ({"direction": "reverse"}, {"direction": "reverse", "temperature": 3, "label_temperature": 0.5})
    if subject.loss == "cross_entropy":
        yield {"z_loss": 0.01, "temperature": 2, "temperature_squared": True}


def replaced(body, form, teacher):
    body = {name: value for name, value in body.items() if name != "labels"}
    return body | {form: teacher}


def agreeing(subject, dtype):
    rows = [1.5, -0.25, 3] if subject.binary else [[1.5, -0.25, 3], [40, 0, -5]]
    return {"logits": rows, "label_logits": rows, "dtype": dtype, "outputs": EVERYTHING}


def edges(subject):
    if subject.binary:
        far = {"logits": [2, -1, 92, 0.5], "label_logits": ["Infinity", "-Infinity", 92, -800]}
        sure = {"logits": [2, -1, 3], "label_log_probabilities": [0, -1e-9, "-Infinity"]}
    else:
        ruled = {"logits": [[1, "-Infinity", 2], [0, 3, "-Infinity"]], "label_logits": [[2, "-Infinity", 1], [1, 1, "-Infinity"]]}
        far = {"logits": [[2, 1, 0], [60, 0, 1], [0, 1, 2]], "label_logits": [[0, "Infinity", 1], [62, 1, 0], [500, 0, -400]]}
        sure = {"logits": [[2, 1, 0], [1, 1, 3]], "label_log_probabilities": [[0, "-Infinity", "-Infinity"], [-1e-9, -21, -22]]}
        for dtype in ("float32", "float64"):
            yield f"teacher and predictions rule a class out, {dtype}", asked(ruled | {"dtype": dtype})
    for dtype in ("float32", "float64"):
        yield f"teacher far away, {dtype}", asked(far | {"dtype": dtype})
        yield f"teacher that is sure, {dtype}", asked(sure | {"dtype": dtype})
    if not subject.binary:
        measured = {"logits": [[2, 1, 0], [0, 3, 1], [1, 2, 4]], "label_logits": [[1, 1, 0], [0, 5, 1], [6, 2, 4]], "bins": 4}
        yield "metrics beside a teacher", measured | {"outputs": ["loss", "metrics"], "top_k": [1, 2], "label_temperature": 2}
        if subject.loss == "kl_divergence":
            far |= {"direction": "reverse"}
            del far["logits"][0], far["label_logits"][0]
            yield "reverse, teacher far away, float32", asked(far)
            yield "reverse, teacher far away, float64", asked(far | {"dtype": "float64"})
