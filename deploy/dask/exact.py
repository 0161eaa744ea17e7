"""Merges the answers of batches into that of their union: in any order and over any number of workers, the same bits."""

import collections
import json
import math

# every product of two doubles is a whole number of 2**-2148
UNITS = 1 << 2148


class ExactSum:
    """A sum of doubles, and of products of two, as a whole number of units: nothing is rounded before the end."""

    def __init__(self):
        self.units = 0
        self.special = 0.0

    def add(self, value, factor=1):
        if not (math.isfinite(value) and math.isfinite(factor)):
            self.special += value * factor
            return
        numerator, denominator = value.as_integer_ratio()
        factor_numerator, factor_denominator = factor.as_integer_ratio()
        self.units += numerator * factor_numerator * (UNITS // (denominator * factor_denominator))

    def merge(self, other):
        self.units += other.units
        self.special += other.special

    def round(self):
        """The double nearest to the sum; Python divides whole numbers with one rounding."""
        return self.special or self.units / UNITS


COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives", "support")


class Scores:
    """The sums that the totals, the metrics and the overlaps of a dataset are made of."""

    def __init__(self, answers=()):
        self.sums = collections.defaultdict(ExactSum)
        self.edges = {}
        self.edges_of_classes = collections.defaultdict(dict)
        for answer in answers:
            self.add(answer)

    def add(self, answer):
        """Adds a batch: what the service answered."""
        self._add_all("totals", answer["totals"])
        for number, one in enumerate(answer.get("sums", [])):
            for kind, value in enumerate(one):
                self.sums["overlap", number, kind].add(value)
        if metrics := answer.get("metrics"):
            self._add_all("metrics", metrics["totals"])
            for number, one in enumerate(metrics["bins"]):
                self.edges[number] = one["lower"], one["upper"]
                self._add_bin(("bins", number), one)
            for number, of_class in enumerate(metrics.get("class_wise_calibration", {}).get("classes", [])):
                edges = self.edges_of_classes[number]
                for one in of_class["bins"]:
                    edges[one["lower"]] = one["upper"]
                    self._add_bin(("class_bins", number, one["lower"]), one)
            for number, one in enumerate(metrics.get("per_class", [])):
                for name in COUNTS:
                    self.sums["classes", number, name].add(float(one[name]))
            for label, row in enumerate(metrics.get("confusion_matrix", [])):
                for predicted, weight in enumerate(row):
                    self.sums["matrix", label, predicted].add(float(weight))

    def merge(self, other):
        """Adds the batches of another."""
        self.edges.update(other.edges)
        for number, edges in other.edges_of_classes.items():
            self.edges_of_classes[number].update(edges)
        for path, part in other.sums.items():
            self.sums[path].merge(part)

    def result(self):
        """The answer for all batches: totals, their mean, metrics, sums of overlaps."""
        totals = {name: self._round("totals", name) for name in ("samples", "weight", "loss")}
        answer = {"loss": divide(totals["loss"], totals["weight"]), "totals": totals | {"samples": int(totals["samples"])}}
        if self.edges:
            answer["metrics"] = self._metrics()
        if classes := 1 + max((path[1] for path in self.sums if path[0] == "overlap"), default=-1):
            answer["sums"] = [[self._round("overlap", number, kind) for kind in range(3)] for number in range(classes)]
        return answer

    def _metrics(self):
        totals = {}
        for path in self.sums:
            if path[0] == "metrics":
                inner = totals.setdefault(path[1], {}) if len(path) == 3 else totals
                inner[path[-1]] = self._round(*path)
        weight = totals["weight"]
        entropy = divide(totals["cross_entropy"], weight)
        outcome = divide(sum_of(self.sums["bins", number, "accuracy"] for number in self.edges).round(), weight)
        bins, gap, squared, resolution, largest = [], ExactSum(), ExactSum(), ExactSum(), 0
        for number, (lower, upper) in sorted(self.edges.items()):
            one, own, accuracy, confidence = self._bin(("bins", number), lower, upper)
            gap.add(abs(accuracy - confidence))
            if own:
                largest = max(largest, abs(accuracy - confidence) / own)
                squared.add(abs(accuracy - confidence), abs(accuracy - confidence) / own)
                resolution.add(own, (accuracy / own - outcome) ** 2)
            bins.append(one)
        top_k = {k: divide(correct, weight) for k, correct in totals.get("top_k_correct", {}).items()}
        return {"accuracy": divide(totals["correct"], weight),
                **({"top_k_accuracy": top_k} if top_k else {}),
                "perplexity": None if entropy is None else math.exp(entropy),
                "expected_calibration_error": divide(gap.round(), weight),
                "maximum_calibration_error": largest if weight else None,
                "root_mean_square_calibration_error": math.sqrt(squared.round() / weight) if weight else None,
                "brier": {"score": divide(totals["squared_error"], weight), "reliability": divide(squared.round(), weight),
                          "resolution": divide(resolution.round(), weight),
                          "uncertainty": outcome * (1 - outcome) if weight else None},
                "bins": bins, **self._class_wise(), **self._by_class(), "totals": totals}

    def _class_wise(self):
        """What class_wise_calibration adds, where it was asked for."""
        if not self.edges_of_classes:
            return {}
        classes = []
        for number, edges in sorted(self.edges_of_classes.items()):
            bins, gap, weight = [], ExactSum(), ExactSum()
            for lower, upper in sorted(edges.items()):
                one, own, accuracy, confidence = self._bin(("class_bins", number, lower), lower, upper)
                gap.add(abs(accuracy - confidence))
                weight.add(own)
                bins.append(one)
            classes.append({"calibration_error": divide(gap.round(), weight.round()), "bins": bins})
        errors = [one["calibration_error"] for one in classes if one["calibration_error"] is not None]
        return {"class_wise_calibration": {"calibration_error": mean(errors), "classes": classes}}

    def _add_bin(self, path, one):
        for name in ("samples", "weight"):
            self.sums[*path, name].add(float(one[name]))
        for name in ("accuracy", "confidence"):
            self.sums[*path, name].add(float(one["weight"]), float(one[name] or 0))

    def _bin(self, path, lower, upper):
        """A bin as the service writes it, its weight, and its sums of weight·accuracy and weight·confidence."""
        samples, own, accuracy, confidence = (self._round(*path, name) for name in ("samples", "weight", "accuracy", "confidence"))
        return ({"lower": lower, "upper": upper, "samples": int(samples), "weight": own,
                 "accuracy": divide(accuracy, own), "confidence": divide(confidence, own)}, own, accuracy, confidence)

    def _by_class(self):
        """What per_class and confusion_matrix add, where they were asked for."""
        answer = {}
        classes = 1 + max((path[1] for path in self.sums if path[0] == "classes"), default=-1)
        if classes:
            each = [self._one_class(number) for number in range(classes)]
            occurring = [one for one in each if one["f1"] is not None]
            answer["per_class"] = each
            answer["macro"] = {name: mean(one[name] or 0 for one in occurring) for name in ("precision", "recall", "f1", "iou")}
            answer["balanced_accuracy"] = mean(one["recall"] for one in each if one["support"] > 0)
        size = 1 + max((path[1] for path in self.sums if path[0] == "matrix"), default=-1)
        if size:
            answer["confusion_matrix"] = [[self._round("matrix", label, predicted) for predicted in range(size)] for label in range(size)]
        return answer

    def _one_class(self, number):
        one = {name: self._round("classes", number, name) for name in COUNTS}
        hits, wrong, missed = (one[name] for name in COUNTS[:3])
        return one | {"precision": divide(hits, hits + wrong), "recall": divide(hits, one["support"]),
                      "f1": divide(2 * hits, 2 * hits + wrong + missed), "iou": divide(hits, hits + wrong + missed)}

    def _add_all(self, place, numbers):
        for name, value in numbers.items():
            if isinstance(value, dict):
                for inner, number in value.items():
                    self.sums[place, name, inner].add(float(number))
            elif value is not None:
                self.sums[place, name].add(float(value))

    def _round(self, *path):
        return self.sums[path].round()


def sum_of(parts):
    whole = ExactSum()
    for part in parts:
        whole.merge(part)
    return whole


def mean(numbers):
    numbers = list(numbers)
    return divide(math.fsum(numbers), len(numbers))


def divide(total, weight):
    return total / weight if weight else None


def show(answer):
    """One line of JSON with every bit of every number; those that are not finite as the service writes them."""
    def write(value):
        if isinstance(value, dict):
            return {name: write(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [write(inner) for inner in value]
        if isinstance(value, float) and not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return value

    return json.dumps(write(answer), sort_keys=True)
