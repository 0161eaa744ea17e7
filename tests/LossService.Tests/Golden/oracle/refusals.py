"""Requests that are no valid batch: each must be refused with 422, with a pointer and a reason."""

CATEGORICAL = {"logits": [[2, 1, 0], [0, 3, 1]], "labels": [0, 1]}
BINARY = {"logits": [2, -1, 0.5], "labels": [1, 0, 1]}
SHARES = {"probabilities": [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]], "labels": [0, 1]}
CHANCES = {"probabilities": [0.25, 0.5, 1], "labels": [1, 0, 1]}
OUT_OF_RANGE = {
    "focal": {"gamma": -1, "alpha": -0.5}, "poly_cross_entropy": {"epsilon": -2}, "generalized_cross_entropy": {"q": 1.5},
    "symmetric_cross_entropy": {"alpha": -1, "beta": -0.5, "log_zero": 0.5},
    "kl_divergence": {"direction": "sideways"}, "js_divergence": {"beta": 1}, "cross_entropy": {"z_loss": -1},
    "multi_margin": {"p": 3, "margin": -1}, "multiclass_hinge": {"margin": -1}, "multilabel_margin": {"margin": -1},
    "hinge": {"margin": -1}, "squared_hinge": {"margin": -1},
    "binary_cross_entropy": {"pos_weight": -1}, "binary_focal": {"alpha": 1.5, "gamma": -1},
    "asymmetric": {"shift": 2, "gamma_neg": -1, "gamma_pos": -1}}


def refusals(subject):
    """(what is wrong, body) for a loss."""
    body = dict(BINARY if subject.binary else CATEGORICAL)
    classless = subject.labels == (None,)
    if classless:
        del body["labels"]
    yield from of_every_loss(subject, body, classless)
    if not classless:
        yield from of_labels(subject, body)
        yield from of_teachers(subject, body)
    if "probabilities" in subject.forms:
        yield from of_probabilities(subject, classless)
    for name, value in OUT_OF_RANGE.get(subject.loss, {}).items():
        yield f"{name} {value}", body | {name: value}


def of_every_loss(subject, body, classless):
    count = 3 if subject.binary else 2
    nan = [["NaN", 1, 2], [0, 3, 1]] if not subject.binary else ["NaN", 1, 2]
    yield "NaN in a kept sample", body | {"logits": nan}
    yield "no predictions", {name: value for name, value in body.items() if name != "logits"}
    yield "predictions null", body | {"logits": None}
    yield "unknown member", body | {"flavour": 3}
    yield "unknown output", body | {"outputs": ["loss", "speed"]}
    yield "no outputs", body | {"outputs": []}
    yield "loss without a reduction", body | {"reduction": "none", "outputs": ["loss"]}
    yield "loss among others without a reduction", body | {"reduction": "none", "outputs": ["loss", "losses"]}
    yield "unknown reduction", body | {"reduction": "median"}
    yield "unknown mean_over", body | {"mean_over": "rows"}
    yield "divisor 0", body | {"divisor": 0}
    yield "negative divisor", body | {"divisor": -2}
    yield "divisor in quotes", body | {"divisor": "2"}
    yield "divisor of a sum", body | {"divisor": 2, "reduction": "sum"}
    yield "unknown dtype", body | {"dtype": "float33"}
    yield "unknown unit", body | {"unit": "hartleys"}
    if not classless:
        columns = [[0] * 1001] * 2
        yield "per_class of too many classes", body | {
            "logits": columns, "labels": columns if subject.binary else [0, 1], "per_class": True, "outputs": ["metrics"]}
        yield "class_wise_calibration of too many bins", body | {
            "logits": columns, "labels": columns if subject.binary else [0, 1], "class_wise_calibration": True, "outputs": ["metrics"]}
    if not classless and not subject.binary:
        yield "confusion_matrix of too many classes", body | {
            "logits": [[0] * 101] * 2, "confusion_matrix": True, "outputs": ["metrics"]}
    if not subject.curved:
        yield "Hessian of a loss without one", body | {"outputs": ["loss", "hessian"]}
    if not subject.measured:
        yield "metrics of a loss without them", body | {"outputs": ["loss", "metrics"]}
    if not subject.bits:
        yield "unit of no information", body | {"unit": "bits"}
    yield "weights of another shape", body | {"sample_weight": [1] * (count + 2)}
    yield "mask of another shape", body | {"mask": [True] * (count + 2)}
    yield "NaN among the weights", body | {"sample_weight": ["NaN"] + [1] * (count - 1)}
    yield "infinite weight", body | {"sample_weight": ["Infinity"] + [1] * (count - 1)}
    yield "negative weights under a mean", body | {"sample_weight": [2, -1, 1][:count]}
    yield "weights that cancel under a mean", body | {"sample_weight": [1, -1, 0][:count], "reduction": "mean", "mean_over": "weight"}
    yield "mask of 2", body | {"mask": [2] * count}
    if subject.tempered:
        yield "temperature 0", body | {"temperature": 0}
        yield "temperature -1", body | {"temperature": -1}
        biases = [0.5] * 3
        yield "two biases", body | {"logit_bias": biases[:2]}
        yield "bias NaN", body | {"logit_bias": ["NaN", 0, 0]}
        if "probabilities" in subject.forms:
            shares = dict(CHANCES if subject.binary else SHARES)
            yield "bias of probabilities", {k: v for k, v in shares.items() if k != "labels" or not classless} | {"logit_bias": biases}
    if not subject.binary:
        yield "class_axis 2 of two axes", body | {"class_axis": 2}
        yield "class_axis of a fraction", body | {"class_axis": 0.5}
        ragged = [[2, 1, 0], [0, 3]]
        yield "ragged rows", body | {"logits": ragged}
        impossible = [["-Infinity"] * 3, [0, 3, 1]]
        yield "one class", {"logits": [[2], [1]]} | ({} if classless else {"labels": [0, 0]})
        if subject.tempered:
            yield "no class is possible", body | {"logits": impossible}


