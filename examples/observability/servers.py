"""The servers that ingestion runs go through, as the scripts of infra/ start and stop them."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[2]


class Server(NamedTuple):
    """A server: the folder of infra/ that has its script, and the port of 127.0.0.1 that it listens on."""

    name: str
    port: int

    def install(self) -> None:
        """Install it, unless that is done.

        Raises:
            CalledProcessError: it cannot be had here; its script has told the reader why (any method).
        """
        self._run("install")

    @contextmanager
    def running(self, data: Path, **variables: str) -> Iterator[None]:
        """Run it until the block ends.

        Args:
            data: the folder for what it stores.
            variables: what its script reads.
        """
        self._run("start-background", self.port, data, **variables)
        try:
            yield
        finally:
            self._run("stop", self.port)

    def _run(self, action: str, *arguments: object, **variables: str) -> None:
        script = _ROOT / "infra" / self.name / "server" / f"{self.name}.sh"
        command = [script, action, _ROOT / ".tools" / self.name, *arguments]
        subprocess.run(  # noqa: S603 (our own script)
            [*map(str, command)], check=True, stdout=subprocess.DEVNULL, env=os.environ | variables
        )
