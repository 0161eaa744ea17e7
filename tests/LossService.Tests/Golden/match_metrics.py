#!/usr/bin/env python3
"""Metrics of random batches against scikit-learn: match_metrics.py http://localhost:8080; --offline compares oracle/ alone.

Exits with 1 where one differs by more than 1e-12. Needs Debian's python3-sklearn.
"""

import json
import sys
import urllib.request
import warnings

import numpy as np
from sklearn import metrics as theirs

from oracle.scoring import score
from oracle.wire import render

warnings.filterwarnings("ignore")
OUTPUTS = {"outputs": ["metrics"], "dtype": "float64", "per_class": True, "bins": 10}


def answer(url, loss, body):
    if url == "--offline":
        return score(loss, body)["metrics"]
    request = urllib.request.Request(f"{url}/v1/losses/{loss}", render(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)["metrics"]


def number(value):
    return 0.0 if value is None else float(value)


def differences(ours, labels, predicted, weight, classes):
    """(name, ours, theirs): of a label set of `classes`, where a class that does not occur is left out of the means."""
    known = dict(sample_weight=weight, labels=classes, zero_division=0)
    each = theirs.precision_recall_fscore_support(labels, predicted, **known)
    for i, (name, column) in enumerate(zip(("precision", "recall", "f1", "support"), each)):
        yield from ((f"{name} {c}", number(one[name]), column[c]) for c, one in enumerate(ours["per_class"]))
    occurring = sorted(set(labels) | set(predicted))
    macro = theirs.precision_recall_fscore_support(labels, predicted, average="macro", **(known | {"labels": occurring}))
    yield from ((f"macro {name}", number(ours["macro"][name]), value) for name, value in zip(("precision", "recall", "f1"), macro))
    yield "macro iou", number(ours["macro"]["iou"]), theirs.jaccard_score(
        labels, predicted, average="macro", **(known | {"labels": occurring}))
    yield "balanced accuracy", number(ours["balanced_accuracy"]), theirs.balanced_accuracy_score(labels, predicted, sample_weight=weight)
    yield "accuracy", number(ours["accuracy"]), theirs.accuracy_score(labels, predicted, sample_weight=weight)
    if "confusion_matrix" in ours:
        matrix = theirs.confusion_matrix(labels, predicted, labels=classes, sample_weight=weight)
        yield from (("confusion matrix", number(a), b) for row, other in zip(ours["confusion_matrix"], matrix) for a, b in zip(row, other))


def categorical(random, url):
    rows, classes = int(random.integers(4, 40)), int(random.integers(2, 7))
    logits, labels = random.normal(size=(rows, classes)).round(3), random.integers(0, classes, rows)
    weight = random.integers(1, 9, rows) / 4
    ours = answer(url, "cross_entropy", OUTPUTS | {
        "logits": logits.tolist(), "labels": labels.tolist(), "sample_weight": weight.tolist(), "confusion_matrix": True})
    return differences(ours, labels, logits.argmax(1), weight, list(range(classes)))


def binary(random, url):
    rows = int(random.integers(4, 40))
    p, labels = random.uniform(size=rows).round(3), random.integers(0, 2, rows)
    weight = random.integers(1, 9, rows) / 4
    ours = answer(url, "binary_cross_entropy", OUTPUTS | {
        "probabilities": p.tolist(), "labels": labels.tolist(), "sample_weight": weight.tolist()})
    each = theirs.precision_recall_fscore_support(labels, p > 0.5, sample_weight=weight, average="binary", zero_division=0)
    one = ours["per_class"][0]
    yield from ((name, number(one[name]), value) for name, value in zip(("precision", "recall", "f1"), each))
    tn, fp, fn, tp = theirs.confusion_matrix(labels, p > 0.5, sample_weight=weight, labels=[0, 1]).ravel()
    yield from ((name, number(one[name]), value) for name, value in (
        ("true_negatives", tn), ("false_positives", fp), ("false_negatives", fn), ("true_positives", tp)))
    yield "Brier score", number(ours["brier"]["score"]), theirs.brier_score_loss(labels, p, sample_weight=weight, pos_label=1)


def main(url):
    random, compared, wrong = np.random.default_rng(1), 0, 0
    for turn in range(200):
        for name, ours, value in (categorical, binary)[turn % 2](random, url):
            compared += 1
            if abs(ours - value) > 1e-12:
                wrong += 1
                print(f"batch {turn}, {name}: {ours!r}, scikit-learn {value!r}")
    print(f"{compared} numbers of 200 batches compared with scikit-learn, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
