"""The benchmark's input as objects in a store: a folder of files, made once."""

from __future__ import annotations

import gzip
import itertools
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.logs import OTHERS, json_entry, lines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LEVEL = 6  # the collector's
_FOLDER = "raw/bench"


class Inputs(NamedTuple):
    """Where the objects lie: `folder` is a store's, and the methods return keys."""

    folder: Path

    def plain(self, count: int) -> str:
        """Return the key of a plain log of so many lines."""
        return self._made(count)[0]

    def compressed(self, count: int) -> str:
        """Return the key of the same log, gzipped."""
        return self._made(count)[1]

    def entries(self, count: int) -> str:
        """Return the key of the same log as JSON entries, one a line, gzipped."""
        return self._made(count)[2]

    def other(self, count: int, form: str) -> str:
        """Return the key of the same log in another layout, or in an envelope, gzipped; `form` is one of OTHERS."""
        key = f"{_FOLDER}/{count}-{form}.log.gz"
        if not (self.folder / key).exists():
            (self.folder / key).parent.mkdir(parents=True, exist_ok=True)
            with gzip.open(self.folder / f"{key}.part", "wt", _LEVEL, encoding="utf-8") as file:
                file.writelines(f"{OTHERS[form](line)}\n" for line in lines(count))
            (self.folder / f"{key}.part").rename(self.folder / key)
        return key

    def repeated(self, count: int, times: int) -> str:
        """Return the key of a gzipped log that has another one's lines several times over."""
        once = (self.folder / self.compressed(count)).read_bytes()
        key = f"{_FOLDER}/{count}-times-{times}.log.gz"
        with (self.folder / key).open("wb") as whole:
            whole.writelines(itertools.repeat(once, times))  # gzip streams, one after the other, are a gzip stream
        return key

    def small(self, objects: int, count: int) -> list[str]:
        """Return the keys of so many objects with the same so many lines each."""
        content = gzip.compress("".join(f"{line}\n" for line in lines(count)).encode(), _LEVEL, mtime=0)
        keys = [f"{_FOLDER}/small-{count}/{number}.log.gz" for number in range(objects)]
        (self.folder / keys[0]).parent.mkdir(parents=True, exist_ok=True)
        for key in keys:
            (self.folder / key).write_bytes(content)
        return keys

    def _made(self, count: int) -> list[str]:
        keys = [f"{_FOLDER}/{count}{kind}" for kind in (".log", ".log.gz", "-entries.log.gz")]
        if not (self.folder / keys[-1]).exists():
            (self.folder / keys[0]).parent.mkdir(parents=True, exist_ok=True)
            self._write(keys, lines(count))
        return keys

    def _write(self, keys: list[str], made: Iterable[str]) -> None:
        with ExitStack() as stack:
            opened = [(self.folder / f"{key}.part").open("wb") for key in keys]
            files = [stack.enter_context(each) for each in opened]
            plain, *packed = files
            text, entries = (stack.enter_context(gzip.GzipFile("", "wb", _LEVEL, each, mtime=0)) for each in packed)
            for line in made:
                encoded = f"{line}\n".encode()
                plain.write(encoded)
                text.write(encoded)
                entries.write(f"{json_entry(line)}\n".encode())
        for key in keys:
            (self.folder / f"{key}.part").rename(self.folder / key)
