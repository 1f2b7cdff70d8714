"""The packages that `make package` made, unpacked read-only as in Lambda, and the interpreter that runs them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING
from zipfile import ZipFile

from infra.aws.bytecode import find_interpreter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_READ_ONLY = 0o555
_AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


class MissingError(Exception):
    """What a measurement needs is not on this machine; says what."""


@dataclass(frozen=True)
class Runtime:
    """A version of Python ("3.13") and where packages are unpacked for it."""

    python: str
    interpreter: str
    folder: Path

    def command(self, *arguments: object) -> list[str]:
        """Return the command that runs a script, without what this machine adds to its Python (`-S`)."""
        return [self.interpreter, "-S", *map(str, arguments)]

    def environment(self, library: str, **variables: str) -> Mapping[str, str]:
        """Return the environment of an invocation: no user's settings, and the imports of one folder."""
        return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(self.folder / library), **_AWS, **variables}

    def add_client(self) -> None:
        """Install the official client as a package is, bytecode and all."""
        wanted = f"elasticsearch=={version('elasticsearch')}"
        where = ["--target", str(self.folder / "client")]
        quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
        command = [self.interpreter, "-m", "pip", "install", *quiet, *where, wanted]
        if subprocess.run(command, check=False).returncode:
            raise MissingError(f"{wanted} could not be installed for Python {self.python}")


def unpacked(packages: Path, folder: Path) -> Runtime:
    """Unpack the packages in a folder such as `.serverless-packages/python3.13-x86_64`.

    Raises:
        MissingError: there are none, or there is no Python of their version.
    """
    python = packages.name.removeprefix("python").partition("-")[0]
    interpreter = find_interpreter(python)
    if interpreter is None:
        raise MissingError(f"no Python {python} here. Run: make bench RUNTIME=python3.11 (or what you have)")
    for function in ("indexer", "collector"):
        _unpack(packages / f"{function}.zip", folder / function)
    return Runtime(python, _itself(interpreter), folder)


def _itself(interpreter: str) -> str:
    """Return where an interpreter really is: pyenv's are scripts that look for it at each start."""
    command = [interpreter, "-c", "import sys; print(sys.executable)"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _unpack(package: Path, folder: Path) -> None:
    if not package.exists():
        raise MissingError(f"no {package.name}. Run: make package")
    with ZipFile(package) as opened:
        opened.extractall(folder)
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(_READ_ONLY)
