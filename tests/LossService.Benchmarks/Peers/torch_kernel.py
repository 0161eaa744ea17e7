"""PyTorch's loss and gradient, timed inside Python: a line "loss rows classes logits-file labels-file [option=value …]" comes in, a
line "seconds loss" goes out. As many threads as OMP_NUM_THREADS says, else one; forward and backward. Labels are int64 indices, or float32 rows; the option dtype says how the
logits are held."""
import os
import sys
import time

import numpy
import torch
import torch.nn.functional as F

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def cross_entropy(z, y, o):
    z = z / o["temperature"] if "temperature" in o else z
    z = z + o["logit_bias"] if "logit_bias" in o else z
    loss = F.cross_entropy(z, y, label_smoothing=o.get("label_smoothing", 0.0), weight=o.get("class_weight"))
    return loss + o["z_loss"] * z.logsumexp(-1).square().mean() if "z_loss" in o else loss


def true_log_p(z, y):
    return F.log_softmax(z, -1).gather(-1, y[:, None])


def focal(z, y, o):
    log_p = true_log_p(z, y)
    return (-((1 - log_p.exp()) ** o.get("gamma", 2.0)) * log_p).mean()


def poly_cross_entropy(z, y, o):
    log_p = true_log_p(z, y)
    return (-log_p + 2 * (1 - log_p.exp())).mean()


def generalized_cross_entropy(z, y, o):
    return ((1 - z.softmax(-1).gather(-1, y[:, None]) ** 0.7) / 0.7).mean()


def kl_divergence(z, t, o):
    log_p = F.log_softmax(z, -1)
    if o.get("direction") == "reverse":
        return (log_p.exp() * (log_p - t.log())).sum(-1).mean()
    return F.kl_div(log_p, t, reduction="batchmean")


def js_divergence(z, t, o):
    log_p = F.log_softmax(z, -1)
    p = log_p.exp()
    log_m = (0.5 * (p + t)).log()
    return 0.5 * ((t * (t.log() - log_m)).sum(-1) + (p * (log_p - log_m)).sum(-1)).mean()


def one_hot(y, z):
    return y if y.dim() == 2 else F.one_hot(y, z.shape[-1])


def brier(z, y, o):
    return (z.softmax(-1) - one_hot(y, z)).square().sum(-1).mean()


def total_variation(z, y, o):
    return 0.5 * (z.softmax(-1) - one_hot(y, z)).abs().sum(-1).mean()


def entropy(z, y, o):
    log_p = F.log_softmax(z, -1)
    return -(log_p.exp() * log_p).sum(-1).mean()


def multi_margin(z, y, o):
    return F.multi_margin_loss(z, y)


def multiclass_hinge(z, y, o):
    label = y[:, None]
    rival = z.scatter(-1, label, -torch.inf).amax(-1, keepdim=True)
    return F.relu(1 + rival - z.gather(-1, label)).mean()


def symmetric_cross_entropy(z, y, o):
    log_p = true_log_p(z, y)
    return (-0.1 * log_p + 4 * (1 - log_p.exp())).mean()


def ranked_probability_score(z, y, o):
    return (z.softmax(-1) - one_hot(y, z)).cumsum(-1)[:, :-1].square().sum(-1).mean()


def dice(z, y, o):
    p = z.sigmoid() if o.get("link") == "sigmoid" else z.softmax(-1)
    t = one_hot(y, z).to(p.dtype)
    return (1 - 2 * (p * t).sum(0) / (p.sum(0) + t.sum(0))).mean()


def list_mle(z, y, o):
    z = z.gather(-1, y.argsort(-1, descending=True))
    return (z.flip(-1).logcumsumexp(-1).flip(-1) - z).sum(-1).mean()


def multilabel_margin(z, y, o):
    return F.multilabel_margin_loss(z, y)


def named(y):
    """Rows of 0 and 1 as the classes that are 1, filled up with -1."""
    classes = torch.where(y == 1, torch.arange(y.shape[-1]), y.shape[-1]).sort(-1).values
    return torch.where(classes == y.shape[-1], -1, classes)


def binary_cross_entropy(z, y, o):
    return F.binary_cross_entropy_with_logits(z, y)


def read_labels(name, rows, classes):
    data = numpy.fromfile(name, dtype=numpy.uint8)
    if data.size == rows * classes * 4:
        return torch.from_numpy(data.view(numpy.float32)).reshape(rows, classes)
    y = torch.from_numpy(data.view(numpy.int64))
    return y if y.numel() == rows else y.to(torch.float32).reshape(rows, classes)


def read_options(words, classes):
    options = dict(word.split("=") for word in words)
    for name, value in options.items():
        if name in ("class_weight", "logit_bias"):
            options[name] = torch.tensor([0.5 + c % 7 / 4 for c in range(classes)])
        elif name not in ("dtype", "direction", "link", "metrics", "top_k"):
            options[name] = float(value)
    return options


asked = None
for line in sys.stdin:
    if line != asked:
        asked = line
        loss, rows, classes, logits_file, labels_file, *words = line.split()
        rows, classes = int(rows), int(classes)
        options = read_options(words, classes)
        dtype = getattr(torch, options.get("dtype", "float32"))
        z = torch.from_numpy(numpy.fromfile(logits_file, dtype=numpy.float32)).reshape(rows, classes).to(dtype)
        y = read_labels(labels_file, rows, classes)
        y = y.to(dtype) if y.is_floating_point() else y
        y = named(y) if loss == "multilabel_margin" else y
        formula = globals()[loss]
        z.requires_grad_()
    z.grad = None
    start = time.perf_counter()
    value = formula(z, y, options)
    value.backward()
    seconds = time.perf_counter() - start
    print(seconds, value.item(), flush=True)
