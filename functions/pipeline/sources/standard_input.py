"""Standard input, read once to its end: `cat api.log | trilog --once --source -`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.codecs import decoded
from functions.pipeline.codecs.charsets import UTF_8
from functions.pipeline.errors import ConfigError, PermanentError
from functions.pipeline.sources import Reading
from functions.pipeline.sources.file_readings import Cutter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedReader

    from functions.pipeline.sources import Position

_BLOCK = 256 << 10  # bytes read at once, or as many as have come


class StandardInputSource:
    """Reads lines from a pipe or a redirected file, compressed or not.

    A pipe has no place to go back to: there is no cursor, each run takes all that it is given, and lines that are piped
    in twice are indexed twice. Within a run, a reading that the store did not take is given again.
    """

    name = "stdin"

    def __init__(
        self,
        stream: BufferedReader | None,
        begins_record: Callable[[bytes], object] | None = None,
        encoding: str = UTF_8,
    ) -> None:
        """Take a stream of bytes.

        Args:
            stream: what is read; None where the process was started without a standard input.
            begins_record: says whether a line begins a record; a reading ends before such a line.
            encoding: the charset of lines that are not UTF-8.

        Raises:
            ConfigError: there is no stream.
        """
        if stream is None:
            raise ConfigError("Standard input is closed. Pipe a log into trilog, or name its file")
        self._stream = stream
        self._begins_record, self._encoding = begins_record, encoding
        self._unread: Iterator[Reading] | None = None
        self._given: Reading | None = None  # and not known to have been taken

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:  # noqa: ARG002
        """Yield what comes until the end of the stream; memory does not grow with it.

        Raises:
            PermanentError: the stream cannot be read, or its compressed content is damaged.
        """
        if self._unread is None:
            self._unread = self._readings(size, limit)
        if self._given:
            yield self._given
        for reading in self._unread:
            self._given = reading
            yield reading
        self._given = None

    def check(self) -> str:
        """Say that it is there; what comes is left for the run."""
        return "standard input"

    def _readings(self, size: int, limit: int | None) -> Iterator[Reading]:
        cutter = Cutter(size, limit, self._begins_record)
        for lines, _end, _last in cutter.readings(decoded(self._blocks(), "standard input", self._encoding)):
            yield Reading(lines, {})

    def _blocks(self) -> Iterator[bytes]:
        try:
            while block := self._stream.read1(_BLOCK):
                yield block
        except OSError as error:
            raise PermanentError(
                "Standard input cannot be read: {strerror}. Pipe a log into trilog, or name its file",
                strerror=error.strerror,
            ) from error
