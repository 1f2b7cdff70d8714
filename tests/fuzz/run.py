"""Run a target on bytes that nobody thought of, for some seconds: `python -m tests.fuzz.run records --seconds 60`.

A target is a module of this folder with SEEDS, of which other bytes are made, and `target`, which takes any bytes and
raises if what must hold does not. Atheris looks for bytes that reach code not reached before; where there is no wheel
of it (its marker in requirements-dev.txt says where there is), hypothesis varies the seeds.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from hypothesis.strategies import SearchStrategy

TARGETS = ("borders", "codecs", "cursor", "envelopes", "ingest", "layouts", "records", "redaction", "triggers")
_LARGEST = 4096  # bytes
_SLOW = 20  # seconds for one input: so slow is a fault too
_MEMORY = 1024  # MB, likewise
_EXAMPLES = 500  # between two looks at the clock


def by_atheris(name: str, options: argparse.Namespace) -> None:
    """Fuzz with coverage as the guide. Does not return: the fuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["functions", "tests.fuzz"]):
        module = import_module(f"tests.fuzz.{name}")
    corpus = options.folder / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(module.SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [
        f"-max_total_time={options.seconds}",
        f"-runs={options.runs}",
        f"-max_len={_LARGEST}",
        f"-timeout={_SLOW}",
    ]
    places = [f"-rss_limit_mb={_MEMORY}", f"-artifact_prefix={options.folder}/{name}-", str(corpus)]
    atheris.Setup([sys.argv[0], f"-seed={options.seed}", *limits, *places], module.target)
    atheris.Fuzz()


def by_hypothesis(name: str, options: argparse.Namespace) -> None:
    """Fuzz with variations of the seeds."""
    from hypothesis import HealthCheck, given, seed, settings

    module, end = import_module(f"tests.fuzz.{name}"), time.monotonic() + options.seconds
    limits = settings(max_examples=_EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    for number in count(1):
        seed(options.seed + number)(limits(given(data=_variations(module))(module.target)))()
        if time.monotonic() > end or number * _EXAMPLES >= options.runs >= 0:
            sys.stdout.write(f"{name}: no fault in {number * _EXAMPLES} examples\n")
            return


def _variations(module: ModuleType) -> SearchStrategy[bytes]:
    from hypothesis import strategies

    pieces = strategies.binary(max_size=8) | strategies.sampled_from(module.SEEDS)
    edits = strategies.tuples(strategies.integers(0, 500), strategies.integers(0, 8), pieces)
    varied = strategies.builds(_edited, strategies.sampled_from(module.SEEDS), strategies.lists(edits, max_size=6))
    return strategies.binary(max_size=200) | varied


def _edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Replace some bytes of the data by others, at each of some places."""
    for at, length, piece in edits:
        start = at % (len(data) + 1)
        data = data[:start] + piece + data[start + length :]
    return data[:_LARGEST]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "planted"])
    parser.add_argument("--seconds", type=int, default=60, help="at most; or a little longer")
    parser.add_argument("--runs", type=int, default=-1, help="at most; -1: as many as there is time for")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"), help="keeps what atheris found")
    parser.add_argument("--by", choices=["atheris", "hypothesis"], default=_BEST)
    return parser.parse_args()


_BEST = "atheris" if find_spec("atheris") else "hypothesis"

if __name__ == "__main__":
    given_options = _options()
    (by_atheris if given_options.by == "atheris" else by_hypothesis)(given_options.target, given_options)
