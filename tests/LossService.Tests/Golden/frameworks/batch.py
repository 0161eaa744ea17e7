"""The tensors that the rows name, and the evaluation of a framework's call on them."""

import numpy
import torch
import torch.nn.functional as F
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, brier_score_loss, f1_score, hinge_loss, jaccard_score, log_loss, top_k_accuracy_score
from torch.distributions import Categorical

from oracle.wire import SplitMix64, literal

PREDICTIONS = ("logits", "probabilities", "log_probabilities")
ROWS, CLASSES = 12, 5


def sigmoid_focal_loss(z, t, alpha=0.25, gamma=2, reduction="none"):
    """torchvision.ops.sigmoid_focal_loss, as its documentation defines it."""
    p = torch.sigmoid(z)
    p_t = p * t + (1 - p) * (1 - t)
    loss = F.binary_cross_entropy_with_logits(z, t, reduction="none") * (1 - p_t) ** gamma
    if alpha >= 0:
        loss = (alpha * t + (1 - alpha) * (1 - t)) * loss
    return {"none": loss, "mean": loss.mean(), "sum": loss.sum()}[reduction]


def asymmetric_loss(z, t, gamma_neg=4, gamma_pos=1, clip=0.05):
    """timm.loss.AsymmetricLossMultiLabel, for labels that are 0 or 1: the sum over the elements."""
    p = torch.sigmoid(z)
    rest = (1 - p + clip).clamp(max=1)
    focus = (1 - (p * t + rest * (1 - t))) ** (gamma_pos * t + gamma_neg * (1 - t))
    return -((t * p.log() + (1 - t) * rest.log()) * focus).sum()


def tversky_loss(p, t, alpha, beta, smooth):
    """monai.losses.TverskyLoss with batch=True, as its documentation defines it: the mean over the classes."""
    tp, fp, fn = (p * t).sum(0), (p * (1 - t)).sum(0), ((1 - p) * t).sum(0)
    return (1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)).mean()


def named(b):
    """Rows of 0 and 1 as PyTorch's rows of class indices, filled up with -1."""
    return torch.tensor([[*(found := row.nonzero().flatten().tolist()), *[-1] * (len(row) - len(found))] for row in b])


def list_mle(z, relevance):
    """The likelihood of the order by relevance, without ties."""
    z = z.gather(-1, relevance.argsort(-1, descending=True))
    return (z.flip(-1).logcumsumexp(-1).flip(-1) - z).sum(-1).mean()


CALLS = {"F": F, "torch": torch, "named": named, "list_mle": list_mle, "tversky_loss": tversky_loss, "f1_score": f1_score, "jaccard_score": jaccard_score, "asymmetric_loss": asymmetric_loss, "Categorical": Categorical, "sigmoid_focal_loss": sigmoid_focal_loss, "entropy": entropy,
         "jensenshannon": jensenshannon, "calibration_curve": calibration_curve, "accuracy_score": accuracy_score, "brier_score_loss": brier_score_loss,
         "hinge_loss": hinge_loss, "log_loss": log_loss, "top_k_accuracy_score": top_k_accuracy_score}


OPTIONS = ("w", "w_0")  # doubles, whatever the dtype


class Tensors:
    """One batch in one dtype: z logits, y classes, Z and Y the same as [N, C, L] and [N, L], T soft labels, c shares of another sum, b bits, w, s and a weights; 1 = of rank one."""

    def __init__(self, dtype):
        random = SplitMix64(2024)
        real = lambda scale, *shape: numpy.array(
            [random.uniform(scale) for _ in range(int(numpy.prod(shape)))], dtype).reshape(shape)
        self.dtype = dtype
        z, T, z1 = real(4, ROWS, CLASSES), real(2, ROWS, CLASSES), real(4, ROWS)
        y = numpy.array([random.below(CLASSES) for _ in range(ROWS)])
        y[:CLASSES] = range(CLASSES)  # scikit-learn infers the classes from the labels
        bits = lambda *shape: numpy.array([random.below(2) for _ in range(int(numpy.prod(shape)))], dtype).reshape(shape)
        self.named = {
            "z": z, "Z": numpy.ascontiguousarray(z.reshape(3, 4, CLASSES).transpose(0, 2, 1)), "Y": y.reshape(3, 4), "p": softmax(z), "log_p": numpy.log(softmax(z.astype("float64"))).astype(dtype), "T": softmax(T),
            "y": y, "one_hot": numpy.eye(CLASSES, dtype=dtype)[y], "b": bits(ROWS, CLASSES),
            "z1": z1, "p1": (1 / (1 + numpy.exp(-z1))).astype(dtype), "b1": bits(ROWS),
            "w": numpy.array([0.5, 1.25, 3, 1, 0.75], dtype), "s": abs(real(4, ROWS)), "S": abs(real(4, ROWS, CLASSES)),
            "w_0": numpy.array([0, 1.25, 3, 0, 0.75], dtype), "all_2": numpy.full(ROWS, 2),
            "a": numpy.array([1, -1, 2, -2, 0.5, -0.5, 3, -3, 0.25, -0.25, 0, 0], dtype),  # advantages: they add up to 0
            "c": numpy.array([(1 + random.below(9)) / 16 for _ in range(ROWS * CLASSES)], dtype).reshape(ROWS, CLASSES)}

    def body(self, row):
        """The request as JSON-ready values; `outputs` includes the gradient where the framework has one."""
        body = {name: self.posted(value) for name, value in row.request.items()}
        outputs = [row.output] + (["gradient"] if differentiable(row) else [])
        return body | {"dtype": self.dtype, "outputs": body.get("outputs", outputs)}

    def posted(self, value):
        named = self.named.get(value) if isinstance(value, str) else None
        if named is None:
            return value
        kind = named.dtype.name
        if value in OPTIONS:
            return [float(x) for x in named]
        nested = lambda x: [nested(item) for item in x] if x.ndim else int(x) if kind == "int64" else literal(x, kind)
        return nested(named)

    def evaluate(self, row):
        """(value, gradient or None) by the framework, in float64: its own rounding in float32 is not the service's to match."""
        if not differentiable(row):
            return numpy.asarray(eval(row.call, CALLS | self.named)), None
        widened = lambda array: array.astype("float64") if array.dtype == numpy.float32 else array.copy()
        tensors = {name: torch.from_numpy(widened(array)) for name, array in self.named.items()}
        leaf = tensors[next(row.request[form] for form in PREDICTIONS if form in row.request)].requires_grad_()
        value = eval(row.call, CALLS | tensors)
        value.sum().backward()
        return value.detach().numpy(), leaf.grad.numpy()


def differentiable(row):
    return row.framework not in ("scikit-learn", "SciPy")


def softmax(z):
    powers = numpy.exp(z - z.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True)).astype(z.dtype)
