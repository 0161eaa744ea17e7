"""How far an answer is from the exact one, in representable numbers, and whether that is what is promised."""

import math
import struct

from mpmath import mp, mpf

ULPS = {"loss": 4, "totals": 4, "losses": 4, "metrics": 4}  # of float64; all else 8
SUBNORMAL = 1e-320  # no precision is owed where float64 itself has none
CANCELLED = 4.93e-32  # where everything cancels, half of the service's 106 bits are left: 2^-104 of a number below 1
SPECIAL = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}


def ordered(number, code):
    """The place of a float among all of its width."""
    bits = struct.unpack({"d": "<q", "f": "<i"}[code], struct.pack("<" + code, number))[0]
    return bits if bits >= 0 else (-1 << (63 if code == "d" else 31)) - bits


def single(number):
    """The float32 nearest to a float64 that is none or is one already."""
    try:
        return struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


def rounded(exact, code):
    """The exact number, rounded once to nearest."""
    if exact in SPECIAL:
        return SPECIAL[exact]
    value = float(exact)  # Python rounds a decimal of any length correctly
    if code == "d" or math.isinf(value):
        return value
    near = single(value)
    if near in (value, 0) or math.isinf(near):
        return near
    # rounded twice: a tie of the double is none of the exact number
    steps = struct.unpack("<i", struct.pack("<f", near))[0]
    around = [struct.unpack("<f", struct.pack("<i", steps + d))[0] for d in (-1, 0, 1)]
    return min(filter(math.isfinite, around), key=lambda x: abs(mpf(x) - mpf(exact)))


class Comparison:
    """Collects the differences of one answer."""

    def __init__(self, dtype, cancels=False, magnitude=None):
        self.dtype, self.cancels, self.magnitude = dtype, cancels, magnitude
        self.wrong, self.worst = [], {}

    def compare(self, expected, actual):
        """Every member that `expected` states."""
        with mp.workdps(60):
            for name, exact in expected.items():
                if name == "metrics":
                    self.metrics(exact, actual.get(name))
                else:
                    self.member(name, "", exact, actual.get(name), "d" if name in ("loss", "totals") else self.code)

    @property
    def code(self):
        return "d" if self.dtype == "float64" else "f"

    def metrics(self, exact, actual):
        actual = dict(actual or {})
        bins = actual.pop("bins", None)
        reliability = [{k: v for k, v in b.items() if k in ("samples", "weight", "confidence", "accuracy")} for b in bins or []]
        for name, value in exact.items():
            self.member("metrics", "/" + name, value, reliability if name == "reliability" else actual.get(name), "d")

    def member(self, name, at, exact, actual, code):
        if isinstance(exact, list):
            if not isinstance(actual, list) or len(actual) != len(exact):
                return self.miss(name, at, f"an array of {len(exact)}", actual)
            for i, (e, a) in enumerate(zip(exact, actual)):
                self.member(name, f"{at}/{i}", e, a, code)
        elif isinstance(exact, dict):
            for key, e in exact.items():
                self.member(name, f"{at}/{key}", e, actual.get(key) if isinstance(actual, dict) else None, code)
        elif isinstance(exact, str):
            self.number(name, at, exact, actual, code)
        elif exact != actual or isinstance(exact, bool) != isinstance(actual, bool):
            self.miss(name, at, exact, actual)

    def number(self, name, at, exact, actual, code):
        if isinstance(actual, bool) or not isinstance(actual, (int, float)) and actual not in SPECIAL:
            return self.miss(name, at, exact, actual)
        value = SPECIAL[actual] if isinstance(actual, str) else float(actual)
        if exact == "NaN" or math.isnan(value):
            return None if exact == "NaN" and math.isnan(value) else self.miss(name, at, exact, actual)
        owed = rounded(exact, code)
        distance = abs(ordered(single(value) if code == "f" else value, code) - ordered(owed, code))
        if distance == 0:
            return None
        if code == "d" and self.excused(name, at, value, owed):
            return None
        kind = f"{name} float{64 if code == 'd' else 32}"
        self.worst[kind] = max(self.worst.get(kind, 0), distance)
        if distance > (1 if code == "f" else ULPS.get(name, 8)):
            self.miss(name, at, exact, actual, distance)

    def excused(self, name, at, value, owed):
        """Whether the error is small beside the numbers that the result is a difference of."""
        error = abs(value - owed)
        if abs(owed) < 2.3e-308 and error <= SUBNORMAL or self.cancels and error <= CANCELLED:
            return True
        if name == "metrics" and "/temperature_fit/" in at and not at.endswith("before"):  # where a slope is 0 to its digits
            return error <= 1e-10 * max(abs(owed), 1)
        if name == "metrics" and (at.endswith(("calibration_error", "error_before")) or "/brier/" in at):  # made of differences
            return error <= 4 * 2 ** -53
        if name == "metrics" and at.endswith("perplexity"):  # e^x multiplies the error of x by x
            return error <= owed * 2 ** -52 * (2 + 2 * math.log(max(owed, 1)))
        if self.magnitude is not None and (name == "loss" or name == "totals" and at == "/loss"):
            return error <= 4 * math.ulp(self.magnitude["loss" if name == "loss" else "total"])
        if self.magnitude is not None and at == "/weight":
            return error <= 4 * math.ulp(self.magnitude["weight"])
        return False

    def miss(self, name, at, exact, actual, distance=None):
        apart = "" if distance is None else f", {distance} numbers away"
        self.wrong.append(f"{name}{at}: expected {str(exact)[:40]}, got {str(actual)[:40]}{apart}")