def of_labels(subject, body):
    yield "no labels", {"logits": body["logits"]}
    yield "labels null", body | {"labels": None}
    yield "fewer labels", body | {"labels": body["labels"][:-1]}
    yield "bins 0", body | {"bins": 0, "outputs": ["metrics"]}
    yield "bins 1001", body | {"bins": 1001, "outputs": ["metrics"]}
    yield "negative weights and metrics", body | {
        "sample_weight": [2, -1, 1][:len(body["labels"])], "reduction": "sum", "outputs": ["loss", "metrics"]}
    if subject.smooth:
        yield "negative smoothing", body | {"label_smoothing": -0.1}
        yield "smoothing 1.5", body | {"label_smoothing": 1.5}
    yield "two class weights", body | {"class_weight": [1, 2]}
    yield "negative class weight", body | {"class_weight": [1, -2, 1]}
    if subject.binary:
        yield "label 1.5", body | {"labels": [1, 1.5, 0]}
        yield "label -1", body | {"labels": [1, -1, 0]}
        yield "label NaN", body | {"labels": [1, "NaN", 0]}
        yield "unknown calibration", body | {"calibration": "sideways", "outputs": ["metrics"]}
        return
    yield "label beyond the classes", body | {"labels": [0, 3]}
    yield "label -100", body | {"labels": [0, -100]}
    yield "label 0.5", body | {"labels": [0, 0.5]}
    if "graded" in subject.labels:
        yield "infinite relevance", body | {"labels": [[1, "Infinity", 0], [1, 0, 2]]}
        yield "relevance NaN", body | {"labels": [[1, 0, 0], [1, "NaN", 2]]}
        yield "class weights of relevances", body | {"class_weight": [1, 1, 1]}
        return
    yield "row of labels that sums to 0.9", body | {"labels": [[0.5, 0.2, 0.2], [1, 0, 0]]}
    if "many_hot" in subject.labels:
        yield "row of class indices", body | {"labels": [[2, 0, -1], [1, -1, -1]]}
        yield "row of a half", body | {"labels": [[0, 0.5, 1], [1, 0, 0]]}
    yield "negative label in a row", body | {"labels": [[1.5, -0.5, 0], [1, 0, 0]]}
    yield "row of labels off by 1e-5 in float64", body | {"labels": [[0.33333, 0.33333, 0.33333], [1, 0, 0]], "dtype": "float64"}
    for k in ([1, 1, 2], 99999999999, 4, 0, [1, 0], -1):
        yield f"top_k {k}", body | {"top_k": k, "outputs": ["metrics"]}


def of_teachers(subject, body):
    unlabelled = {"logits": body["logits"]}
    yield "labels and a teacher", body | {"label_logits": body["logits"]}
    yield "temperature of a teacher without one", body | {"label_temperature": 2}
    if "soft" not in subject.labels:
        yield "a teacher of hard labels", unlabelled | {"label_logits": body["logits"]}
        return
    spoiled = [*body["logits"][:-1], "NaN"] if subject.binary else [*body["logits"][:-1], ["NaN", 0, 0]]
    yield "NaN of a teacher", unlabelled | {"label_logits": spoiled}
    yield "a teacher of another shape", unlabelled | {"label_logits": body["logits"][:-1]}
    yield "log-probabilities above 0", unlabelled | {"label_log_probabilities": body["logits"]}
    yield "label_temperature 0", unlabelled | {"label_logits": body["logits"], "label_temperature": 0}
    yield "ignore_index beside a teacher", unlabelled | {"label_logits": body["logits"], "ignore_index": 1}
    if not subject.binary:
        yield "smoothing over nothing", body | {"smoothing_over": "nothing"}


def of_probabilities(subject, classless):
    body = dict(CHANCES if subject.binary else SHARES)
    if classless:
        del body["labels"]
    rest = body["probabilities"][1:]
    row = (lambda *x: x[0]) if subject.binary else (lambda *x: list(x))
    change = lambda *x: body | {"probabilities": [row(*x), *rest]}
    yield "two forms", body | {"logits": body["probabilities"]}
    yield "above 1", change(1.0000001, 0, 0)
    yield "below 0", change(-0.00001, 0.5, 0.50001)
    yield "far above 1, clipped", change(1.5, 0, 0) | {"clip": 0.01}
    yield "1e-5 above 1 in float64, clipped", change(1.00001, 0, 0) | {"clip": 0.01, "dtype": "float64"}
    yield "clip 0.6", body | {"clip": 0.6}
    logits = dict(BINARY if subject.binary else CATEGORICAL)
    yield "clip of logits", {name: value for name, value in logits.items() if name == "logits" or not classless} | {"clip": 0.1}
    if subject.tempered:
        yield "temperature of probabilities", body | {"temperature": 2}
    if not subject.binary:
        yield "a sum of 1.001", change(0.5, 0.25, 0.251)
        yield "a sum off by 1e-5 in float64", change(0.5, 0.25, 0.25001) | {"dtype": "float64"}
        yield "negative counts", change(3, -1, 2) | {"normalize": True}
        yield "counts of 0", change(0, 0, 0) | {"normalize": True}
        if "log_probabilities" in subject.forms:
            yield "log-probability above 0", {**body, "log_probabilities": [[0.5, -1, -2], [-1, -1, -1]], "probabilities": None}
