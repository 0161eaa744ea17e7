"""Writes golden.json: arguments and results of the double-double functions, by mpmath at 1400 bits.

An argument is the pair (hi, lo); a result is three doubles whose exact sum is the truth to about 159 bits (down to
2^-1074). Numbers are written in full, so they read back to the same bits. Run:  python3 golden.py > golden.json
"""
import json
import math
import random

from mpmath import exp, expm1, log, log1p, mp, mpf, power

mp.prec = 1400  # log(1 + 1e-300) needs a thousand bits before its first one
random.seed(20240229)
COUNT = 330


def parts(value):
    result = []
    for _ in range(3):
        result.append(float(value))
        value -= mpf(result[-1])
    return result


def with_low(hi):
    """A normalised pair; every other argument gets a random low part."""
    low = random.choice([0.0, random.uniform(-0.5, 0.5)]) * math.ulp(hi)
    return (hi + low, low - ((hi + low) - hi))


def log_uniform(low, high):
    return 2.0 ** random.uniform(math.log2(low), math.log2(high))


def signed(x):
    return random.choice([-1, 1]) * x


def exponents():
    edges = [0.0, 709.78, 709.7827128933840, -708.39, -708.4, -720.0, -744.4, -745.1, -745.133, 1.0, -1.0, 0.5, -0.5]
    edges += [signed(2.0 ** -k) for k in (1, 5, 6, 26, 53, 54, 107, 500, 990)] + [1e-300, -1e-300]
    edges += [j * math.log(2) / 32 for j in (-33, -32, -31, -3, -2, -1, 1, 2, 3, 31, 32, 33)]
    for _ in range(COUNT // 3):
        edges += [random.uniform(-745, 709.7), random.uniform(-40, 2), signed(log_uniform(1e-18, 1))]
    return [with_low(x) for x in edges]


def positives():
    edges = [5e-324, 2.5e-320, 2.2250738585072014e-308, 1e-300, 1.7976931348623157e308, 1.0, 2.0, 0.5, 10.0]
    edges += [1 + 2.0 ** -k for k in (1, 5, 6, 7, 20, 52)] + [1 - 2.0 ** -k for k in (2, 5, 6, 7, 20, 53)]
    edges += [j / 64 for j in range(43, 90, 2)]
    for _ in range(COUNT // 3):
        edges += [log_uniform(1e-300, 1e300), random.uniform(0.6, 1.6), 1 + signed(log_uniform(1e-15, 0.1))]
    return [with_low(x) for x in edges] + [(1.0, 1e-300), (1.0, -1e-20)]


def above_minus_one():
    edges = [1e-300, -1e-300, 1e300, 1.7e308, 0.015625, -0.015625, 0.0156, 0.0157] + [2.0 ** -k - 1 for k in (1, 2, 10, 50)]
    for _ in range(COUNT // 4):
        edges += [signed(log_uniform(1e-290, 0.9)), random.uniform(-0.999, 3), log_uniform(1, 1e300), log_uniform(1e-18, 1)]
    return [with_low(x) for x in edges]


def powers():
    cases = []
    exponents = [0.1, 1 / 3, 0.5, 0.7, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 16.0, 17.0, -1.0, -0.5, -2.5, 40.25]
    for y in exponents:
        cases += [(with_low(random.random()), y) for _ in range(12)]
        cases += [(with_low(log_uniform(1e-7, 1e7)), y) for _ in range(6)]
    for _ in range(60):
        x = log_uniform(1e-200, 1e200)
        cases.append((with_low(x), random.uniform(-700, 700) / math.log(x)))
    return cases


def table(function, arguments):
    return [[*x, *parts(function(mpf(x[0]) + mpf(x[1])))] for x in arguments]


golden = {
    "exp": table(exp, exponents()),
    "expm1": table(expm1, exponents()),
    "log": table(log, positives()),
    "log1p": table(log1p, above_minus_one()),
    "pow": [[*x, y, *parts(power(mpf(x[0]) + mpf(x[1]), mpf(y)))] for x, y in powers()],
}
rows = [f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in table) + "\n]" for name, table in golden.items()]
print("{\n" + ",\n".join(rows) + "\n}")
