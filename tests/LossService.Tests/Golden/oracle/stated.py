"""Values worked out by other means, which the definitions must give: checked whenever golden files are made."""

from .request import flatten
from .scoring import score

PAIR = {"logits": [[2, 1], [1, 3]], "labels": [0, 0]}
PENALTY = {"logits": [[2, 1, 0], [1, 1, 1]], "labels": [0, 1], "z_loss": 0.1}
HITS = {"logits": [[3, 0], [3, 0], [0, 3], [0.1, 0]], "labels": [0, 0, 0, 1], "outputs": ["metrics"]}
CHANCES = {"probabilities": [0.1, 0.9], "labels": [1, 1], "bins": 10, "outputs": ["metrics"], "dtype": "float64"}
THIRDS = {"logits": [[0, 0, 0]], "labels": [[0.33333, 0.33333, 0.33333]], "dtype": "float64"}
FAR = {"logits": [[9e307, -9e307]], "labels": [1], "temperature": 10, "dtype": "float64"}

STATED = (  # loss, request, member, value
    ("cross_entropy", PAIR | {"sample_weight": [1, -1], "reduction": "sum"}, "loss", -1.8136663235247497),
    ("cross_entropy", PAIR | {"sample_weight": [1, -1], "reduction": "sum", "outputs": ["gradient"]}, "gradient",
     [-0.2689414213699951, 0.2689414213699951, 0.8807970779778824, -0.8807970779778824]),
    # PyTorch 1.13
    ("cross_entropy", {"logits": [[2, 1], [0, 3]], "labels": [0, 0], "class_weight": [0, 1], "label_smoothing": 0.1, "reduction": "sum"},
     "loss", 0.06809245195459825),
    ("cross_entropy", {"logits": [[2, 1], [1, 3], [0, 1]], "labels": [0, 0, 0], "sample_weight": [1, 3, 5], "mean_over": "samples"},
     "loss", 4.420118052746085),
    ("cross_entropy", HITS, "metrics.accuracy", 0.5),
    ("cross_entropy", HITS | {"class_weight": [1, 10]}, "metrics.accuracy", 0.5),
    ("cross_entropy", PENALTY, "loss", 1.2631461274650928),
    ("cross_entropy", PENALTY | {"class_weight": [10, 10, 10]}, "loss", 1.2631461274650928),
    ("cross_entropy", FAR, "loss", 1.8e307),
    ("js_divergence", {"dtype": "float64", "logits": [[744, 0]], "labels": [0], "beta": 0.9}, "loss", 0),  # 1.8e-324
    # 0.99999·(log 3 + 2·2/3)
    ("poly_cross_entropy", THIRDS, "loss", 0.99999 * (1.0986122886681098 + 4 / 3)),
    ("poly_cross_entropy", THIRDS | {"class_weight": [0.001, 0.001, 0.001]}, "loss", 0.99999 * (1.0986122886681098 + 4 / 3)),
    # torchmetrics, netcal and scikit-learn bin P(positive)
    ("binary_cross_entropy", CHANCES, "metrics.expected_calibration_error", 0.5),
    ("binary_cross_entropy", CHANCES | {"calibration": "predicted"}, "metrics.expected_calibration_error", 0.4),
)


def check():
    """Raises where a definition gives another value."""
    for loss, body, path, value in STATED:
        found = score(loss, body)
        for name in path.split("."):
            found = found[name]
        for ours, theirs in zip(map(float, flatten(found)), flatten(value), strict=True):
            if abs(ours - theirs) > 1e-15 * abs(theirs) + 1e-323:
                raise SystemExit(f"{loss}: {path} is {ours!r}, stated {theirs!r}: {body}")
