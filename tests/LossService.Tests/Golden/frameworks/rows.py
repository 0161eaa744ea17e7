"""The table: for each framework's call, the request that gives the same numbers.

Rows are text on both sides: the call is evaluated as it stands, so what the documentation prints is what ran.
A name in a request (z, y, …) stands for the tensor of that name in batch.py.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    loss: str
    framework: str
    call: str
    request: dict
    output: str = "loss"  # the member of our answer to compare; a dotted path
    run: bool = True  # whether the framework is at hand
    note: str = ""


PYTORCH, FORMULA, SKLEARN, SCIPY = "PyTorch", "formula in PyTorch", "scikit-learn", "SciPy"
Z_Y = {"logits": "z", "labels": "y"}
Z_T = {"logits": "z", "labels": "T"}
Z_B = {"logits": "z", "labels": "b"}
P_T = {"probabilities": "p", "labels": "T"}
P1_B1 = {"probabilities": "p1", "labels": "b1"}
MEASURED = {"outputs": ["metrics"], "top_k": 2}
CALIBRATED = {"outputs": ["metrics"], "bins": 4}

ROWS = (
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y)", Z_Y),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(Z, Y)", {"logits": "Z", "labels": "Y", "class_axis": 1}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(Z, Y, reduction='none')",
        {"logits": "Z", "labels": "Y", "class_axis": 1, "reduction": "none"}, "losses"),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, reduction='sum')", Z_Y | {"reduction": "sum"}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, reduction='none')", Z_Y | {"reduction": "none"}, "losses"),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z / 2.5, y)", Z_Y | {"temperature": 2.5}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, weight=w)", Z_Y | {"class_weight": "w"}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, ignore_index=2)", Z_Y | {"ignore_index": 2}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, weight=w, ignore_index=2)",
        Z_Y | {"class_weight": "w", "ignore_index": 2}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, label_smoothing=0.1)", Z_Y | {"label_smoothing": 0.1}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, weight=w, label_smoothing=0.1)",
        Z_Y | {"class_weight": "w", "label_smoothing": 0.1}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, weight=w, label_smoothing=0.1, reduction='sum')",
        Z_Y | {"class_weight": "w", "label_smoothing": 0.1, "reduction": "sum"}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, weight=w_0, label_smoothing=0.1, reduction='sum')",
        Z_Y | {"class_weight": "w_0", "label_smoothing": 0.1, "reduction": "sum"}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, weight=w, label_smoothing=0.1, reduction='none')",
        Z_Y | {"class_weight": "w", "label_smoothing": 0.1, "reduction": "none"}, "losses"),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, weight=w, ignore_index=2, label_smoothing=0.1)",
        Z_Y | {"class_weight": "w", "ignore_index": 2, "label_smoothing": 0.1}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, ignore_index=2, reduction='none')",
        Z_Y | {"ignore_index": 2, "reduction": "none"}, "losses"),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, all_2, ignore_index=2, reduction='sum')",
        {"logits": "z", "labels": "all_2", "ignore_index": 2, "reduction": "sum"}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, y, weight=w * 0, reduction='sum')",
        Z_Y | {"class_weight": [0, 0, 0, 0, 0], "reduction": "sum"}),
    Row("cross_entropy", PYTORCH, "(a * F.cross_entropy(z, y, reduction='none')).sum()",
        Z_Y | {"sample_weight": "a", "reduction": "sum"}),
    Row("cross_entropy", PYTORCH, "(a * F.cross_entropy(z, y, reduction='none')).mean()",
        Z_Y | {"sample_weight": "a", "mean_over": "samples"}),
    Row("cross_entropy", PYTORCH, "a * F.cross_entropy(z, y, reduction='none')",
        Z_Y | {"sample_weight": "a", "reduction": "none"}, "losses"),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, T, weight=w, label_smoothing=0.1, reduction='sum')",
        Z_T | {"class_weight": "w", "label_smoothing": 0.1, "reduction": "sum"}),
    Row("cross_entropy", FORMULA, "(w[y] * (F.cross_entropy(z, y, reduction='none') + 1e-3 * z.logsumexp(-1) ** 2)).sum() / w[y].sum()",
        Z_Y | {"z_loss": 1e-3, "class_weight": "w"}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, T)", Z_T),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, T, weight=w)",
        Z_T | {"class_weight": "w", "mean_over": "samples"}),
    Row("cross_entropy", PYTORCH, "F.cross_entropy(z, T, label_smoothing=0.1)", Z_T | {"label_smoothing": 0.1}),
    Row("cross_entropy", PYTORCH, "F.nll_loss(log_p, y)", {"log_probabilities": "log_p", "labels": "y"}),
    Row("cross_entropy", FORMULA, "F.cross_entropy(z, y) + 1e-3 * z.logsumexp(-1).square().mean()",
        Z_Y | {"z_loss": 1e-3}),
    Row("cross_entropy", FORMULA, "F.cross_entropy(z / 2 + w, y)", Z_Y | {"logit_bias": "w", "temperature": 2}),
    Row("cross_entropy", SKLEARN, "log_loss(y, p)", {"probabilities": "p", "labels": "y"}),
    Row("cross_entropy", SKLEARN, "log_loss(y, p, sample_weight=s)",
        {"probabilities": "p", "labels": "y", "sample_weight": "s"}),
    Row("cross_entropy", SKLEARN, "log_loss(y, p, normalize=False)",
        {"probabilities": "p", "labels": "y", "reduction": "sum"}),
    Row("cross_entropy", SKLEARN, "accuracy_score(y, z.argmax(-1), sample_weight=s)",
        Z_Y | {"sample_weight": "s"} | MEASURED, "metrics.accuracy"),
    Row("cross_entropy", SKLEARN, "top_k_accuracy_score(y, z, k=2, sample_weight=s)",
        Z_Y | {"sample_weight": "s"} | MEASURED, "metrics.top_k_accuracy.2"),
    Row("cross_entropy", SKLEARN, "top_k_accuracy_score(y, z, k=3)",
        Z_Y | {"class_weight": "w"} | MEASURED | {"top_k": 3}, "metrics.top_k_accuracy.3", note="class weights do not matter"),
    Row("cross_entropy", SKLEARN, "accuracy_score(y, z.argmax(-1))", Z_Y | {"class_weight": "w"} | MEASURED, "metrics.accuracy",
        note="class weights do not matter"),
    Row("cross_entropy", SKLEARN, "log_loss(y, c)", {"probabilities": "c", "labels": "y", "normalize": True},
        note="scikit-learn normalizes"),
    Row("cross_entropy", "Keras", "CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)(T, z)",
        Z_T | {"label_smoothing": 0.1}, run=False),
    Row("cross_entropy", "Keras", "SparseCategoricalCrossentropy(from_logits=True, ignore_class=2)(y, z)",
        Z_Y | {"ignore_index": 2}, run=False, note="Keras 3, TensorFlow and JAX backends"),
    Row("cross_entropy", "Optax", "softmax_cross_entropy_with_integer_labels(z, y).mean()", Z_Y, run=False),
    Row("cross_entropy", "Optax", "softmax_cross_entropy(z, T).mean()", Z_T, run=False),

    Row("binary_cross_entropy", PYTORCH, "F.binary_cross_entropy_with_logits(z, b)", Z_B),
    Row("binary_cross_entropy", PYTORCH, "F.binary_cross_entropy_with_logits(z, b, reduction='none')",
        Z_B | {"reduction": "none"}, "losses"),
    Row("binary_cross_entropy", PYTORCH, "F.binary_cross_entropy_with_logits(z, b, pos_weight=w)",
        Z_B | {"pos_weight": "w"}),
    Row("binary_cross_entropy", PYTORCH, "F.binary_cross_entropy_with_logits(z, b, weight=w)",
        Z_B | {"class_weight": "w", "mean_over": "samples"}),
    Row("binary_cross_entropy", FORMULA, "F.binary_cross_entropy_with_logits(z + w, b)", Z_B | {"logit_bias": "w"}),
    Row("binary_cross_entropy", PYTORCH, "F.binary_cross_entropy_with_logits(z, T)", Z_T),
    Row("binary_cross_entropy", PYTORCH, "F.binary_cross_entropy_with_logits(z, b, weight=S)",
        Z_B | {"sample_weight": "S", "mean_over": "samples"}),
    Row("binary_cross_entropy", PYTORCH, "F.binary_cross_entropy(p, b)", {"probabilities": "p", "labels": "b"}),
    Row("binary_cross_entropy", PYTORCH, "F.soft_margin_loss(z, 2 * b - 1)", Z_B),
    Row("binary_cross_entropy", SKLEARN, "log_loss(b1, p1, sample_weight=s)",
        {"probabilities": "p1", "labels": "b1", "sample_weight": "s"}),
    Row("binary_cross_entropy", SKLEARN, "calibration_curve(b1, p1, n_bins=4)[0]", P1_B1 | CALIBRATED, "metrics.bins.accuracy"),
    Row("binary_cross_entropy", SKLEARN, "calibration_curve(b1, p1, n_bins=4)[1]", P1_B1 | CALIBRATED, "metrics.bins.confidence"),
    Row("binary_cross_entropy", PYTORCH, "(a * F.binary_cross_entropy_with_logits(z1, b1, reduction='none')).sum()",
        {"logits": "z1", "labels": "b1", "sample_weight": "a", "reduction": "sum"}),
    Row("binary_cross_entropy", "Keras", "BinaryCrossentropy(from_logits=True, label_smoothing=0.1)(b, z)",
        Z_B | {"label_smoothing": 0.1}, run=False),
    Row("binary_cross_entropy", "Optax", "sigmoid_binary_cross_entropy(z, b).mean()", Z_B, run=False),

    Row("focal", FORMULA, "(-T * (1 - z.softmax(-1)) ** 2 * z.log_softmax(-1)).sum(-1).mean()", Z_T),
    Row("focal", FORMULA, "(-w * T * (1 - z.softmax(-1)) ** 1.5 * z.log_softmax(-1)).sum(-1).mean()",
        Z_T | {"alpha": "w", "gamma": 1.5}),
    Row("binary_focal", "torchvision's formula", "sigmoid_focal_loss(z, b, reduction='mean')", Z_B),
    Row("binary_focal", "torchvision's formula", "sigmoid_focal_loss(z, b, reduction='sum')",
        Z_B | {"reduction": "sum"}),
    Row("binary_focal", "torchvision's formula", "sigmoid_focal_loss(z, b, alpha=0.6, gamma=3, reduction='mean')",
        Z_B | {"alpha": 0.6, "gamma": 3}),
    Row("binary_focal", "torchvision's formula", "sigmoid_focal_loss(z, b, alpha=-1, reduction='mean')",
        Z_B | {"alpha": "none"}),
    Row("binary_focal", "torchvision's formula", "sigmoid_focal_loss(z, T, reduction='mean')", Z_T),
    Row("binary_focal", "Keras", "BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True)(b, z)",
        Z_B, run=False),
    Row("binary_focal", "Optax", "sigmoid_focal_loss(z, b).mean()", Z_B | {"alpha": "none"}, run=False),

    Row("asymmetric", "timm's formula", "asymmetric_loss(z, b, gamma_neg=4, gamma_pos=0, clip=0.05)",
        Z_B | {"reduction": "sum"}),
    Row("asymmetric", "timm's formula", "asymmetric_loss(z, b, gamma_neg=3, gamma_pos=1, clip=0)",
        Z_B | {"gamma_neg": 3, "gamma_pos": 1, "shift": 0, "reduction": "sum"}),

    Row("poly_cross_entropy", FORMULA, "F.cross_entropy(z, T) + 2 * (1 - (T * z.softmax(-1)).sum(-1)).mean()", Z_T),
    Row("poly_cross_entropy", "Optax", "poly_loss_cross_entropy(z, T, epsilon=2.0).mean()", Z_T, run=False),
    Row("generalized_cross_entropy", FORMULA, "((1 - (T * z.softmax(-1)).sum(-1) ** 0.7) / 0.7).mean()", Z_T),

    Row("kl_divergence", PYTORCH, "F.kl_div(z.log_softmax(-1), T, reduction='batchmean')", Z_T),
    Row("kl_divergence", PYTORCH, "F.kl_div(z.log_softmax(-1), T, reduction='sum')", Z_T | {"reduction": "sum"}),
    Row("kl_divergence", PYTORCH, "F.kl_div(log_p, T, reduction='batchmean')",
        {"log_probabilities": "log_p", "labels": "T"}),
    Row("kl_divergence", PYTORCH, "F.kl_div(T.log(), z.softmax(-1), reduction='batchmean')",
        Z_T | {"direction": "reverse"}),
    Row("kl_divergence", SCIPY, "entropy(T, p, axis=-1)", P_T | {"reduction": "none"}, "losses"),
    Row("kl_divergence", SCIPY, "entropy(p, T, axis=-1, base=2)",
        P_T | {"reduction": "none", "direction": "reverse", "unit": "bits"}, "losses"),
    Row("kl_divergence", "Keras", "KLDivergence()(T, p)", P_T, run=False),
    Row("kl_divergence", "Optax", "kl_divergence(log_p, T).mean()",
        {"log_probabilities": "log_p", "labels": "T"}, run=False),
    Row("js_divergence", SCIPY, "jensenshannon(T, p, axis=-1) ** 2", P_T | {"reduction": "none"}, "losses"),
    Row("js_divergence", SCIPY, "jensenshannon(T, p, base=2, axis=-1) ** 2",
        P_T | {"reduction": "none", "unit": "bits"}, "losses"),
    Row("js_divergence", FORMULA, "(T * (2 * T / (T + p)).log() + p * (2 * p / (T + p)).log()).sum(-1).mean() / 2", P_T),
    Row("entropy", PYTORCH, "Categorical(logits=z).entropy().mean()", {"logits": "z"}),
    Row("entropy", SCIPY, "entropy(p, axis=-1, base=2)",
        {"probabilities": "p", "reduction": "none", "unit": "bits"}, "losses"),

    Row("brier", FORMULA, "(z.softmax(-1) - T).square().sum(-1).mean()", Z_T),
    Row("binary_brier", SKLEARN, "brier_score_loss(b1, p1)", {"probabilities": "p1", "labels": "b1"}),
    Row("binary_brier", SKLEARN, "brier_score_loss(b1, p1, sample_weight=s)",
        {"probabilities": "p1", "labels": "b1", "sample_weight": "s"}),
    Row("binary_brier", PYTORCH, "F.mse_loss(z.sigmoid(), b)", Z_B),
    Row("total_variation", FORMULA, "(z.softmax(-1) - T).abs().sum(-1).mean() / 2", Z_T),

    Row("hinge", SKLEARN, "hinge_loss(b1, z1)", {"logits": "z1", "labels": "b1"}),
    Row("hinge", SKLEARN, "hinge_loss(b1, z1, sample_weight=s)",
        {"logits": "z1", "labels": "b1", "sample_weight": "s"}),
    Row("hinge", FORMULA, "(1 - (2 * b - 1) * z).clamp(min=0).mean()", Z_B),
    Row("hinge", "Keras", "Hinge()(b, z)", Z_B, run=False),
    Row("hinge", "Optax", "hinge_loss(z, 2 * b - 1).mean()", Z_B, run=False),
    Row("squared_hinge", FORMULA, "(1 - (2 * b - 1) * z).clamp(min=0).square().mean()", Z_B),
    Row("squared_hinge", "Keras", "SquaredHinge()(b, z)", Z_B, run=False),
    Row("multiclass_hinge", SKLEARN, "hinge_loss(y, z)", Z_Y),
    Row("multiclass_hinge", SKLEARN, "hinge_loss(y, z, sample_weight=s)", Z_Y | {"sample_weight": "s"}),
    Row("multiclass_hinge", "Optax", "multiclass_hinge_loss(z, y).mean()", Z_Y, run=False),
    Row("multiclass_hinge", "Keras", "CategoricalHinge()(one_hot, z)", {"logits": "z", "labels": "one_hot"}, run=False,
        note="only where some other class has a logit ≥ 0: Keras takes the target's own as 0 in the maximum"),
    Row("multi_margin", PYTORCH, "F.multi_margin_loss(z, y)", Z_Y),
    Row("multi_margin", PYTORCH, "F.multi_margin_loss(z, y, p=2)", Z_Y | {"p": 2}),
    Row("multi_margin", PYTORCH, "F.multi_margin_loss(z, y, weight=w)", Z_Y | {"class_weight": "w", "mean_over": "samples"}),
    Row("multi_margin", PYTORCH, "F.multi_margin_loss(z, y, margin=0.5, reduction='none')",
        Z_Y | {"margin": 0.5, "reduction": "none"}, "losses"),
)
