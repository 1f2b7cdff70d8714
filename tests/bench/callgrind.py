"""What valgrind's callgrind wrote: how many instructions of each object file (a program, a shared library) ran.

The format: https://valgrind.org/docs/manual/cl-format.html
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OBJECT = re.compile(r"(c?ob)=(\(\d+\))? ?(.*)")  # "(number) name" the first time, even as a callee's, then "(number)"
_POSITIONS = tuple("0123456789+-*")  # how a line of costs begins: a line of the source, or the way to it from the last
_TOTALS = ("summary:", "totals:")


def self_costs(lines: Iterable[str]) -> Counter[str]:
    """Count the instructions of each object file's own code, by its path; code inlined into it is its own.

    Raises:
        ValueError: they are not as many as the file itself says.
    """
    costs: Counter[str] = Counter()
    for name, instructions in _counts(lines):
        costs[name] += instructions
    told = {costs.pop(each) for each in _TOTALS if each in costs}
    if told != {costs.total()}:
        raise ValueError(f"{costs.total()} instructions, of which the callgrind file says that they are {told}")
    return costs


def _counts(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield what each line counts, and the object that it is about; the file's own totals under their names."""
    names: dict[str, str] = {}
    current, remaining = "", iter(lines)
    for line in remaining:
        if line.startswith(_POSITIONS):
            yield current, int(line.split()[1])
        elif line.startswith("calls="):
            next(remaining, "")  # what the callee took: its own lines tell that too
        elif named := _OBJECT.match(line):
            kind, number, name = named.groups()
            names[number] = name or names[number]
            current = names[number] if kind == "ob" else current
        elif line.startswith(_TOTALS):
            name, total = line.split()
            yield name, int(total)
