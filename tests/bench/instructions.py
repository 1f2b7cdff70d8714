"""How many instructions of the processor a line takes, and in whose code: the baseline and ours, under valgrind.

Unlike CPU time, that does not depend on how busy the machine is.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.bench.callgrind import self_costs
from tests.bench.packages import MissingError
from tests.bench.processes import python_environment, serving, told
from tests.bench.throughput import counted

if TYPE_CHECKING:
    from tests.bench.inputs import Inputs
    from tests.bench.processes import Server

_FEW, _MANY = 4_000, 22_000  # lines: what both sizes need once, the start and the imports, is in neither's difference
_OTHER = "other"
_CODE = {  # whose it is, by the path of the object file
    "interpreter": re.compile(r".*/(libpython[^/]*|python[\d.]*|lib-dynload/[^/]*)"),
    "orjson": re.compile(r".*/orjson/[^/]*"),
    "isal": re.compile(r".*/isal/[^/]*"),
    "C library": re.compile(r".*/(lib(c|m|dl|rt|pthread)|ld)[-.][^/]*"),
}
# Alike in all runs: the order of sets, and which modules are compiled, namely those without bytecode, each time.
_ALIKE = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def instructions(inputs: Inputs, few: int = _FEW, many: int = _MANY) -> dict[str, Any]:
    """Count the instructions a line of the baseline and of ours, by whose code they are, with few lines and many.

    Raises:
        MissingError: there is no valgrind.
    """
    if not shutil.which("valgrind"):
        raise MissingError("valgrind is not installed here (Debian: valgrind)")
    with serving("fake_elasticsearch") as server:
        return {"lines": [few, many], **{row: _per_line(row, inputs, few, many, server) for row in ("baseline", "gz")}}


def by_code(costs: Counter[str]) -> Counter[str]:
    """Add up what object files cost, given by their paths, by whose code they are."""
    sums: Counter[str] = Counter()
    for path, cost in costs.items():
        whose = (name for name, paths in _CODE.items() if paths.fullmatch(path))
        sums[next(whose, _OTHER)] += cost
    return sums


def _per_line(row: str, inputs: Inputs, few: int, many: int, server: Server) -> dict[str, int]:
    less, more = (by_code(_costs(row, inputs, count, server)) for count in (few, many))
    return {name: round((more[name] - less[name]) / (many - few)) for name in (*_CODE, _OTHER)}


def _costs(row: str, inputs: Inputs, count: int, server: Server) -> Counter[str]:
    """Run a program under valgrind; count the instructions of each object file."""
    with TemporaryDirectory(prefix="trilog-callgrind-") as name:
        written = Path(name) / "callgrind.out"
        valgrind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={written}"]
        command = [*valgrind, sys.executable, "-m", *_program(row, inputs, count, server.url)]
        counted(server, lambda: told(command, {**python_environment(), **_ALIKE}))
        with written.open(encoding="utf-8", errors="replace") as lines:
            return self_costs(lines)


def _program(row: str, inputs: Inputs, count: int, url: str) -> list[str]:
    if row == "baseline":
        return ["tests.bench.measured.baseline", str(inputs.folder / inputs.plain(count)), url]
    return ["tests.bench.measured.ours", f"file://{inputs.folder}", inputs.compressed(count), url]
