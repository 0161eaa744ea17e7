"""XGBoost trained by a running service: a loss's gradient and Hessian as a custom objective.

usage: xgboost_check.py http://localhost:8080; needs XGBoost (Debian: python3-xgboost)

The gradient and the Hessian of a sum of losses are what a custom objective returns. cross_entropy grows the trees of the objective
multi:softprob, which takes twice the second derivative, 2p(1 − p), and no less than 1e-16: so does this, on its own account. The
second derivative of focal is below 0 where the loss is not convex; a tree needs weights above 0, so it is held at 1e-6 there.
"""
import io
import json
import sys
import urllib.request
import uuid

import numpy as np
import xgboost as xgb

URL = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8080"
ROWS, CLASSES, ROUNDS = 600, 3, 8
TREES = {"num_class": CLASSES, "max_depth": 3, "eta": 0.3, "tree_method": "exact", "base_score": 0.5, "nthread": 1}


def score(loss, logits, labels, **options):
    """The arrays of an answer, by name."""
    boundary, body = uuid.uuid4().hex, io.BytesIO()
    for name, value in [("logits", logits), ("labels", labels), *options.items()]:
        is_array = isinstance(value, np.ndarray)
        kind = f'; filename="{name}.npy"' if is_array else ""
        body.write(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'.encode())
        if is_array:
            np.save(body, value)
        else:
            body.write((value if isinstance(value, str) else json.dumps(value)).encode())
        body.write(b"\r\n")
    body.write(f"--{boundary}--\r\n".encode())
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/x-npz"}
    with urllib.request.urlopen(urllib.request.Request(f"{URL}/v1/losses/{loss}", body.getvalue(), headers)) as response:
        return dict(np.load(io.BytesIO(response.read())))


def objective(loss, factor, least, **options):
    """A custom objective: (∂L/∂margin, factor·∂²L/∂margin², at least `least`)."""
    def derive(margins, data):
        scores = score(loss, margins.reshape(-1, CLASSES), data.get_label().astype(np.int64), reduction="sum",
                       outputs=["gradient", "hessian"], **options)
        hessian = np.maximum(factor * scores["hessian"], np.float32(least))
        return scores["gradient"].reshape(-1, 1), hessian.reshape(-1, 1)
    return derive


def data():
    """Points of three classes that overlap, on a grid, so that no threshold lies between two neighbouring floats."""
    random = np.random.default_rng(7)
    labels = random.integers(0, CLASSES, ROWS)
    points = random.normal(size=(ROWS, 5)) + np.eye(CLASSES, 5)[labels] * 1.5
    return xgb.DMatrix(np.round(points * 64) / 64, label=labels)


def nodes(tree):
    """The splits and leaves of a tree, from the root down."""
    if "leaf" in tree:
        return [("leaf", tree["leaf"])]
    below = [node for child in tree["children"] for node in nodes(child)]
    return [(tree["split"], tree["split_condition"]), *below]


def dump(booster):
    return [nodes(json.loads(tree)) for tree in booster.get_dump(dump_format="json")]


def losses(booster, points, loss):
    margins = booster.predict(points, output_margin=True)
    return score(loss, margins, points.get_label().astype(np.int64), outputs=["loss"])["loss"]


def main():
    points = data()
    own = xgb.train(TREES | {"objective": "multi:softprob"}, points, ROUNDS)
    served = xgb.train(TREES | {"disable_default_eval_metric": 1}, points, ROUNDS, obj=objective("cross_entropy", 2, 1e-16))
    own_trees, served_trees = dump(own), dump(served)
    assert len(own_trees) == len(served_trees) == ROUNDS * CLASSES
    for ours, theirs in zip(served_trees, own_trees):
        assert [name for name, _ in ours] == [name for name, _ in theirs], "the trees split by other features"
        splits = [[value for name, value in tree if name != "leaf"] for tree in (ours, theirs)]
        assert splits[0] == splits[1], "the trees split at other thresholds"
        leaves = [[value for name, value in tree if name == "leaf"] for tree in (ours, theirs)]
        assert np.allclose(*leaves, rtol=1e-4, atol=1e-6), "the leaves differ"
    leaves = max(abs(a - b) for ours, theirs in zip(served_trees, own_trees) for (_, a), (_, b) in zip(ours, theirs))
    print(f"cross_entropy: {len(own_trees)} trees as those of multi:softprob; largest difference of a leaf {leaves:.1e}")

    focal = xgb.train(TREES | {"disable_default_eval_metric": 1}, points, ROUNDS, obj=objective("focal", 1, 1e-6, gamma=2))
    before, after = score("focal", np.full((ROWS, CLASSES), 0.5, np.float32), points.get_label().astype(np.int64), outputs=["loss"]
                          )["loss"], losses(focal, points, "focal")
    right = (focal.predict(points, output_margin=True).argmax(1) == points.get_label()).mean()
    assert after < before / 3 and right > 0.8, (before, after, right)
    print(f"focal: loss {before:.3f} before, {after:.3f} after {ROUNDS} rounds; {right:.0%} right")


main()
