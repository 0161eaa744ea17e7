#!/usr/bin/env python3
"""Compares the service's answers with PyTorch, scikit-learn and SciPy, row by row of frameworks/rows.py."""

import argparse
import json
import sys
import urllib.error
import urllib.request

import numpy

from frameworks.batch import Tensors, differentiable
from frameworks.rows import ROWS
from oracle.scoring import score
from oracle.wire import render

TOLERANCE = {"float64": 1e-12, "float32": 2 ** -23}  # relative to the largest entry; float32: of a number or its neighbour
SPECIAL = {"Infinity": numpy.inf, "-Infinity": -numpy.inf, "NaN": numpy.nan}


def from_service(url, loss, body):
    request = urllib.request.Request(f"{url.rstrip('/')}/v1/losses/{loss}", render(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def from_oracle(_, loss, body):
    return score(loss, body)


def numbers(answer, path):
    for name in path.split("."):
        if isinstance(answer, list):  # of bins, the empty ones left out as scikit-learn does
            answer = [item[name] for item in answer if item[name] is not None]
        else:
            answer = answer["reliability"] if name == "bins" and name not in answer else answer[name]
    convert = lambda x: [convert(item) for item in x] if isinstance(x, list) else SPECIAL.get(x) or float(x)
    return numpy.array(convert(answer))


def difference(ours, theirs):
    """max |ours − theirs| / max |theirs|."""
    if ours.shape != theirs.shape:
        raise ValueError(f"shapes {ours.shape} and {theirs.shape}")
    size = numpy.abs(theirs).max()
    return float(numpy.abs(ours - theirs.astype("float64")).max() / (size if size > 0 else 1))


def compare(row, tensors, ask, url):
    """The largest relative difference over the value and the gradient."""
    value, gradient = tensors.evaluate(row)
    answer = ask(url, row.loss, tensors.body(row))
    worst = difference(numbers(answer, row.output), value)
    return worst if gradient is None else max(worst, difference(numbers(answer, "gradient"), gradient))


def verdict(row, dtype, ask, url):
    """(whether they agree, how far apart they are)."""
    try:
        apart = compare(row, Tensors(dtype), ask, url)
        return apart <= TOLERANCE[dtype], f"{apart:.1e} {dtype}"  # NaN does not agree
    except urllib.error.HTTPError as refusal:
        return False, f"{refusal.code} {refusal.read().decode(errors='replace')[:300]}"
    except urllib.error.URLError as unreachable:
        raise SystemExit(f"no service at {url}: {unreachable.reason}") from None
    except (KeyError, TypeError, ValueError) as unlike:
        return False, f"answer not as expected: {unlike!r}"


def run(ask, url):
    """Prints every row's verdict; the count of those that differ."""
    failures = 0
    for row in ROWS:
        told = f"{row.loss:26} {row.framework}: {row.call}"
        if not row.run:
            print(f"{'not run here':21} {told}")
            continue
        for dtype in ("float64", "float32") if differentiable(row) else ("float64",):
            agrees, detail = verdict(row, dtype, ask, url)
            failures += not agrees
            print(f"{('ok ' if agrees else 'DIFFERS ') + detail:21} {told}")
    return failures


def markdown():
    print("| loss | framework | its call | the request that gives the same |\n|---|---|---|---|")
    for row in ROWS:
        shown = ", ".join(f'"{name}": {stated(name, value)}' for name, value in row.request.items())
        remark = "; ".join(part for part in ("" if row.run else "not run here", row.note) if part)
        framework = f"{row.framework} ({remark})" if remark else row.framework
        print(f"| `{row.loss}` | {framework} | `{row.call}` | `{{ {shown} }}` |")


def stated(name, value):
    """A tensor by its name, anything else as JSON."""
    is_tensor = isinstance(value, str) and name not in ("reduction", "mean_over", "direction", "unit", "link", "per")
    return value if is_tensor else json.dumps(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", default="http://localhost:8080", help="of a running service")
    parser.add_argument("--offline", action="store_true", help="compare the formulas of oracle/ instead of a service")
    parser.add_argument("--markdown", action="store_true", help="print the rows as a table, and compare nothing")
    arguments = parser.parse_args()
    if arguments.markdown:
        return markdown()
    failures = run(from_oracle if arguments.offline else from_service, arguments.url)
    print(f"{failures} differ" if failures else "all agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
