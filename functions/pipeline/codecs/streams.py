"""Formats whose content may be several streams, one behind the other: gzip, bzip2, xz, zlib."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from functions.pipeline.codecs.bounds import FED, TAKEN, pieces
from functions.pipeline.codecs.damage import cut_short, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Stream(Protocol):
    """A decoder of one stream, as Python's own libraries have it."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What was fed behind its end."""


class Streams(NamedTuple):
    """How the streams of one format are read; `inflated` is one of this module's."""

    kind: str
    magic: bytes
    opened: "Callable[[], Stream]"
    inflated: "Callable[..., Iterator[bytes]]"
    errors: tuple[type[Exception], ...]

    def content(self, chunks: "Iterable[bytes]", name: str) -> "Iterator[bytes]":
        """Yield the plain content of all streams; zeros between and behind them are nothing.

        Raises:
            CorruptObject: one is damaged, the last one is incomplete, or something else follows.
        """
        stream, ended = None, False
        try:
            for fed in pieces(chunks, FED):
                rest = fed
                while rest := rest if stream else rest.lstrip(b"\0"):
                    if ended and not stream and not rest.startswith(self.magic[: len(rest)]):
                        raise unreadable(name, self.kind, f"is damaged: bytes that are not {self.kind} follow its end")
                    stream = stream or self.opened()
                    yield from self.inflated(stream, rest)
                    if not stream.eof:
                        break
                    rest, stream, ended = stream.unused_data, None, True
        except self.errors as error:
            raise unreadable(name, self.kind, f"is damaged ({error})") from error
        if stream:
            raise cut_short(name, self.kind)


class _WithTail(Stream, Protocol):
    """A decoder that hands back what it could not use yet: zlib's, isal's."""

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _WithBuffer(Stream, Protocol):
    """A decoder that keeps what it could not use yet: bz2's, lzma's."""

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def inflated(stream: _WithTail, fed: bytes) -> "Iterator[bytes]":
    """Yield what the fed bytes hold: less than asked for, and nothing left over, means that it was all."""
    while True:
        plain = stream.decompress(fed, TAKEN)
        if plain:
            yield plain
        fed = stream.unconsumed_tail
        if stream.eof or (not fed and len(plain) < TAKEN):
            return


def inflated_from_buffer(stream: _WithBuffer, fed: bytes) -> "Iterator[bytes]":
    """Yield what the fed bytes hold."""
    while True:
        plain = stream.decompress(fed, TAKEN)
        if plain:
            yield plain
        fed = b""
        if stream.eof or stream.needs_input:
            return
