"""Every loss, each as its definition reads: one sample in, one `Var` out.

Nothing here is arranged for accuracy: the working precision is raised instead (see precision.py). p are the
predicted probabilities, t the targets after smoothing, z the tempered logits.
"""

from functools import cached_property

from mpmath import mp, mpf

from .precision import BEYOND, FAR
from .tape import Var, clamp, exp, largest, log, magnitude, positive_part, total


class Categorical:
    """One row of predictions over K classes, x being the row as posted."""

    def __init__(self, form, x, options):
        self.form, self.x, self.options = form, x, options
        self.classes = range(len(x))

    @cached_property
    def z(self):
        bias = self.options.get("logit_bias", [0] * len(self.x))
        return [x / mpf(self.options.get("temperature", 1)) + mpf(b) for x, b in zip(self.x, bias, strict=True)]

    @cached_property
    def log_sum_exp(self):
        return log(total(exp(z) for z in self.z))

    @cached_property
    def p(self):
        if self.options.get("normalize") and self.form == "probabilities":
            share = total(self.x) ** -1
            p = [x * share for x in self.x]
        elif self.form == "logits":
            powers = [exp(z) for z in self.z]
            share = total(powers) ** -1
            p = [power * share for power in powers]
        else:
            p = self.x if self.form == "probabilities" else [exp(x) for x in self.x]
        clip = mpf(self.options.get("clip", 0))
        return [clamp(p_c, clip, 1 - clip) for p_c in p] if clip else p

    @cached_property
    def log_p(self):
        if self.form == "log_probabilities" and not self.options.get("clip"):
            return self.x
        if self.form == "logits" and not self.options.get("clip"):
            return [z - self.log_sum_exp for z in self.z]
        return [log(p) for p in self.p]

    def expectation(self, t, terms):
        """Σ t_c·term_c, where a class of target 0 contributes nothing, whatever its term."""
        return total(terms[c] * t[c] for c in self.classes if t[c] != 0)


class Bernoulli:
    """One element of predictions, p and 1 − p; `column` is its place on the last axis."""

    def __init__(self, form, x, options, column):
        tempered = x[0] / mpf(options.get("temperature", 1)) + per_class(options.get("logit_bias"), column, 0)
        self.z, self.column = tempered if form == "logits" else None, column
        p = (1 + exp(-self.z)) ** -1 if form == "logits" else x[0]
        q = (1 + exp(self.z)) ** -1 if form == "logits" else 1 - x[0]
        clip = mpf(options.get("clip", 0))
        self.p, self.q = (clamp(p, clip, 1 - clip), clamp(q, clip, 1 - clip)) if clip else (p, q)

    def cross_entropy(self, t, pos_weight=1):
        terms = [log(self.p) * (pos_weight * t)] if t != 0 else []
        if t != 1:
            terms.append(log(self.q) * (1 - t))
        return -total(terms)


class Sigmoids:
    """A row of logits, each with a probability of its own."""

    def __init__(self, x, options):
        self.p = [(1 + exp(-(z / mpf(options.get("temperature", 1))))) ** -1 for z in x]


def per_class(option, c, default=1):
    """An option that may be one number or one per class."""
    value = default if option is None else option[c] if isinstance(option, list) else option
    return mpf(value)


def class_weighted(t, options):
    return [t_c * per_class(options.get("class_weight"), c) for c, t_c in enumerate(t)]


def cross_entropy(row, t, options):
    return -row.expectation(class_weighted(t, options), row.log_p)


def z_penalty(row, options):
    """The term of z_loss: ζ·logsumexp(z/T)²; no amount of information, so the same in nats and bits."""
    return row.log_sum_exp * row.log_sum_exp * mpf(options["z_loss"])


def focal(row, t, options):
    gamma = mpf(options.get("gamma", 2))
    factors = [w * per_class(options.get("alpha"), c) for c, w in enumerate(class_weighted(t, options))]
    return -row.expectation(factors, [
        (1 - row.p[c]) ** gamma * row.log_p[c] if factors[c] != 0 else None for c in row.classes])


def poly_cross_entropy(row, t, options):
    weighted, epsilon = class_weighted(t, options), mpf(options.get("epsilon", 2))
    return row.expectation(weighted, [
        (1 - row.p[c]) * epsilon - row.log_p[c] if weighted[c] != 0 else None for c in row.classes])


def generalized_cross_entropy(row, t, options):
    q = mpf(options.get("q", 0.7))
    return (1 - row.expectation(t, row.p) ** q) / q


def symmetric_cross_entropy(row, t, options):
    alpha, beta, least = (mpf(options.get(name, default)) for name, default in (("alpha", 0.1), ("beta", 1), ("log_zero", -4)))
    logs = [max(mp.log(t_c), least) if t_c != 0 else least for t_c in t]
    reverse = -total(row.p[c] * logs[c] for c in row.classes) * beta
    return reverse - row.expectation(t, row.log_p) * alpha if alpha else reverse


def kl_divergence(row, t, options):
    if options.get("direction", "forward") == "forward":
        return total((mp.log(t[c]) - row.log_p[c]) * t[c] for c in row.classes if t[c] != 0)
    # 0·log(0/0) = 0: a class that the predictions rule out costs nothing
    possible = [c for c in row.classes if t[c] != 0 or row.log_p[c].value > -FAR]
    return total(row.p[c] * (row.log_p[c] - (mp.log(t[c]) if t[c] else -BEYOND)) for c in possible)


