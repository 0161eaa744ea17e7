"""How many digits are enough, and what a formula tends to at infinity."""

from mpmath import mp, mpf

AGREED = 60  # digits that two evaluations, one at twice the other's precision, must share
SPARE = 100  # digits above those that cancellation can lose
BEYOND = mpf(10) ** 100000  # stands for −log 0: times any share of a double, it is past a double's range
INFINITE = mpf(10) ** 5000  # a value above it is ±∞, or what BEYOND makes of a double
FAR, FARTHER = 2000, 4000  # stand-ins for an infinite logit: e^-2000 is 1e-869, far below any double


class Undecided(Exception):
    """No precision, or no limit, was found for a value."""


def settled(compute, spread):
    """The numbers that `compute` yields, by evaluating twice; `spread` bounds |log p| over the row.

    Cancellation loses no more than the digits of the smallest probability, twice over for quantities of second
    order such as a divergence between near-equal distributions; so that many are added beforehand.
    """
    digits = int(SPARE + AGREED + 2 * 0.4343 * min(spread, 2 * FARTHER))  # beyond, a share is 0 in any double
    for _ in range(4):
        coarse, fine = at(digits, compute), at(2 * digits, compute)
        values = [agreed(a, b, digits) for a, b in zip(coarse, fine, strict=True)]
        if None not in values:
            return values
        digits *= 2
    raise Undecided(f"{coarse} against {fine}")


def at(digits, compute):
    with mp.workdps(digits):
        return compute()


def agreed(coarse, fine, digits):
    if coarse == fine or abs(coarse - fine) <= abs(fine) * mpf(10) ** -AGREED:
        return fine
    noise = mpf(10) ** -(digits - 2 * SPARE // 5)
    return mpf(0) if abs(coarse) < noise and abs(fine) < noise else None


def limit(near, far):
    """The limit of a value seen at FAR and at FARTHER: itself, 0 or ±∞."""
    if max(abs(near), abs(far)) < mpf(10) ** -320:
        return mpf(0)
    if near == far or abs(near - far) <= abs(far) * mpf(10) ** -AGREED:
        return far
    if abs(far) >= 1.5 * abs(near):
        return mp.sign(far) * mp.inf
    raise Undecided(f"{mp.nstr(near, 20)} then {mp.nstr(far, 20)}")


def approach(form, x, distance):
    """x, moved off a boundary of the predictions' domain by `distance` (in logits; in −log p)."""
    if x in (mp.inf, -mp.inf):
        return mp.sign(x) * distance
    if form == "counts" and x == 0:
        return mp.exp(-distance)
    if form == "probabilities" and x in (0, 1):
        return abs(x - mp.exp(-distance))
    if form == "log_probabilities" and x == 0:
        return -mp.exp(-distance)
    return x


ENDS = {"logits": (), "probabilities": (0, 1), "log_probabilities": (0,), "counts": (0,)}


def on_boundary(form, x):
    return abs(x) == mp.inf or x in ENDS[form]


def evaluate(compute, form, row, temperature=1, take_limits=True, beside=0):
    """`compute(row)` for a row of mpf, to AGREED digits, or its limit where the row touches the boundary.

    `form` "counts" stands for probabilities that are divided by their sum; `beside` bounds |log t| of the target.
    """
    row = [mpf(x) for x in row]
    if take_limits and any(on_boundary(form, x) for x in row):
        seen = [settled(lambda d=d: compute([approach(form, x, mpf(d)) for x in row]), max(2 * d, beside)) for d in (FAR, FARTHER)]
        return [limit(near, far) for near, far in zip(*seen, strict=True)]
    return settled(lambda: compute(row), max(spread(form, row) / temperature, beside))


def spread(form, row):
    if form == "logits":
        return max(row) - min(row) if len(row) > 1 else abs(row[0])
    if form == "counts":
        return max(mp.log(sum(row) / x) for x in row if x > 0)
    if form == "probabilities":  # what is clipped may be negative
        return max((-mp.log(x) for x in row if x > 0), default=0)
    return max(abs(x) for x in row)
