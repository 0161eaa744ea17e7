"""What sets each loss apart: forms, options to try, edges to stand on."""

from .cases import Subject
from .wire import Literal

ALL = ["loss", "losses", "gradient"]
DESCRIBED = [*ALL, "probabilities", "log_probabilities", "entropy", "predictions"]
BINARY = dict(binary=True, forms=("logits", "probabilities"), labels=("hard", "soft"))
MEASURED = {"outputs": ["loss", "metrics"], "top_k": 2, "bins": 10}


def pair(name, body, outputs=ALL):
    """The same edge in both dtypes."""
    return tuple((f"{name}, {dtype}", body | {"outputs": outputs} | ({} if dtype == "float32" else {"dtype": dtype}))
                 for dtype in ("float32", "float64"))


# −∞ is a class ruled out; +∞ is a class certain; each is a limit of finite logits
CATEGORICAL_EDGES = (
    *pair("tiny loss", {"logits": [[40, 0]], "labels": [0]}),
    *pair("large and equal logits", {"logits": [[1000, 1000, 1000], [-1e20, -1e20, -1e20]], "labels": [1, 2]}),
    *pair("logits -Infinity at target 0", {"logits": [[1, "-Infinity", 2], ["-Infinity", 0, "-Infinity"]],
                                           "labels": [2, 1]}),
    *pair("one logit Infinity, at the target", {"logits": [[1, "Infinity", 2]], "labels": [1]}),
    *pair("probability 0 beside the target", {"probabilities": [[0.25, 0, 0.75], [1, 0, 0]], "labels": [2, 0]}),
    *pair("nothing kept", {"logits": [[1, 2], [3, 4]], "labels": [0, 1], "mask": [False, False]}),
    *pair("no weight", {"logits": [[1, 2], [3, 4]], "labels": [0, 1], "sample_weight": [0, 0]}),
)
AT_TARGET = (
    *pair("logit -Infinity at the target", {"logits": [[1, "-Infinity", 2], [1, 2, 3]], "labels": [1, 0]}),
    *pair("one logit Infinity, not the target", {"logits": [[1, "Infinity", 2]], "labels": [0]}),
    *pair("probability 0 at the target", {"probabilities": [[0.25, 0, 0.75], [0.5, 0.25, 0.25]], "labels": [1, 0]}),
    *pair("log-probability -Infinity at the target", {"log_probabilities": [["-Infinity", 0]], "labels": [0]}),
)
BINARY_EDGES = (
    *pair("tails", {"logits": [40, -40, 40, -40, 0, 800, -800], "labels": [1, 0, 0, 1, 1, 1, 0]}),
    *pair("nothing kept", {"logits": [1, 2], "labels": [0, 1], "mask": [False, False]}),
    *pair("infinite logits, rightly sure", {"logits": ["Infinity", "-Infinity", 1], "labels": [1, 0, 1]}),
    *pair("sure probabilities, right", {"probabilities": [1, 0, 0.5], "labels": [1, 0, 1]}),
)
BINARY_WRONG = (
    *pair("infinite logit, wrongly sure", {"logits": ["Infinity", "-Infinity", 1], "labels": [0, 1, 1]}),
    *pair("sure probabilities, wrong", {"probabilities": [1, 0, 0.5], "labels": [0, 1, 1]}),
)
DESCRIPTIONS = (
    *pair("every description", {"logits": [[2, 1, 0.1], [0.3, 2.2, 0.4]], "labels": [0, 1], "temperature": 2}, DESCRIBED),
    *pair("every description of probabilities", {"probabilities": [[0.5, 0.125, 0.375]], "labels": [0]}, DESCRIBED),
)
RELIABILITY = tuple(
    (f"metrics of {form}", {form: rows, "labels": [0, 1, 2, 0, 1], "sample_weight": [1, 2, 0.5, 1, 3]} | MEASURED)
    for form, rows in (
        ("logits", [[2, 1, 0.5], [0.25, 2.5, 1], [3, 0, 1], [1, 0.5, 9], [0, 60, 1]]),
        ("probabilities", [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.0625, 0.3125, 0.625], [1, 0, 0], [0, 1, 0]])))
