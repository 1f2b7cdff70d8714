# ruff: noqa: INP001, T201 (a folder of scripts, not a package; and this one prints)
"""Packages functions for AWS Lambda: one zip each, with what its handler imports and nothing else.

python -m infra.aws.package [--architecture arm64] [--runtime python3.13] [collector] [indexer] [ingest] [traces]
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from infra.aws.bytecode import compile_all
from infra.aws.imports import Follower
from infra.aws.wheels import MACHINES, install, libraries

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("collector", "indexer", "ingest", "traces")
_ELSEWHERE = {"boto3", "botocore", "opentelemetry"}  # in the runtime; and, for traces of their own, in a layer
_DATA = ("template.json", "*.toml")  # what modules read that lies beside them
_TIME = (1980, 1, 1, 0, 0, 0)  # of every file, so that the same content makes the same zip


@dataclass(frozen=True)
class Package:
    """One function, made for one runtime ("python3.13") on one architecture ("arm64", "x86_64")."""

    function: str
    architecture: str = "arm64"
    runtime: str = "python3.13"
    packages: Path = ROOT / ".serverless-packages"

    @property
    def path(self) -> Path:
        """The zip, as serverless.yml names it."""
        return self.packages / f"{self.runtime}-{self.architecture}" / f"{self.function}.zip"

    def make(self) -> str:
        """Make the zip; return what became of it, and in further lines what it is without.

        Raises:
            SystemExit: a library is missing, or cannot be installed.
        """
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            python = self.runtime.removeprefix("python")
            install(ROOT / "functions" / self.function / "requirements.lock", folder, self.architecture, python)
            left_out = self._copy_modules(folder)
            compile_all(folder, python)
            size = _zip(folder, self.path)
        sizes = f"{_megabytes(self.path.stat().st_size)}, unzipped {_megabytes(size)}"
        return f"{'/'.join(self.path.parts[-3:])}: {sizes}{left_out}"

    def _copy_modules(self, folder: Path) -> str:
        follower = Follower(ROOT, libraries(folder) | _ELSEWHERE)
        for handler in sorted((ROOT / "functions" / self.function).glob("*handler.py")):
            needed = follower.needed(f"functions.{self.function}.{handler.stem}")  # with what those before it need
        folders = {each.parent for each in needed.files}
        data = {path for folder in folders for form in _DATA for path in folder.glob(form)}
        for path in sorted({*needed.files, *data}):
            copy = folder / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copyfile(path, copy)
        lines = [f"\n  without {name} (no {', '.join(sorted(lacks))})" for name, lacks in needed.left_out.items()]
        return "".join(lines)


def _zip(folder: Path, path: Path) -> int:
    """Zip a folder's files in order of their names; return their bytes in all. A zip is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    unfinished = path.with_suffix(".part")
    with ZipFile(unfinished, "w") as made:
        for each in files:
            entry = ZipInfo(str(each.relative_to(folder)), _TIME)
            entry.compress_type, entry.create_system, entry.external_attr = ZIP_DEFLATED, 3, 0o100644 << 16
            made.writestr(entry, each.read_bytes(), compresslevel=9)
    unfinished.replace(path)
    return sum(each.stat().st_size for each in files)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def main() -> None:
    """Package the functions named on the command line; all of them if none is."""
    parser = argparse.ArgumentParser(prog="package", description="Package functions for AWS Lambda.")
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help=f"{', '.join(FUNCTIONS)}; by default all")
    parser.add_argument("--architecture", choices=sorted(MACHINES), default=Package.architecture)
    parser.add_argument("--runtime", default=Package.runtime, help="Lambda's name for the version of Python")
    given = parser.parse_args()
    for function in given.functions or FUNCTIONS:
        print(Package(function, given.architecture, given.runtime).make())


if __name__ == "__main__":
    main()
