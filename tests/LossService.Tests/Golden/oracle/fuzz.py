#!/usr/bin/env python3
"""Random requests to a running service, each answer compared with the definition: oracle/fuzz.py --requests 10000 --url …

Exits with 1 on a mismatch. The same seed draws the same requests; --only N repeats one and prints it. Every tenth request is an
invalid one, which must be refused with 422; every tenth one of an overlap loss; every fortieth a stream, whose summary must be that of one
dataset; and every fortieth one from the ends of the ranges, which is refused or has the right numbers.
"""

import argparse
import collections
import json
import multiprocessing
import re
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle import precision  # noqa: E402
from oracle.comparing import Comparison  # noqa: E402
from oracle.drawing import FAR, Draw, request  # noqa: E402
from oracle.formulas import BINARY  # noqa: E402
from oracle.overlap_drawing import overlap_request  # noqa: E402
from oracle.refusals import refusals  # noqa: E402
from oracle.request import FORMS, shape_of  # noqa: E402
from oracle.scoring import score, summary  # noqa: E402
from oracle.subjects import SUBJECTS  # noqa: E402
from oracle.wire import render  # noqa: E402

precision.AGREED, precision.SPARE = 25, 25  # a double has 17


def post(url, loss, body, media="application/json"):
    """(status, text)."""
    asked = urllib.request.Request(f"{url}/v1/losses/{loss}", body.encode(), {"Content-Type": media})
    try:
        with urllib.request.urlopen(asked, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(errors="replace")


def check(arguments):
    """(number, family, loss, request, differences, worst) of one request."""
    seed, url, number = arguments
    family = ("invalid" if number % 10 == 9 else "overlap" if number % 10 == 1 else "stream" if number % 40 == 7
              else "far" if number % 40 == 13 else "scored")
    of_family = {"invalid": refused, "stream": streamed, "far": far, "overlap": overlapping, "scored": scored}
    try:
        return number, family, *of_family[family](seed, url, number)
    except precision.Undecided as reason:
        return number, "undecided", "", "", [], {str(reason)[:60]: 0}


def refused(seed, url, number):
    draw = Draw(seed, number)
    subject = draw.choice(SUBJECTS)
    name, body = draw.choice(list(refusals(subject)))
    status, text = post(url, subject.loss, render(body))
    problem = json.loads(text)
    wrong = [] if status == 422 and problem.get("type", "").endswith("invalid-batch") and problem.get("errors") else [
        f"{name}: expected 422, got {status} {text[:80]}"]
    return subject.loss, render(body), wrong, {}


def scored(seed, url, number):
    loss, body, near = request(seed, number)
    status, text = post(url, loss, render(body))
    if status != 200:
        return loss, render(body), [refusal(status, text)], {}
    expected = score(loss, body)
    comparison = Comparison(body["dtype"], near and body["dtype"] == "float64", magnitude(loss, body, expected))
    comparison.compare(expected, json.loads(text))
    return loss, render(body), comparison.wrong, comparison.worst


def overlapping(seed, url, number):
    loss, body = overlap_request(Draw(seed, number))
    status, text = post(url, loss, render(body))
    if status != 200:
        return loss, render(body), [refusal(status, text)], {}
    comparison = Comparison(body["dtype"])
    comparison.compare(score(loss, body), json.loads(text))
    return loss, render(body), comparison.wrong, comparison.worst


def far(seed, url, number):
    loss, body = FAR[number // 40 % len(FAR)]
    status, text = post(url, loss, render(body))
    if status == 422:
        return loss, render(body), [], {}
    if status != 200:
        return loss, render(body), [refusal(status, text)], {}
    comparison = Comparison(body.get("dtype", "float32"))
    comparison.compare(score(loss, body), json.loads(text))
    return loss, render(body), comparison.wrong, comparison.worst


def streamed(seed, url, number):
    """Two or three lines of one loss; what a stream must share is the first line's."""
    loss, first, _ = request(seed, number)
    shared = ("unit", "mean_over", "divisor", "top_k", "bins", "calibration", "per_class", "confusion_matrix",
              "class_wise_calibration")
    fixed = {name: first[name] for name in shared if name in first}
    fixed |= {"reduction": "mean", "outputs": ["loss", "metrics"] if "metrics" in first["outputs"] else ["loss"]}
    first = positive(first | fixed)
    lines, again = [first], number
    while len(lines) < 3 and again < number + 4000:
        again += 1
        another, body, _ = request(seed, again)
        measures = "metrics" in body["outputs"] and columns(loss, body) == columns(loss, first)
        if another == loss and ("metrics" not in fixed["outputs"] or measures):
            lines.append(positive({name: value for name, value in body.items() if name not in shared} | fixed))
    text = "\n".join(map(render, lines))
    status, answer = post(url, loss, text + "\n", "application/x-ndjson")
    last = json.loads(answer.splitlines()[-1]).get("summary", {}) if status == 200 else {}
    if status != 200 or last.get("failed"):
        return loss, text, [f"stream {status}: {answer[:300]}"], {}
    comparison = Comparison("float64")
    comparison.compare(summary(loss, lines), last)
    return loss, text, [f"summary {difference}" for difference in comparison.wrong], comparison.worst


def columns(loss, body):
    """How many classes there are, which lines must have in common where each is reported."""
    shape, axis = shape_of(next(body[form] for form in FORMS if form in body)), body.get("class_axis")
    return shape[-1 if axis is None else axis] if loss not in BINARY or len(shape) > 1 else 1


def positive(body):
    """The body with weights that a mean takes."""
    bare = lambda x: [bare(item) for item in x] if isinstance(x, list) else type(x)(str(x).lstrip("-"))
    weights = body.get("sample_weight")
    return body if weights is None else body | {"sample_weight": bare(weights)}


def refusal(status, text):
    try:
        problem = json.loads(text)
        told = "; ".join(f"{error['pointer']} {error['detail']}" for error in problem["errors"][:2])
    except (ValueError, KeyError, TypeError):
        told = text[:120]
    return f"refused with {status}: {told}"


def magnitude(loss, body, expected):
    """Σ|wℓ| and Σ|w|, where weights of both signs cancel: what the error of a sum is measured by; None without such."""
    weights = body.get("sample_weight")
    if weights is None or "-" not in render(weights):
        return None
    absolute = positive(body) | {"outputs": ["loss"] if body.get("reduction") != "none" else ["losses"]}
    sums = score(loss, absolute)
    return {"total": float(sums["totals"]["loss"]), "weight": float(sums["totals"]["weight"]), "loss": float(sums.get("loss") or 0)}


def kind(difference):
    """A difference without its place and numbers, to count by."""
    return re.sub(r"-?\d[\d.e+-]*", "#", re.sub(r"(/\d+)+", "/#", difference.split(", got")[0]))[:90]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10000)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", type=int, help="the number of one request, to repeat and print")
    parser.add_argument("--show", type=int, default=20, help="how many mismatches to print")
    parsed = parser.parse_args()
    url = parsed.url.rstrip("/")
    numbers = range(parsed.requests) if parsed.only is None else [parsed.only]
    started, counts, kinds, worst, shown = time.monotonic(), collections.Counter(), collections.Counter(), {}, 0
    losses = collections.Counter()
    with multiprocessing.Pool(parsed.processes) as pool:
        work = pool.imap_unordered(check, ((parsed.seed, url, number) for number in numbers), chunksize=4)
        for number, family, loss, text, wrong, distances in work:
            counts[family] += 1
            losses[loss] += 1
            for name, distance in distances.items():
                worst[name] = max(worst.get(name, 0), distance)
            if parsed.only is not None:
                print(loss, text)
            if wrong:
                counts["mismatched"] += 1
                kinds[f"{loss}: {kind(wrong[0])}"] += 1
                if shown < parsed.show:
                    shown += 1
                    print(f"#{number} {loss}: {wrong[0]} (and {len(wrong) - 1} more)\n   {text[:400]}")
    print(f"seed {parsed.seed}, {len(numbers)} requests in {time.monotonic() - started:.0f} s: " + ", ".join(
        f"{count} {family}" for family, count in sorted(counts.items())) + f"; {len([x for x in losses if x])} losses")
    print("worst, in representable numbers: " + ", ".join(f"{name} {distance}" for name, distance in sorted(worst.items())))
    for name, count in kinds.most_common(60):
        print(f"{count:6} {name}")
    return 1 if counts["mismatched"] else 0


if __name__ == "__main__":
    sys.exit(main())
