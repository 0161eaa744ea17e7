#!/usr/bin/env python3
"""Writes the golden files: python3 make_golden.py [loss …]; without names, all of them. README.md tells the format."""

import sys
import time
from pathlib import Path

from oracle.cases import cases
from oracle.precision import Undecided
from oracle.scoring import score
from oracle.stated import check
from oracle.subjects import OVERLAPS, SUBJECTS
from oracle.wire import render

HERE = Path(__file__).parent


def entry(subject, case):
    """One line of a golden file."""
    try:
        expected = score(subject.loss, case.request | (case.generated or {}), case.sampled)
    except Undecided as reason:
        raise SystemExit(f"{subject.loss}: {case.name}: {reason}") from reason
    generator = {"generator": case.generator} if case.generator else {}
    return render({"name": case.name, **generator, "request": case.request, "expected": expected})


def main(names):
    check()
    for subject in (*SUBJECTS, *OVERLAPS):
        if names and subject.loss not in names:
            continue
        started = time.monotonic()
        lines = [entry(subject, case) for case in cases(subject)]
        path = HERE / f"{subject.loss}.json"
        path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
        print(f"{path.name}: {len(lines)} cases, {path.stat().st_size // 1024} KB, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
