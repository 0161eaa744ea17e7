"""Differentiation over mpmath numbers: reverse mode for gradients, a second-order series for second derivatives.

A formula written with `Var` yields its value, and `gradient` then its partial derivatives, by the chain rule over
the elementary operations recorded here. Beside its value, a `Var` carries the first and the second derivative along
the one input that is made with `along=1`. So no derivative in the golden files was derived by hand, and none shares
an algebraic step with the code under test.
"""

from mpmath import mp, mpf


class Var:
    """One recorded value, with the partial derivative of it by each of its operands.

    `first` and `second` are its derivatives along the moving input; `bend` is what operands that move bend it by,
    beside their own second derivatives.
    """

    __slots__ = ("value", "operands", "order", "slope", "first", "second")
    recorded = 0

    def __init__(self, value, operands=(), bend=0, along=0):
        self.value = value
        self.operands = operands
        self.slope = None
        self.first, self.second = along, bend
        for operand, partial in operands:
            if operand.first:
                self.first += partial * operand.first
            if operand.second:
                self.second += partial * operand.second
        Var.recorded += 1
        self.order = Var.recorded

    def __add__(self, other):
        if isinstance(other, Var):
            return Var(self.value + other.value, ((self, 1), (other, 1)))
        return Var(self.value + other, ((self, 1),))

    def __mul__(self, other):
        if isinstance(other, Var):
            bend = 2 * self.first * other.first if self.first and other.first else 0
            return Var(self.value * other.value, ((self, other.value), (other, self.value)), bend)
        return Var(self.value * other, ((self, other),))

    def __pow__(self, exponent):
        if exponent == 0:
            return Var(mpf(1))
        base = self.value
        # 0 ** (exponent - 1) is a pole below exponent 1; no case may stand on it
        bend = exponent * (exponent - 1) * base ** (exponent - 2) * self.first ** 2 if self.first and exponent != 1 else 0
        return Var(base ** exponent, ((self, exponent * base ** (exponent - 1)),), bend)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * (other ** -1 if isinstance(other, Var) else mpf(1) / other)

    __radd__ = __add__
    __rmul__ = __mul__


def exp(x):
    value = mp.exp(x.value)
    return Var(value, ((x, value),), value * x.first ** 2 if x.first else 0)


def log(x):
    return Var(mp.log(x.value), ((x, 1 / x.value),), -(x.first / x.value) ** 2 if x.first else 0)


def total(terms):
    """Σ terms as one record; an empty sum is 0."""
    terms = list(terms)
    return Var(mp.fsum(term.value for term in terms), tuple((term, 1) for term in terms))


def positive_part(x):
    """max(0, x), with subgradient 0 at the kink."""
    return x if x.value > 0 else Var(mpf(0))


def magnitude(x):
    """|x|, with subgradient 0 at the kink."""
    return Var(abs(x.value), ((x, mp.sign(x.value)),))


def largest(terms):
    return max(terms, key=lambda term: term.value)


def clamp(x, low, high):
    """x held within [low, high], with gradient 0 where it was outside."""
    return x if low <= x.value <= high else Var(min(max(x.value, low), high))


def gradient(result, inputs):
    """∂result/∂input for every input."""
    reached, pending = [], [result]
    seen = {result.order}
    while pending:
        node = pending.pop()
        node.slope = mpf(0)
        reached.append(node)
        for operand, _ in node.operands:
            if operand.order not in seen:
                seen.add(operand.order)
                pending.append(operand)
    result.slope = mpf(1)
    for node in sorted(reached, key=lambda node: -node.order):
        for operand, partial in node.operands:
            operand.slope += node.slope * partial
    return [mpf(0) if x.slope is None else x.slope for x in inputs]
