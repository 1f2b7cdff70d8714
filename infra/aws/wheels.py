# ruff: noqa: INP001 (a folder of scripts, not a package)
"""A function's libraries, as the Lambda platform needs them and not as this machine does."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
_GLIBC = range(34, 16, -1)  # Amazon Linux 2023, on which Lambda's Python 3.12 and newer run, has 2.34
# What a function never reads: zstandard's second implementation (for PyPy), types, tests, commands, pip's own notes.
_UNREAD = (
    "zstandard/_cffi*",
    "zstandard/backend_cffi.py",
    ".lock",
    "bin",
    "**/tests",
    "**/*.pyi",
    "**/py.typed",
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "*.dist-info/uv_cache.json",
)


def install(lock: Path, folder: Path, architecture: str, python: str) -> None:
    """Put the libraries that a lock file names, and no others, into a folder.

    Args:
        lock: pinned, with all that they need themselves, and with the hashes of their files.
        folder: where to put them.
        architecture: "arm64" or "x86_64".
        python: the version of the runtime: "3.13".

    Raises:
        SystemExit: the installer failed, or a file has another hash; it has said why.
    """
    given = ["--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "--python-version", python]
    where = ["--target", str(folder), "--requirement", str(lock)]
    command = [*_installer(MACHINES[architecture]), *given, *where]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 (all of it is ours)
        raise SystemExit(f"{lock}: not installed for {architecture}, Python {python}")
    _remove_unread(folder)
    for library in folder.rglob("*.so*"):
        library.write_bytes(loadable(library.read_bytes()))


def libraries(folder: Path) -> set[str]:
    """List what can be imported from a folder, by its top-level names."""
    return {path.name.split(".")[0] for path in folder.iterdir() if path.suffix != ".dist-info"}


def _installer(machine: str) -> list[str]:
    """Return pip, or uv in a virtual environment that uv made, told to take wheels for another machine."""
    if find_spec("pip") is None and (uv := shutil.which("uv")):
        return [uv, "pip", "install", f"--python-platform={machine}-manylinux_2_{_GLIBC[0]}"]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC] + [f"manylinux2014_{machine}"]
    choices = [f"--platform={each}" for each in platforms]
    return [sys.executable, "-m", "pip", "install", "--implementation=cp", "--no-compile", *choices]


def _remove_unread(folder: Path) -> None:
    for pattern in _UNREAD:
        for path in list(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def loadable(content: bytes) -> bytes:
    """Return of a shared library (64-bit ELF, little-endian) what the loader reads.

    Some wheels carry debug information, ten times what the code takes (zstandard: 10 of 11 MB). It stands behind the
    last segment, with the symbols and the section headers; no loader looks there. `strip` would do, but only one that
    knows the other machine's format.
    """
    if content[:6] != b"\x7fELF\x02\x01":
        return content
    (table,) = struct.unpack_from("<Q", content, 0x20)
    size, count = struct.unpack_from("<HH", content, 0x36)
    places = (struct.unpack_from("<8xQ16xQ", content, table + each * size) for each in range(count))
    end = max(offset + length for offset, length in places)
    stripped = bytearray(content[:end])
    struct.pack_into("<Q", stripped, 0x28, 0)  # the section headers: none
    struct.pack_into("<HH", stripped, 0x3C, 0, 0)
    return bytes(stripped)
