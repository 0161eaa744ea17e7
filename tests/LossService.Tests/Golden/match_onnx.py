#!/usr/bin/env python3
"""Compares the service's answers with ONNX's own test cases of SoftmaxCrossEntropyLoss, with their log-probabilities.

Half of the cases have the output log_prob, nine of these with ignored labels: the rows of ignored labels are compared like all others.
"""

import argparse
import sys

import numpy
import onnx.backend.test.case.node.softmaxcrossentropy as onnx_cases
from onnx import helper

from match_frameworks import difference, from_oracle, from_service, numbers
from oracle.wire import literal

TOLERANCE = 1e-5  # of ONNX's float32 reference, relative to the largest entry


def cases():
    """(name, attributes, inputs, outputs) as ONNX's own generator states them."""
    collected = []
    onnx_cases.expect = lambda node, inputs, outputs, name, **_: collected.append((
        name, {a.name: helper.get_attribute_value(a) for a in node.attribute}, inputs, outputs))
    for member in sorted(vars(onnx_cases.SoftmaxCrossEntropyLoss)):
        if member.startswith("export"):
            getattr(onnx_cases.SoftmaxCrossEntropyLoss, member)()
    return collected


def posted(array):
    return [posted(item) for item in array] if array.ndim else int(array) if array.dtype.kind == "i" else literal(array, "float32")


def classes_last(array):
    return numpy.moveaxis(array, 1, -1)


def request(attributes, inputs, outputs):
    reduction = attributes.get("reduction", b"mean").decode()
    body = {"logits": posted(classes_last(inputs[0])), "labels": posted(inputs[1]), "reduction": reduction}
    if "ignore_index" in attributes:
        body["ignore_index"] = attributes["ignore_index"]
    if len(inputs) > 2:
        body["class_weight"] = [float(w) for w in inputs[2]]
    body["outputs"] = ["losses" if reduction == "none" else "loss"] + (["log_probabilities"] if len(outputs) > 1 else [])
    return body


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", nargs="?", default="http://localhost:8080", help="of a running service")
    parser.add_argument("--offline", action="store_true", help="compare the formulas of oracle/ instead of a service")
    arguments = parser.parse_args()
    failures = described = 0
    for name, attributes, inputs, outputs in cases():
        body = request(attributes, inputs, outputs)
        answer = (from_oracle if arguments.offline else from_service)(arguments.url, "cross_entropy", body)
        apart = [difference(numbers(answer, body["outputs"][0]), numpy.asarray(outputs[0]))]
        if len(outputs) > 1:
            apart.append(difference(numbers(answer, "log_probabilities"), classes_last(outputs[1])))
            described += "ignore_index" in attributes
        agrees = all(distance <= TOLERANCE for distance in apart)
        failures += not agrees
        print(("ok      " if agrees else "DIFFERS ") + f"{max(apart):.1e} {name}")
    print(f"{failures} differ" if failures else "all agree", f"({described} with log-probabilities of ignored rows)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
