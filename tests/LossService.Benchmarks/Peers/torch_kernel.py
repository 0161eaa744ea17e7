"""PyTorch's loss and gradient, timed inside Python: a line "loss rows classes logits-file labels-file" comes in, a line
"seconds loss" goes out. One thread, float32, forward and backward."""
import sys
import time

import numpy
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
asked = None
for line in sys.stdin:
    if line != asked:
        asked = line
        loss, rows, classes, logits_file, labels_file = line.split()
        z = torch.from_numpy(numpy.fromfile(logits_file, dtype=numpy.float32)).reshape(int(rows), int(classes))
        y = torch.from_numpy(numpy.fromfile(labels_file, dtype=numpy.int64))
        if loss == "binary_cross_entropy":
            y = y.to(torch.float32).reshape(z.shape)
            formula = F.binary_cross_entropy_with_logits
        else:
            formula = F.cross_entropy
        z.requires_grad_()
    z.grad = None
    start = time.perf_counter()
    value = formula(z, y)
    value.backward()
    seconds = time.perf_counter() - start
    print(seconds, value.item(), flush=True)