def js_divergence(row, t, options):
    beta = mpf(options.get("beta", 0.5))
    log_m = [log(row.p[c] * (1 - beta) + beta * t[c]) for c in row.classes]
    from_labels = total((mp.log(t[c]) - log_m[c]) * t[c] for c in row.classes if t[c] != 0)
    from_predictions = total(row.p[c] * (row.log_p[c] - log_m[c]) for c in row.classes)
    return from_labels * beta + from_predictions * (1 - beta)


def entropy(row, t, options):
    return -total(row.p[c] * row.log_p[c] for c in row.classes)


def brier(row, t, options):
    return total((row.p[c] - t[c]) * (row.p[c] - t[c]) for c in row.classes)


def ranked_probability_score(row, t, options):
    gaps = [total(row.p[c] - t[c] for c in range(k + 1)) for k in row.classes[:-1]]
    return total(gap * gap for gap in gaps)


def total_variation(row, t, options):
    return total(magnitude(row.p[c] - t[c]) for c in row.classes) / 2


def multiclass_hinge(row, t, options):
    y = t.index(1)
    others = [row.x[c] for c in row.classes if c != y]
    return positive_part(largest(others) - row.x[y] + mpf(options.get("margin", 1))) if others else Var(mpf(0))


def multi_margin(row, t, options):
    y = t.index(1)
    margin = mpf(options.get("margin", 1))
    return total(positive_part(row.x[c] - row.x[y] + margin) ** mpf(options.get("p", 1))
                 for c in row.classes if c != y) / len(row.x)


def multilabel_margin(row, t, options):
    margin = mpf(options.get("margin", 1))
    return total(positive_part(row.x[c] - row.x[y] + margin)
                 for y in row.classes if t[y] == 1 for c in row.classes if t[c] == 0) / len(row.x)


def list_mle(row, t, options):
    lowest = min(t)
    return total(log(total(exp(row.x[j]) for j in row.classes if t[j] <= t[i])) - row.x[i] for i in row.classes if t[i] > lowest)


def binary_cross_entropy(element, t, options):
    return element.cross_entropy(t, per_class(options.get("pos_weight"), element.column))


def binary_focal(element, t, options):
    gamma, alpha = mpf(options.get("gamma", 2)), options.get("alpha", 0.25)
    alpha_t = 1 if alpha == "none" else mpf(alpha) * t + (1 - mpf(alpha)) * (1 - t)
    wrong = element.q * t + element.p * (1 - t)  # 1 − p_t
    return wrong ** gamma * element.cross_entropy(t, per_class(options.get("pos_weight"), element.column)) * alpha_t


def asymmetric(element, t, options):
    shift = mpf(options.get("shift", 0.05))
    shifted = positive_part(element.p - shift)
    terms = []
    if t != 0:
        terms.append(element.q ** mpf(options.get("gamma_pos", 0)) * log(element.p) * (t * per_class(options.get("pos_weight"), element.column)))
    if t != 1 and shifted.value > 0:
        terms.append(shifted ** mpf(options.get("gamma_neg", 4)) * log(element.q + shift) * (1 - t))
    return -total(terms)


def binary_brier(element, t, options):
    return (element.p - t) * (element.p - t)


def hinge(element, t, options):
    return positive_part(mpf(options.get("margin", 1)) - element.z * (2 * t - 1))


def squared_hinge(element, t, options):
    violation = hinge(element, t, options)
    return violation * violation


def vanishes(number):
    """Whether a sum, which a response has as a double, is 0 there: a loss follows from its sums."""
    return float(number.value) == 0


def ratio(above, below):
    """0 where both are."""
    return Var(mpf(0)) if vanishes(below) else above / below


def dice(tp, fp, fn, options):
    s = mpf(options.get("smooth", 0))
    whole = tp * 2 + fp + fn + s
    return 1 - ratio(tp * 2 + s, whole) if not vanishes(whole) else Var(mpf(0))


def jaccard(tp, fp, fn, options):
    s = mpf(options.get("smooth", 0))
    whole = tp + fp + fn + s
    return 1 - ratio(tp + s, whole) if not vanishes(whole) else Var(mpf(0))


def tversky(tp, fp, fn, options):
    s, gamma = mpf(options.get("smooth", 0)), mpf(options.get("gamma", 1))
    missed = fp * mpf(options.get("alpha", 0.5)) + fn * mpf(options.get("beta", 0.5))
    whole = tp + missed + s
    if vanishes(whole) or vanishes(missed) and gamma != 1:
        return Var(mpf(0))
    return (1 - ratio(tp + s, whole)) ** gamma


# in these, a class's weight multiplies its term of the sum; in the others, the sample's class weight multiplies the loss
WEIGHTED_BY_TERM = (cross_entropy, focal, poly_cross_entropy)

CATEGORICAL = {formula.__name__: formula for formula in (
    cross_entropy, focal, poly_cross_entropy, generalized_cross_entropy, symmetric_cross_entropy, kl_divergence, js_divergence,
    entropy, brier, ranked_probability_score, total_variation, multiclass_hinge, multi_margin, multilabel_margin, list_mle)}
BINARY = {formula.__name__: formula for formula in (
    binary_cross_entropy, binary_focal, asymmetric, binary_brier, hinge, squared_hinge)}
OVERLAP = {formula.__name__: formula for formula in (dice, jaccard, tversky)}
