"""The rules around the formulas: what is kept, what a mean divides by, what metrics weigh, which numbers are taken.

Every loss has the same rules, so each of them is a few cases of every loss that it can concern.
"""

from base64 import b64encode

import numpy

from .request import move
from .wire import Literal

SCORES = ["losses", "gradient"]
EVERYTHING = ["loss", *SCORES]
OF_PREDICTIONS = ["probabilities", "log_probabilities", "entropy"]
MEANS_AND_SUMS = ({"reduction": "mean"}, {"reduction": "sum"}, {"reduction": "none"}, {"mean_over": "samples"})
HALF = {"dtype": "float16", "shape": [1, 2], "data": b64encode(numpy.array([[65504, -65504]], "<f2").tobytes()).decode()}


def asked(body, extra=()):
    """The body with the outputs that its reduction can have."""
    return body | {"outputs": [*(SCORES if body.get("reduction") == "none" else EVERYTHING), *extra]}


def stated(options):
    return ", ".join(f"{name}={value}" for name, value in options.items())


def rules(subject):
    """(name, body) of each case; the dtypes alternate."""
    families = (left_out, weightless, counted, shaped, taken, underflown, divided, on_axes, biased, ruled_out)
    for turn, (name, body) in enumerate(case for family in families for case in family(subject)):
        dtype = body.get("dtype", ("float32", "float64")[turn % 2])
        if subject.labels == (None,):
            body = {member: value for member, value in body.items() if member != "labels"}
        yield f"{name}, {dtype}", body | ({"dtype": dtype} if dtype == "float64" or "dtype" in body else {})


def two_samples(subject):
    return {"logits": [2, -3], "labels": [1, 1]} if subject.binary else {"logits": [[2, 1], [1, 3]], "labels": [0, 0]}


def left_out(subject):
    """Of a masked sample nothing is read; of an ignored one, the predictions."""
    if subject.binary:
        masked = {"logits": [2, "NaN", -1], "labels": [1, 7, 0]}
        ignored = {"logits": [2, -1, 0.5], "labels": [1, -100, 0], "ignore_index": -100}
        probable = {"probabilities": [0.75, 0.25, 0.5], "labels": [1, 255, 0], "ignore_index": [3, 255]}
        unknown = {"logits": [2, "NaN"], "labels": [1, -1], "ignore_index": -1}
    else:
        masked = {"logits": [[2, 1, 0], ["NaN", 1, "Infinity"], [0, 3, 1]], "labels": [0, 7, 2]}
        ignored = {"logits": [[2, 1, 0], [3, -1, 2], [0, 3, 1]], "labels": [0, -100, 2], "ignore_index": -100}
        probable = {"probabilities": [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]], "labels": [1, 255], "ignore_index": [3, 255]}
        unknown = {"logits": [[2, 1], ["NaN", 1]], "labels": [0, -1], "ignore_index": -1}
    masked |= {"mask": [True, False, True], "sample_weight": [1.5, "NaN", 2]}
    for options in ({"reduction": "mean"}, {"reduction": "none"}):
        yield f"masked sample is not read, {stated(options)}", asked(masked | options, [*OF_PREDICTIONS, "predictions"])
    if subject.labels != (None,):
        measured = [*OF_PREDICTIONS, "predictions", *(("metrics",) if subject.measured else ())]
        binned = lambda bins: {"bins": bins} if subject.measured else {}
        yield "masked sample is not read, metrics", asked(masked | binned(4), measured)
        for options in ({"reduction": "mean"}, {"reduction": "none"}):
            yield f"ignored sample is described, {stated(options)}", asked(ignored | options | binned(4), measured)
        if "probabilities" in subject.forms:
            yield "ignored sample is described, probabilities", asked(probable | binned(2), measured)
        yield "NaN in an ignored sample", asked(unknown, OF_PREDICTIONS)
    dense = {"one_hot": [[1, 0, 0], ["NaN", 3, -1], [0, 0, 1]], "many_hot": [[1, 0, 1], ["NaN", 3, -1], [0, 0, 0]],
             "graded": [[2, 0, -1], ["NaN", 3, -1], [0.5, 0.5, 0]],
             "soft": [[0.5, 0.25, 0.25], ["NaN", 3, -1], [0, 0.5, 0.5]]}
    for kind in (kind for kind in subject.labels if kind in dense and not subject.binary):
        yield f"masked {kind} row is not read", asked(masked | {"labels": dense[kind]}, OF_PREDICTIONS)