EXAMPLE = {"logits": [[2.0, 1.0, 0.1], [0.3, 2.2, 0.4]], "labels": [0, 1], "label_smoothing": 0.1}
UNSTATED = (("no outputs stated", EXAMPLE), ("no outputs stated, reduction none", EXAMPLE | {"reduction": "none"}))
# just above the midpoint of 1 and its neighbour: by way of double it would round down, to even
TWICE_ROUNDED = (("decimal text rounded once",
                  {"logits": [[Literal("1.00000005960464477539062500000001"), 1]], "labels": [0], "outputs": ALL}),)

WEIGHTS = [0.5, 1.25, 3.0]
BIAS = [-1.5, 0.25, 2.0]
BIASED = ({"logit_bias": BIAS}, {"logit_bias": BIAS, "temperature": 2.5, "sample_weight": True}, {"logit_bias": [0.1, -0.7, 0.3], "mask": True})

PENALTY = {"logits": [[2, 1, 0], [1, 1, 1]], "labels": [0, 1], "z_loss": 0.1}
PENALIZED = tuple((f"z_loss {turn}, {dtype}", PENALTY | options | {"dtype": dtype} | (
    {"outputs": ["losses", "gradient"]} if options.get("reduction") == "none" else {"outputs": ALL}))
    for turn, options in enumerate((
        {}, {"class_weight": [10, 10, 10]}, {"class_weight": [1, 2, 3]}, {"class_weight": [1, 2, 3], "reduction": "sum"},
        {"class_weight": [1, 2, 3], "reduction": "none"}, {"class_weight": [10, 10, 10], "label_smoothing": 0.1},
        {"class_weight": [1, 2, 3], "label_smoothing": 0.1, "mean_over": "samples"}, {"unit": "bits"},
        {"unit": "bits", "class_weight": [1, 2, 3], "temperature": 0.5}, {"temperature": 2}, {"class_weight": [0, 0, 1]},
        {"labels": [[0.5, 0.25, 0.25], [0, 0.5, 0.5]], "class_weight": [1, 2, 3], "sample_weight": [2, 3]},
        {"labels": [[0.33333, 0.33333, 0.33333], [0, 0.5, 0.5]], "class_weight": [10, 10, 10], "dtype": "float32"}))
    for dtype in (("float32", "float64") if "dtype" not in options else (options["dtype"],)))
MIXTURES = (
    *(("label of probability near 0, " + name, body | {"outputs": ALL}) for name, body in (
        ("beta 0.9", {"dtype": "float64", "logits": [[744, 0]], "labels": [0], "beta": 0.9}),
        ("the other class", {"dtype": "float64", "logits": [[744, 0]], "labels": [1], "beta": 0.9}),
        ("float32", {"logits": [[103, 0], [0, 120]], "labels": [0, 0], "beta": 0.75}),
        ("cold", {"dtype": "float64", "logits": [[7.4, 0]], "labels": [0], "beta": 0.9, "temperature": 0.01}),
        ("one-hot row", {"dtype": "float64", "logits": [[0, 760, 1]], "labels": [[0, 1, 0]], "beta": 0.6}),
        ("bits", {"dtype": "float64", "logits": [[0, 740, 1]], "labels": [0], "beta": 0.99, "unit": "bits"}),
        ("beta near 1", {"dtype": "float64", "logits": [[700, 0]], "labels": [0], "beta": 0.999999}),
        ("subnormal probability", {"dtype": "float64", "probabilities": [[1, 5e-324]], "labels": [0], "beta": 0.9}),
        ("log-probabilities", {"dtype": "float64", "log_probabilities": [[0, -760]], "labels": [0], "beta": 0.9}))),
    *pair("probability 0 and beta 0.9", {"probabilities": [[1, 0], [0.5, 0.5]], "labels": [0, 1], "beta": 0.9}))
