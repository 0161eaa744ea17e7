"""PyTorch's binary losses and their gradients, timed inside Python: a line "case dtype rows classes logits-file labels-file" comes in,
a line "seconds loss" goes out. As many threads as OMP_NUM_THREADS says, else one; forward and backward, the usual expression of each loss."""
import os
import sys
import time

import numpy
import torch
import torch.nn.functional as F

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def focal(z, t):
    # as torchvision.ops.sigmoid_focal_loss
    p = torch.sigmoid(z)
    cross_entropy = F.binary_cross_entropy_with_logits(z, t, reduction="none")
    p_t = p * t + (1 - p) * (1 - t)
    return ((0.25 * t + 0.75 * (1 - t)) * cross_entropy * (1 - p_t) ** 2).mean()


def asymmetric(z, t):
    # as timm.loss.AsymmetricLossMultiLabel, without its clamp of the logarithms
    p = torch.sigmoid(z)
    rest = (1 - p + 0.05).clamp(max=1)
    return -(t * F.logsigmoid(z) + (1 - t) * torch.log(rest) * (1 - rest) ** 4).mean()


def smooth(t):
    return t * 0.9 + 0.05


CASES = {
    "hard": F.binary_cross_entropy_with_logits,
    "smoothing": lambda z, t: F.binary_cross_entropy_with_logits(z, smooth(t)),
    "temperature": lambda z, t: F.binary_cross_entropy_with_logits(z / 2.5, t),
    "pos_weight": lambda z, t: F.binary_cross_entropy_with_logits(z, t, pos_weight=torch.tensor(3.0)),
    "soft": F.binary_cross_entropy_with_logits,
    "focal": focal,
    "asymmetric": asymmetric,
    "brier": lambda z, t: F.mse_loss(torch.sigmoid(z), t),
    "hinge": lambda z, t: (1 - (2 * t - 1) * z).clamp(min=0).mean(),
    "squared_hinge": lambda z, t: (1 - (2 * t - 1) * z).clamp(min=0).square().mean(),
}

asked = None
for line in sys.stdin:
    if line != asked:
        asked = line
        case, dtype, rows, classes, logits_file, labels_file = line.split()[:6]
        shape = (int(rows), int(classes))
        z = torch.from_numpy(numpy.fromfile(logits_file, dtype=numpy.float32)).reshape(shape).requires_grad_()
        t = torch.from_numpy(numpy.fromfile(labels_file, dtype=numpy.float32)).reshape(shape)
    z.grad = None
    start = time.perf_counter()
    value = CASES[case](z, t)
    value.backward()
    seconds = time.perf_counter() - start
    print(seconds, value.item(), flush=True)