def weightless(subject):
    """Weights that add up to 0, samples that are none."""
    body, hidden = two_samples(subject), {"mask": [False, False]}
    for options in MEANS_AND_SUMS:
        if options != {"reduction": "mean"}:  # a mean over the weight takes no negative ones
            yield f"weights that cancel, {stated(options)}", asked(body | {"sample_weight": [1, -1], "dtype": "float64"} | options)
            yield f"advantages that cancel, {stated(options)}", asked(body | {"sample_weight": [-0.3, 0.3]} | options)
        yield f"weights of 0, {stated(options)}", asked(body | {"sample_weight": [0, 0]} | options)
        yield f"nothing is kept, {stated(options)}", asked(body | hidden | options)
        none = {"logits": []} if subject.labels == (None,) else {"logits": [], "labels": []}
        yield f"no samples, {stated(options)}", asked(none | options)
        if not subject.binary and subject.weighted and subject.labels != (None,):
            yield f"class weight 0, {stated(options)}", asked(body | {"class_weight": [0, 1]} | options)
            if subject.smooth:
                smoothed = body | {"class_weight": [0, 1], "label_smoothing": 0.1} | options
                yield f"class weight 0 and smoothing, {stated(options)}", asked(smoothed)
    if subject.binary or not subject.weighted or subject.labels == (None,):
        return
    mixed = {"logits": [[2, 1], [0, 3]], "labels": [0, 1], "class_weight": [2, 3], "sample_weight": [3, -2], "reduction": "sum"}
    yield "class weights that cancel", asked(mixed)


