"""Installs and runs the programs whose logs Trilog reads, and keeps what they write; `make programs` runs it."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.programs.corpus import Sample, UnexpectedError, keep
from tests.programs.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator


def samples() -> Iterator[Sample]:
    """List the samples of all modules beside this one that have some."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != "__main__":
            yield from getattr(importlib.import_module(f"tests.programs.{module.name}"), "WRITTEN", ())


def main() -> int:
    """Rewrite the samples that the command line names, or all; return 1 if one could not be written."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of samples' names, by default all")
    names = parser.parse_args().names
    chosen = [each for each in samples() if not names or each.name.startswith(tuple(names))]
    failed = [each.name for each in chosen if not _written(each)]
    return int(bool(failed))


def _written(sample: Sample) -> bool:
    log = b""
    try:
        installed = sample.install()
        log = run(sample, installed)
        keep(sample, installed.version, log)
    except (OSError, subprocess.SubprocessError, UnexpectedError) as error:
        sys.stdout.write(f"{sample.name}: {type(error).__name__}: {error}\n{log.decode(errors='backslashreplace')}\n")
        return False
    sys.stdout.write(f"{sample.name}: {len(sample.records)} records, {len(log)} bytes\n")
    return True


if __name__ == "__main__":
    sys.exit(main())
