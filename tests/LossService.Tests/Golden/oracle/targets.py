"""Targets that are computed from the labels: each as exact as the precision in which it is asked for."""

from dataclasses import dataclass

from mpmath import mp, mpf


@dataclass(frozen=True)
class Teacher:
    """A target that a teacher's predictions are."""

    x: list  # logits divided by the temperature, or log-probabilities
    form: str
    binary: bool

    @property
    def value(self):
        row = self.row()
        return row[0] if self.binary else row

    def row(self):
        if self.form == "label_log_probabilities":
            return [mp.exp(x) for x in self.x]
        if self.binary:
            return [1 / (1 + mp.exp(-x)) for x in self.x]
        if mp.inf in self.x:
            return [mpf(int(x == mp.inf)) for x in self.x]
        powers = [mp.exp(x - max(self.x)) for x in self.x]
        return [power / mp.fsum(powers) for power in powers]

    @property
    def label(self):
        """The first of the most probable classes; of an element, whether it is the likelier."""
        if self.binary:
            return int(self.value > mpf(1) / 2)
        return self.x.index(max(self.x))

    @property
    def spread(self):
        """A bound of |log t| and of |log(1 − t)|."""
        finite = [abs(x) for x in self.x if not mp.isinf(x)]
        return 2 * max(finite, default=0) + max((-mp.log(x) for x in finite if x != 0), default=0)


@dataclass(frozen=True)
class SparseRow:
    """A target of which some classes are named with their probabilities, or with the logarithms of these."""

    x: list  # the numbers of the named classes
    named: list  # these classes
    classes: int
    logs: bool
    remainder: str

    @property
    def value(self):
        named = [mp.exp(x) if self.logs else x for x in self.x]
        total = mp.fsum(named)
        if self.remainder == "normalize":
            if self.logs:  # of any size
                named = [mp.exp(x - max(self.x)) for x in self.x]
                total = mp.fsum(named)
            named = [t / total for t in named]
        others = self.classes - len(self.named)
        share = max(1 - total, 0) / others if self.remainder == "uniform" and others else mpf(0)
        row = [share] * self.classes
        for c, t in zip(self.named, named):
            row[c] = t
        return row

    @property
    def label(self):
        """The first of the most probable classes."""
        row = self.value
        return row.index(max(row))

    @property
    def spread(self):
        """A bound of |log t| of the named classes."""
        if not self.logs:
            return 0
        finite = [abs(x) for x in self.x if not mp.isinf(x)]
        return 2 * max(finite, default=0) + max((-mp.log(x) for x in finite if x != 0), default=0)