ROUNDED_THIRDS = {"logits": [[0, 0, 0]], "labels": [[0.33333, 0.33333, 0.33333]], "outputs": ["loss", "losses"]}
FAR_APART = tuple((f"logits near the end of float64, label {y}",
                   {"dtype": "float64", "logits": [[9e307, -9e307]], "labels": [y], "temperature": 10, "outputs": ALL}) for y in (0, 1))
# without cross-entropy, what a sure teacher leaves of 1 is all that counts
SURE_TEACHERS = pair("a sure teacher and no cross-entropy", {
    "logits": [[90, 0, 1], [40, 0, 1], [0, 1, 2]], "label_logits": [[60, 0, 1], [34, 0, 1], [36.5, 0, 1]], "alpha": 0})

OVERLAPS = (
    Subject("dice", overlap=True), Subject("jaccard", overlap=True),
    Subject("tversky", overlap=True, variants=(
        {"alpha": 0.3, "beta": 0.7}, {"alpha": 0.7, "beta": 0.3, "per": "item", "sample_weight": True}, {"gamma": 2},
        {"gamma": 0.75, "smooth": 1}, {"alpha": 0, "beta": 1}, {"alpha": 1, "beta": 0, "gamma": 4.0 / 3, "link": "sigmoid"})))
SUBJECTS = (
    Subject("cross_entropy", bits=True, huge=True, edges=(
        *CATEGORICAL_EDGES, *AT_TARGET, *DESCRIPTIONS, *RELIABILITY, *UNSTATED, *TWICE_ROUNDED, *PENALIZED, *FAR_APART), variants=(
        {"class_weight": WEIGHTS}, {"class_weight": WEIGHTS, "mean_over": "samples"},
        {"class_weight": WEIGHTS, "label_smoothing": 0.1, "sample_weight": True},
        {"class_weight": WEIGHTS, "ignore_index": 2, "reduction": "sum"},
        {"class_weight": [0.0, 1.0, 2.0], "sample_weight": True, "mask": True},
        {"z_loss": 0.001}, {"z_loss": 0.5, "temperature": 2, "unit": "bits"},
        {"z_loss": 0.01, "class_weight": WEIGHTS, "label_smoothing": 0.2, "sample_weight": True},
        {"clip": 0.25}, {"clip": 0.1, "label_smoothing": 0.1}, {"clip": 1e-7},
        *BIASED, {"logit_bias": BIAS, "z_loss": 0.1, "label_smoothing": 0.1})),
    Subject("binary_cross_entropy", **BINARY, bits=True, edges=(
        *BINARY_EDGES, *BINARY_WRONG,
        *pair("every description", {"logits": [2, -1, 0.25], "labels": [1, 0, 1], "temperature": 2}, DESCRIBED),
        ("metrics", {"logits": [2, -1, 0.25, -3], "labels": [1, 1, 1, 0], "sample_weight": [1, 2, 0.5, 1],
                     "outputs": ["loss", "metrics"]})), variants=(
        {"pos_weight": 3}, {"pos_weight": 0.25, "sample_weight": True}, {"pos_weight": WEIGHTS},
        {"pos_weight": WEIGHTS, "label_smoothing": 0.1, "unit": "bits"}, {"clip": 0.25},
        {"clip": 0.1, "pos_weight": 2, "label_smoothing": 0.1}, *BIASED, {"logit_bias": BIAS, "pos_weight": 3})),
    Subject("focal", bits=True, huge=True, edges=(*CATEGORICAL_EDGES, *AT_TARGET, *FAR_APART), variants=(
        {"gamma": 0}, {"gamma": 1}, {"gamma": 0.5}, {"gamma": 5}, {"alpha": 0.25}, {"alpha": WEIGHTS},
        {"gamma": 1.5, "alpha": WEIGHTS, "label_smoothing": 0.1, "sample_weight": True})),
    Subject("binary_focal", **BINARY, bits=True, edges=(*BINARY_EDGES, *BINARY_WRONG), variants=(
        {"gamma": 0}, {"gamma": 1}, {"gamma": 0.5}, {"gamma": 5}, {"alpha": "none"}, {"alpha": 0.75},
        {"pos_weight": 3}, {"pos_weight": WEIGHTS, "label_smoothing": 0.1}, *BIASED,
        {"alpha": "none", "gamma": 0}, {"gamma": 3, "alpha": 0.6, "label_smoothing": 0.1, "sample_weight": True})),
    Subject("asymmetric", **BINARY, bits=True, edges=(
        *BINARY_EDGES, *BINARY_WRONG,
        *pair("infinite logits without a shift", {"logits": ["Infinity", "-Infinity"], "labels": [0, 0], "shift": 0}),
        *pair("on both sides of the shift", {"probabilities": [0.05, 0.0625, 0.04], "labels": [0, 0, 0]})), variants=(
        {"pos_weight": 3}, {"pos_weight": WEIGHTS, "label_smoothing": 0.1, "gamma_pos": 1}, *BIASED,
        {"shift": 0}, {"gamma_pos": 1}, {"gamma_pos": 1, "gamma_neg": 1, "shift": 0}, {"gamma_neg": 2.5},
        {"gamma_pos": 0.5, "gamma_neg": 1.5, "shift": 0.2}, {"gamma_neg": 0}, {"shift": 1}, {"shift": 1e-6},
        {"gamma_pos": 2, "gamma_neg": 3, "shift": 0.1, "label_smoothing": 0.1, "sample_weight": True})),
    Subject("poly_cross_entropy", edges=(
        *CATEGORICAL_EDGES, *AT_TARGET,
        *((f"equal logits, labels of a rounded sum, {name}", ROUNDED_THIRDS | options) for name, options in (
            ("no weights", {}), ("small weights", {"class_weight": [0.001, 0.001, 0.001]})))), variants=(
        {"epsilon": 0}, {"epsilon": 0.5}, {"epsilon": -1}, {"epsilon": 4, "label_smoothing": 0.1, "mask": True})),
    Subject("generalized_cross_entropy", edges=(*CATEGORICAL_EDGES, *AT_TARGET), variants=(
        *BIASED, {"q": 1}, {"q": 0.1}, {"q": 0.001}, {"q": 0.5, "label_smoothing": 0.1, "sample_weight": True})),
    Subject("symmetric_cross_entropy", edges=(*CATEGORICAL_EDGES, *AT_TARGET, *SURE_TEACHERS), variants=(
        *BIASED, {"alpha": 6, "beta": 0.1}, {"alpha": 0}, {"beta": 0}, {"log_zero": -9.25}, {"log_zero": 0},
        {"alpha": 1, "log_zero": -1.5, "label_smoothing": 0.1, "sample_weight": True})),
    Subject("kl_divergence", bits=True, huge=True, edges=(
        *CATEGORICAL_EDGES, *AT_TARGET,
        *pair("reverse, target 0", {"logits": [[1, 2]], "labels": [0], "direction": "reverse"}),
        *pair("reverse, targets 0", {"logits": [[1, 2, -3], [0, 5, 1]], "labels": [[0.25, 0, 0.75], [0, 1, 0]], "direction": "reverse"}),
        *pair("reverse, targets 0 of probabilities", {"probabilities": [[0.25, 0.5, 0.25]], "labels": [[0.25, 0, 0.75]],
                                                      "direction": "reverse"}),
        *pair("reverse, one sparse class", {"logits": [[1, 2, -3]], "labels": {"indices": [[2]], "log_values": [[1.5]]},
                                            "remainder": "normalize", "direction": "reverse"}),
        *pair("reverse, target 0 of a class ruled out", {"logits": [[1, "-Infinity", 2]], "labels": [[0.25, 0, 0.75]],
                                                         "direction": "reverse"}),
        *pair("reverse, logit -Infinity", {"logits": [[1, "-Infinity", 2]], "labels": [[0.25, 0.25, 0.5]],
                                           "direction": "reverse"}),
        *pair("reverse, probability 0", {"probabilities": [[0.25, 0, 0.75]], "labels": [[0.25, 0.25, 0.5]],
                                         "direction": "reverse"})), variants=(
        {"direction": "reverse"}, {"direction": "reverse", "sample_weight": True, "unit": "bits"},
        {"direction": "reverse", "label_smoothing": 0.1}, {"direction": "reverse", "temperature": 3})),
    Subject("js_divergence", bits=True, edges=(*CATEGORICAL_EDGES, *AT_TARGET, *MIXTURES), variants=(
        *BIASED, {"beta": 0.1}, {"beta": 0.9}, {"beta": 1e-12}, {"beta": 0.25, "label_smoothing": 0.1, "sample_weight": True})),
    Subject("entropy", labels=(None,), smooth=False, bits=True, huge=True, edges=(
        *((name, {k: v for k, v in body.items() if k != "labels"}) for name, body in CATEGORICAL_EDGES),)),
    Subject("brier", edges=(*CATEGORICAL_EDGES, *AT_TARGET), variants=BIASED),
    Subject("binary_brier", **BINARY, edges=(*BINARY_EDGES, *BINARY_WRONG)),
    Subject("ranked_probability_score", curved=False, edges=(*CATEGORICAL_EDGES, *AT_TARGET)),
    Subject("total_variation", curved=False, edges=(*CATEGORICAL_EDGES, *AT_TARGET)),
    Subject("hinge", curved=False, binary=True, forms=("logits",), labels=("hard",), smooth=False, tempered=False, edges=(
        *pair("at the kink", {"logits": [1, -1, 1], "labels": [1, 0, 0]}),
        *pair("predictions", {"logits": [2, -1, 0.25, 0], "labels": [1, 1, 0, 1]}, ["loss", "predictions"])),
        variants=({"margin": 0.5}, {"margin": 2, "sample_weight": True})),
    Subject("squared_hinge", binary=True, forms=("logits",), labels=("hard",), smooth=False, tempered=False, edges=(
        *pair("at the kink", {"logits": [1, -1, 1], "labels": [1, 0, 0]}),),
        variants=({"margin": 0.5}, {"margin": 2, "sample_weight": True})),
    Subject("multiclass_hinge", curved=False, forms=("logits",), labels=("indices", "one_hot"), smooth=False, tempered=False,
            huge=True, edges=(
        *pair("at the kink", {"logits": [[2, 1, 0], [0, 0.5, 0.25]], "labels": [0, 1]}),
        *pair("logit -Infinity beside the target", {"logits": [[1, "-Infinity", 2]], "labels": [0]})),
        variants=({"margin": 0.5}, {"margin": 2, "sample_weight": True})),
    Subject("multi_margin", curved=False, forms=("logits",), labels=("indices", "one_hot"), smooth=False, tempered=False,
            huge=True, edges=(
        *pair("at the kink", {"logits": [[2, 1, 0], [0, 0.5, 0.25]], "labels": [0, 1]}),
        *pair("logit -Infinity beside the target", {"logits": [[1, "-Infinity", 2]], "labels": [0]})),
        variants=({"p": 2}, {"margin": 0.5}, {"p": 2, "margin": 2, "sample_weight": True})),
    Subject("multilabel_margin", curved=False, measured=False, forms=("logits",), labels=("many_hot", "indices", "one_hot"),
            smooth=False, tempered=False, huge=True, edges=(
        *pair("at the kink", {"logits": [[2, 1, 0, 2.5], [0, 0.5, 0.25, -1]], "labels": [[1, 0, 0, 1], [0, 1, 1, 0]]}),
        *pair("none and all of the classes", {"logits": [[2, 1, 0], [0, 0.5, 0.25]], "labels": [[0, 0, 0], [1, 1, 1]]}),
        *pair("no true class under class weights", {
            "logits": [[2, 1, 0], [0, 0.5, 0.25]], "labels": [[0, 0, 0], [1, 0, 1]], "class_weight": [0.5, 1, 3]}),
        *pair("equal logits of true classes", {
            "logits": [[1, 1, 1, 1.5, 0.25], [3, 3, 2, 3, 2]], "labels": [[1, 1, 0, 1, 0], [0, 1, 1, 1, 0]]}),
        *pair("booleans", {"logits": [[2, 1, 0], [0, 0.5, 0.25]], "labels": [[True, False, True], [False, False, True]]}),
        *pair("logits -Infinity", {"logits": [[1, "-Infinity", 2, 0], [0, 1, "-Infinity", 2]], "labels": [[1, 0, 0, 1], [1, 0, 1, 0]]}),
        *pair("logits Infinity", {"logits": [[1, "Infinity", 2, 0], [0, 1, "Infinity", 2]], "labels": [[1, 0, 0, 1], [1, 0, 1, 0]]}),
        *pair("far and near the margin", {"logits": [[1e6, 0.125, 999999.0625, -0.75, 999998.9375]], "labels": [[1, 1, 0, 0, 0]]})),
        variants=({"margin": 0.5}, {"margin": 2, "sample_weight": True}, {"margin": 0})),
    Subject("list_mle", bits=True, measured=False, weighted=False, forms=("logits",), labels=("graded", "indices", "one_hot"),
            smooth=False, tempered=False, huge=True, edges=(
        *CATEGORICAL_EDGES[:8], *CATEGORICAL_EDGES[10:], *AT_TARGET[:4],
        *pair("no ties", {"logits": [[2, 1, 0, 2.5], [0, 0.5, 0.25, -1]], "labels": [[3, 1, 0.5, -2], [1, 2, 3, 4]]}),
        *pair("ties at the top", {"logits": [[2, 1, 0, 2.5], [0, 0, 0, 0]], "labels": [[3, 3, 0, -2], [1, 1, 1, 0]]}),
        *pair("equal relevances", {"logits": [[2, 1, 0, 2.5], [0, 0, 0, 0]], "labels": [[3, 3, 3, 3], [0, 0, 0, 0]]}),
        *pair("booleans", {"logits": [[2, 1, 0], [0, 0.5, 0.25]], "labels": [[True, False, True], [False, False, True]]}),
        *pair("in order, far apart", {"logits": [[90, 40, 0, -38], [1, -36, -80, -700]], "labels": [[3, 2, 1, 0], [3, 2, 2, 0]]}),
        *pair("in reverse, far apart", {"logits": [[-90, 40, 60, 61], [-700, 0, 30, 30]], "labels": [[3, 2, 1, 0], [3, 2, 2, 0]]}),
        *pair("filled up with -Infinity", {
            "logits": [[1, "-Infinity", 2, "-Infinity"], [0, 1, "-Infinity", 2]], "labels": [[1, 0, 2, 0], [-1, 3, -1, 2]]}),
        *pair("relevant at -Infinity", {"logits": [[1, "-Infinity", 2, 0], [0, 1, "-Infinity", 2]], "labels": [[1, 3, 2, 0], [0, 3, 1, 2]]}),
        *pair("logits Infinity", {"logits": [[1, "Infinity", 2, 0], [0, 1, "Infinity", 2]], "labels": [[1, 3, 2, 0], [0, 3, 1, 2]]}))),
)