def counted(subject):
    """Metrics weigh by the sample weight; a bin is what its edges say."""
    if subject.binary:
        body = {"logits": [3, -2, 0.1, -0.7, 5], "labels": [1, 1, 0, 0, 1], "bins": 4, "outputs": ["metrics"]}
        weights = {"sample_weight": [1, 2, 0.5, 3, 0]}
        for options in ({}, {"calibration": "positive"}, {"calibration": "predicted"}):
            yield f"calibration {stated(options) or 'by default'}", body | options
            yield f"calibration {stated(options) or 'by default'}, weighted", body | weights | options
        columns = {"logits": [[3, -2, 0.5], [-1, 2, -0.25], [2, 1, -3]], "labels": [[1, 1, 0], [0, 1, 1], [0, 1, 0]]}
        for options in ({}, {"sample_weight": [1, 2.5, 0.5]}, {"mask": [True, False, True]}, {"ignore_index": 0}):
            yield f"classes of columns, {stated(options) or 'all'}", columns | options | {
                "per_class": True, "bins": 3, "outputs": ["metrics"]}
        for options in ({}, {"sample_weight": [1, 2.5, 0.5]}, {"mask": [True, False, True]}, {"calibration": "predicted"}):
            yield f"calibration of classes and equal mass, {stated(options) or 'all'}", columns | options | {
                "class_wise_calibration": True, "equal_mass_calibration": True, "bins": 2, "outputs": ["metrics"]}
        yield "one class", body | weights | {"per_class": True}
        if subject.tempered:
            bias = {"logit_bias": [1, -0.5, 0.25, 2, -1]}
            for options in ({}, weights, {"calibration": "predicted"}, {"temperature": 2}, {"mask": [False] * 5},
                            bias, bias | {"temperature": 2, "calibration": "predicted"}):
                yield f"fit_temperature, {stated(options) or 'all'}", body | options | {"fit_temperature": True, "dtype": "float64"}
        yield "metrics of no samples", body | {"mask": [False] * 5, "bins": 2, "per_class": True}
        yield "metrics without weight", body | {"sample_weight": [0] * 5, "bins": 2}
        if "probabilities" in subject.forms:
            posted = {"probabilities": [0.1, 0.9], "labels": [1, 1], "bins": 10, "outputs": ["metrics"]}
            yield "calibration of two probabilities", posted
            yield "calibration of two probabilities, predicted", posted | {"calibration": "predicted"}
            edges = {"probabilities": [0.57, 0.29, 0.58, 1, 0, 0.5], "labels": [1, 0, 1, 1, 0, 0], "bins": 100, "dtype": "float64"}
            yield "bins by their edges", edges | {"outputs": ["metrics"]}
        return
    if not subject.measured or subject.labels == (None,):
        return
    body = {"logits": [[3, 0], [3, 0], [0, 3], [0.1, 0]], "labels": [0, 0, 0, 1], "bins": 4, "top_k": [1, 2], "outputs": ["metrics"]}
    weights = {"sample_weight": [1, 2, 0.5, 3]}
    yield "metrics", body
    three = {"logits": [[3, 0, 1], [3, 0, 2], [0, 3, -1], [0.5, 0, 0.25], [2, 1, 0]], "labels": [0, 1, 1, 0, 0], "bins": 5,
             "outputs": ["metrics"]}
    for options in ({"per_class": True}, {"confusion_matrix": True}, {"per_class": True, "confusion_matrix": True},
                    {"per_class": True, "confusion_matrix": True, "sample_weight": [1, 2.5, 0.5, 0, 3], "class_weight": [1, 2, 3]},
                    {"per_class": True, "confusion_matrix": True, "mask": [True, False, True, True, True]},
                    {"per_class": True, "confusion_matrix": True, "mask": [False] * 5}):
        yield f"classes, {stated(options)}", three | options
    both = {"class_wise_calibration": True, "equal_mass_calibration": True}
    for options in ({}, {"bins": 2}, {"bins": 1}, {"bins": 7}, {"sample_weight": [1, 2.5, 0.5, 1.5, 3], "bins": 3},
                    {"sample_weight": [1, 2.5, 0.5, 0, 3]}, {"mask": [True, False, True, True, True], "bins": 2},
                    {"mask": [False] * 5}, {"sample_weight": [0] * 5}):
        yield f"calibration of classes and equal mass, {stated(options) or 'all'}", three | both | options
    tied = {"logits": [[1, 0, 0], [1, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [3, 0, 0]], "labels": [0, 1, 2, 0, 0, 1], "bins": 3}
    yield "equal confidences", tied | both | {"outputs": ["metrics"]}
    if "soft" in subject.labels:
        soft = {"logits": [[3, 0, 1], [0, 2, 0.5]], "labels": [[0.5, 0.25, 0.25], [0, 1, 0]], "bins": 3, "outputs": ["metrics"]}
        yield "calibration of classes with soft labels", soft | both
    if subject.tempered:
        for options in ({}, {"sample_weight": [1, 2.5, 0.5, 0, 3]}, {"temperature": 0.5}, {"labels": [0, 0, 1, 0, 0]},
                        {"mask": [True, False, True, True, True]}, {"logit_bias": [0.5, -1, 0.25]},
                        {"logit_bias": [-3, 0, 1], "temperature": 2}):
            yield f"fit_temperature, {stated(options) or 'all'}", three | options | {"fit_temperature": True, "dtype": "float64"}
    yield "metrics and class weights", body | {"class_weight": [1, 10]}
    yield "metrics and class weights of 0", body | {"class_weight": [0, 0]}
    yield "metrics and both weights", body | weights | {"class_weight": [1, 10]}
    yield "metrics and a mask", body | weights | {"mask": [True, False, True, True]}
    yield "metrics and an ignored class", body | weights | {"ignore_index": 1}
    yield "metrics of no samples", body | {"mask": [False] * 4, "bins": 2}
    yield "metrics without weight", body | {"sample_weight": [0] * 4, "bins": 2}
    tied = {"logits": [[1, 1, 1, 0], [0, 2, 2, 2], [5, 5, 7, 5], [0, 0, 0, 0]], "labels": [2, 3, 3, 0]}
    yield "ties in top-k", tied | {"top_k": [1, 2, 3, 4], "bins": 3, "outputs": ["metrics", "predictions"]}
    if "probabilities" in subject.forms:
        edges = {"probabilities": [[0.57, 0.43], [0.42, 0.58], [1, 0], [0.5, 0.5], [0.71, 0.29]], "labels": [0, 1, 0, 0, 1]}
        yield "bins by their edges", edges | {"bins": 100, "dtype": "float64", "outputs": ["metrics"]}


def shaped(subject):
    """null is not given; 0 and 1 are booleans; a weight or a mask may stand for a whole row."""
    body = two_samples(subject)
    absent = {"sample_weight": None, "mask": None, "reduction": None, "mean_over": None, "tensor_encoding": None}
    yield "optional members that are null", asked(body | absent | ({"temperature": None} if subject.tempered else {}))
    yield "mask of 0 and 1", asked(body | {"mask": [0, 1]})
    if subject.binary:
        rows = {"logits": [[2, -1, 0.5], [0.25, 1, -2]], "labels": [[1, 0, 1], [0, 1, 1]]}
        yield "boolean labels", asked(body | {"labels": [True, False]})
        weights = ([1, 3], [[1], [3]])
    else:
        rows = {"logits": [[[2, -1, 0.5], [1, 2, 3]], [[0.25, 1, -2], [3, 0, 3]]], "labels": [[1, 0], [0, 2]]}
        weights = ([1, 3], [[1], [3]], [[[1], [2]], [[3], [4]]])
    for weight in weights:
        yield f"weights {weight} over a larger batch", asked(rows | {"sample_weight": weight})
    yield "mask over a larger batch", asked(rows | {"mask": [True, False]})
    yield "half precision, results in float32", asked(
        {"logits": HALF, "dtype": "float32", "labels": [[0, 1]] if subject.binary else [1], "reduction": "sum"})
    if not subject.binary:
        empty = lambda dtype, *shape: {"dtype": dtype, "shape": list(shape), "data": ""}
        yield "no samples, in bytes", asked({"logits": empty("float32", 0, 3), "labels": empty("int64", 0), "dtype": "float32"})


def taken(subject):
    """Rows whose sums are rounded, numbers a little outside [0, 1], counts."""
    shares = {"probabilities": [0.7310585975646973, 0.2689414322376251]} if subject.binary else {
        "probabilities": [[0.0900305732, 0.2447284758, 0.6652409434], [0.3333333, 0.3333333, 0.3333333]]}
    classes = [1, 0] if subject.binary else [2, 0]
    if not subject.binary and "soft" in subject.labels:
        fine = [[0.3333333, 0.3333333, 0.3333333], [0.25, 0.5, 0.2500004]]
        coarse = [[0.33333, 0.33333, 0.33333], [0.25, 0.25, 0.49998]]
        for turn, options in enumerate(({}, {"class_weight": [0.001] * 3}, {"class_weight": [10] * 3}, {"class_weight": [0.5, 1, 3]},
                                        {"class_weight": [10] * 3, "mean_over": "samples"}, {"reduction": "sum"})):
            for labels, dtype in ((coarse, "float32"), (fine, "float64"))[:2 if turn < 2 else 1]:
                logits = {"logits": [[0.5, 0, -1], [1, 2, -0.5]], "labels": labels, "dtype": dtype}
                yield f"labels of a rounded sum, {stated(options) or 'no weights'}", asked(logits | options)
        counts = {"labels": [[1, 2, 1], [5, 4, 2]], "normalize": True}
        yield "labels that are counts", asked({"logits": [[0, 1, 2], [1, 0, 0.5]]} | counts)
        yield "labels that are counts, class weights", asked({"logits": [[0, 1, 2], [1, 0, 0.5]], "class_weight": [1, 2, 4]} | counts)
        # for generalized_cross_entropy this gradient cancels to 1e-103, where the service answers 1e-18
        if "probabilities" in subject.forms and subject.loss != "generalized_cross_entropy":
            yield "predictions and labels that are counts", asked({"probabilities": [[3, 1, 4], [2, 2, 1]]} | counts, OF_PREDICTIONS)
        if "probabilities" in subject.forms:
            near = {"labels": [[1, 2, 4.0000001]], "normalize": True, "dtype": "float64"}
            yield "counts that nearly agree", asked({"probabilities": [[1, 2, 4]]} | near)
    if "probabilities" not in subject.forms:
        return
    yield "probabilities of a float32 model", asked(shares | {"labels": classes, "dtype": "float64"})
    if not subject.binary:
        # for ranked_probability_score a gradient of [0.2, 0.2, 0.1] is 0, where the service answers 1e-32
        other = [0.2, 0.3, 0.1] if subject.loss == "ranked_probability_score" else [0.2, 0.2, 0.1]
        yield "predictions that are counts", asked(
            {"probabilities": [[3, 1, 4], other], "labels": [0, 2], "normalize": True}, OF_PREDICTIONS)
        outside, fine = [[1.0000001, 0], [-0.00005, 1.00005]], [[1.0000005, -5e-7], [0.25, 0.75]]
    else:
        outside, fine = [1.0000001, -0.00005], [1.0000005, -5e-7]
    both = {"labels": [0, 1]} if not subject.binary else {"labels": [1, 1]}
    yield "clip takes what is little outside", asked({"probabilities": outside, "clip": Literal("1e-7"), "dtype": "float32"} | both)
    yield "clip takes what is little outside", asked({"probabilities": fine, "clip": 0.01, "dtype": "float64"} | both)


def underflown(subject):
    """A probability of e^-730, of which float64 has few digits, at a temperature that makes its gradient a usual number."""
    if subject.binary or not subject.tempered:
        return
    temperature = 2.0 ** -40
    far = -730 * temperature
    yield "a probability below the numbers", asked(
        {"logits": [[0, far, 0], [far, 0, -1]], "labels": [0, 1], "temperature": temperature, "dtype": "float64"})


def divided(subject):
    """A mean over the client's own count, whatever the weights add up to."""
    body = two_samples(subject)
    for name, options in (("plain", {}), ("weights", {"sample_weight": [1.5, 2]}), ("weights that cancel", {"sample_weight": [1, -1]}),
                          ("one masked", {"mask": [True, False], "mean_over": "samples"}), ("nothing kept", {"mask": [False, False]})):
        yield f"divisor, {name}", asked(body | options | {"divisor": 12})
    none = {"logits": []} if subject.labels == (None,) else {"logits": [], "labels": []}
    yield "divisor of no samples", asked(none | {"divisor": 12})


def biased(subject):
    """A bias that changes which class is the largest, in every output."""
    if not subject.tempered:
        return
    if subject.binary:
        posted = {"logits": [[2, -1, 0.25], [-0.5, 3, 0]], "labels": [[1, 0, 1], [0, 1, 0]], "logit_bias": [-3, 2, 0]}
    else:
        posted = {"logits": [[2, 1, 0], [0, 3, "-Infinity"]], "labels": [0, 1], "logit_bias": [-3, 0.5, 2]}
    for turn, options in enumerate(({}, {"temperature": 2.5}, {"dtype": "float64"}, {"dtype": "float64", "temperature": 0.1})):
        yield f"a bias, {stated(options) or 'no more'}", asked(posted | options, [*OF_PREDICTIONS, "predictions"])
        if subject.labels != (None,):
            yield f"metrics with a bias, {stated(options) or 'no more'}", posted | options | {"bins": 3, "outputs": ["metrics"]} | (
                {} if subject.binary else {"top_k": [1, 2]})


def on_axes(subject):
    """[N, C, L], and [C, N]: the classes on another axis than the last."""
    if subject.binary:
        return
    rows = {"logits": [[[2, -1, 0.5], [1, 2, 3]], [[0.25, 1, -2], [3, 0, 3]]], "labels": [[1, 0], [0, 2]]}
    described = [*OF_PREDICTIONS, "predictions"]
    for axis in (0, 1, -2, -3):
        posted = {"logits": move(rows["logits"], 2, axis), "labels": rows["labels"], "class_axis": axis}
        yield f"classes on axis {axis}", asked(posted, described)
        yield f"classes on axis {axis}, weights and mask", asked(
            posted | {"sample_weight": [[1, 2], [3, 0.5]], "mask": [[True, True], [False, True]]}, described)
    pairs = {"logits": move([[2, 1, 0], [0, 3, 1]], 1, 0), "class_axis": 0}
    weights = {} if not subject.weighted or subject.labels == (None,) else {"class_weight": [0.5, 1, 3]}
    for kind, labels in (("indices", [0, 2]), ("one_hot", [[1, 0], [0, 0], [0, 1]]), ("many_hot", [[1, 0], [1, 0], [0, 1]]),
                         ("graded", [[2, 1], [0.5, 1], [-1, 3]]),
                         ("soft", [[0.5, 0], [0.25, 0.75], [0.25, 0.25]])):
        if kind in subject.labels:
            yield f"{kind} and classes on the first axis", asked(pairs | weights | {"labels": labels}, described)
    if subject.tempered:
        yield "biases of classes on the first axis", asked(
            pairs | {"labels": [0, 2], "logit_bias": [0.5, -1, 2], "temperature": 2}, described)
    if "probabilities" in subject.forms:
        yield "probabilities of classes on the first axis", asked(
            {"probabilities": [[0.5, 0.125], [0.25, 0.75], [0.25, 0.125]], "labels": [0, 2], "class_axis": 0}, described)
    if subject.labels != (None,):
        yield "an ignored label and classes on the first axis", asked(pairs | {"labels": [0, -100], "ignore_index": -100}, described)


def ruled_out(subject):
    """Smoothing over the classes that a mask of −∞ leaves."""
    if subject.binary or not subject.smooth:
        return
    body = {"logits": [[2, "-Infinity", 0.5, 1], [0.25, 3, "-Infinity", "-Infinity"], [1, 2, 0, -1]], "smoothing_over": "finite"}
    labels = {"indices": [0, 1, 2], "soft": [[0.5, 0, 0.25, 0.25], [0.25, 0.75, 0, 0], [0, 0.5, 0.5, 0]]}
    for kind in (kind for kind in labels if kind in subject.labels):
        for options in ({"label_smoothing": 0.1}, {"label_smoothing": 0.25, "class_weight": [0.5, 0, 2, 3]}, {"label_smoothing": 1},
                        {"label_smoothing": 0.1, "smoothing_over": "classes"}, {"label_smoothing": 0}):
            if options.get("smoothing_over") == "classes" and subject.loss != "cross_entropy":
                continue  # infinite for some, and a limit for others
            yield f"smoothing over finite classes, {kind}, {stated(options)}", asked(body | {"labels": labels[kind]} | options)
    if "probabilities" in subject.forms:
        shares = {"probabilities": [[0.5, 0, 0.5], [0.25, 0.75, 0]], "labels": [0, 1], "smoothing_over": "finite", "label_smoothing": 0.1}
        yield "smoothing over finite classes, probabilities", asked(shares)
