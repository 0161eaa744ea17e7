"""Numbers as they travel: JSON text, the dtype that holds them, and a stream that any language can repeat."""

import re
from fractions import Fraction

import numpy

INFINITIES = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}


class Literal(str):
    """A JSON number's exact text, written without quotes."""


def literal(value, dtype):
    """The shortest text that reads back as `value` in `dtype`; a non-finite value is its JSON string."""
    held = numpy.dtype(dtype).type(value)
    for text, special in INFINITIES.items():
        if held == special or (held != held and special != special):
            return text
    return Literal(re.sub(r"\.0$", "", str(held)))


def hold(number, dtype):
    """The value, as a Python float, of a JSON number once held in `dtype`: rounded once, to nearest, ties to even."""
    if number in INFINITIES:
        return INFINITIES[number]
    if dtype == "float64":
        return float(number)
    exact = Fraction(number)
    near = numpy.float32(float(number))  # rounded twice, so perhaps one step off
    around = (numpy.nextafter(near, numpy.float32(-numpy.inf)), near, numpy.nextafter(near, numpy.float32(numpy.inf)))
    odd = lambda x: int(x.view(numpy.uint32)) & 1
    return float(min(around, key=lambda x: (abs(Fraction(float(x)) - exact), odd(x))))


def render(value):
    """Compact JSON in which a Literal keeps its text."""
    if isinstance(value, dict):
        return "{" + ",".join(f'"{name}":{render(item)}' for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(render, value)) + "]"
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value)


class SplitMix64:
    """Steele, Lea & Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014)."""

    MASK = (1 << 64) - 1

    def __init__(self, seed):
        self.state = seed & self.MASK

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & self.MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & self.MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & self.MASK
        return z ^ (z >> 31)

    def uniform(self, scale):
        """A multiple of scale·2⁻²³ in [−scale, scale): exact in float32 where scale is a power of two."""
        return ((self.next() >> 40) - (1 << 23)) * (scale * 2.0 ** -23)

    def below(self, bound):
        return (self.next() >> 33) % bound
