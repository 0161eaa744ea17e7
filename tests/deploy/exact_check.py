"""Laws of deploy/dask/exact.py: sums are those of math.fsum, and neither order nor split changes a bit. Needs Python alone."""

import math
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "deploy" / "dask"))
from exact import COUNTS, ExactSum, Scores, show  # noqa: E402


def draw_number(draw):
    return draw.choice((-1, 1)) * math.ldexp(draw.random(), draw.randint(-1070, 1000))


def draw_answer(draw, bins=5, classes=3):
    def own(samples):
        weight = draw.random() * samples
        return {"samples": samples, "weight": weight, "accuracy": draw.random() if samples else None, "confidence": draw.random()}

    totals = {name: draw.random() for name in ("weight", "correct", "cross_entropy", "squared_error")}
    return {"totals": {"samples": draw.randint(0, 9), "weight": draw.random(), "loss": draw_number(draw)},
            "sums": [[draw.random() for _ in range(3)] for _ in range(classes)],
            "metrics": {"totals": totals | {"top_k_correct": {"5": draw.random()}},
                        "bins": [{"lower": i / bins, "upper": (i + 1) / bins, **own(draw.randint(0, 9))} for i in range(bins)],
                        "class_wise_calibration": {"classes": [
                            {"bins": [{"lower": i / bins, "upper": (i + 1) / bins, **own(draw.randint(1, 9))}
                                      for i in range(bins) if draw.random() < 0.5]} for _ in range(classes)]},
                        "per_class": [{name: draw.random() for name in COUNTS} for _ in range(classes)],
                        "confusion_matrix": [[draw.random() for _ in range(classes)] for _ in range(classes)]}}


def main():
    draw = random.Random(1)
    for _ in range(200):
        numbers = [draw_number(draw) for _ in range(draw.randint(0, 50))]
        total = ExactSum()
        for number in numbers:
            total.add(number)
        assert total.round() == math.fsum(numbers), numbers

        answers = [draw_answer(draw) for _ in range(draw.randint(1, 30))]
        expected = show(Scores(answers).result())
        draw.shuffle(answers)
        cut = draw.randint(0, len(answers))
        part = Scores(answers[cut:])
        part.merge(Scores(answers[:cut]))
        assert show(part.result()) == expected
        cells = [answer["metrics"]["confusion_matrix"][0][1] for answer in answers]
        assert part.result()["metrics"]["confusion_matrix"][0][1] == math.fsum(cells)
        binned = part.result()["metrics"]["class_wise_calibration"]["classes"]
        for c, of_class in enumerate(binned):
            parts = [one for answer in answers for one in answer["metrics"]["class_wise_calibration"]["classes"][c]["bins"]]
            assert sum(one["samples"] for one in of_class["bins"]) == sum(one["samples"] for one in parts)
            assert of_class["calibration_error"] is not None or not parts
        assert part.result()["sums"][2][1] == math.fsum(answer["sums"][2][1] for answer in answers)
    infinite = Scores([{"totals": {"samples": 1, "weight": 1, "loss": loss}} for loss in (1.0, "Infinity")])
    assert '"loss": "Infinity"' in show(infinite.result())
    print("exact.py: sums are exact, in any order and over any split")


if __name__ == "__main__":
    main()
