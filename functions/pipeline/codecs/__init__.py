"""Which bytes are text: content as it is stored in, UTF-8 out. All is told by the content's first bytes, not by a name.

A codec is a module of this folder. It has `matches(head)`, which says whether content that begins with `head` (HEAD
bytes, or all there is) is its own, and one of

- `decompressed(chunks, name)`, which yields the plain content in pieces of at most 128 KiB;
- `members(chunks, name)`, which yields the name and the plain content of each part of an archive.

Both raise CorruptObject, as `damage` makes it, after what came before. Codecs nest; what is found in the end is text in
some charset, or is refused.

Content that begins with a digit, a brace or a bracket, or whose head is plain ASCII, is text: no codec is asked.
"""

from functools import cache
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.codecs.binary import SAMPLE, check_text
from functions.pipeline.codecs.bounds import Bound, Stored, gathered
from functions.pipeline.codecs.charsets import UTF_8, as_utf8, charset_of
from functions.pipeline.codecs.damage import unsupported
from functions.pipeline.codecs.nuls import without_runs
from functions.pipeline.errors import NotText, TrilogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEAD = 4096  # bytes that tell what content is
_LINES = (*(b"%d" % digit for digit in range(10)), b"{", b"[")  # what nothing compressed begins with
_DEEPEST = 4  # codecs, one in the other


class Content(NamedTuple):
    """Content that is not compressed any more, in bounded pieces, and its charset (None: not known yet)."""

    chunks: "Iterator[bytes]"
    charset: str | None


def decoded(chunks: "Iterable[bytes]", name: str, encoding: str = UTF_8) -> "Iterator[bytes]":
    """Yield the text that stored bytes hold, as UTF-8, whatever their compression and charset.

    Streams that follow each other are read, zeros after them are nothing, of an archive each member is read in order. A
    piece has at most 128 KiB of plain content, however well that was compressed; small pieces are joined, and plain
    UTF-8 passes as it is. Runs of NUL bytes are left out. Bytes that are no UTF-8 stay as they are, where `encoding`
    does not say what they are.

    Args:
        chunks: the content as stored, in pieces of any size.
        name: what the content is called in an error.
        encoding: the charset of lines that are not UTF-8, as CodecOptions has it.

    Raises:
        NotText: the content is no text, and nothing of it is yielded; or a member of an archive is none, and the others
            have been.
        CorruptObject: the content ends too early, is damaged, or inflates beyond reason (1 GiB that is more than 300
            times what was stored for it). What came before has been yielded by then, except for up to 128 KiB just
            before damage.
    """
    return _utf8(opened(chunks, name, encoding))


def is_compressed(head: bytes) -> bool:
    """Say whether content that begins with `head` (HEAD bytes, or all there is) is compressed."""
    return _codec(head) is not None


def opened(chunks: "Iterable[bytes]", name: str, encoding: str = UTF_8) -> Content:
    """Open stored bytes as `decoded` does, but leave their charset as it is. What is wrong is raised in reading."""
    return _text(decompressed(chunks, name, encoding), name, encoding)


def decompressed(chunks: "Iterable[bytes]", name: str, encoding: str = UTF_8, depth: int = 0) -> Content:
    """Open stored bytes, in `depth` codecs already, as what they are when no codec is left; the charset may be unknown.

    The members of an archive are each decoded as far as may be.
    """
    stored = Stored(chunks)
    layer = iter(stored)
    for left in range(_DEEPEST - depth, -1, -1):
        head, layer = _peek(layer, HEAD)
        codec = _codec(head)
        if codec is None:
            return Content(layer, None)
        if hasattr(codec, "members") and left:
            members = _members(codec.members(layer, name), name, encoding, _DEEPEST - left + 1)
            return Content(gathered(Bound(stored, name).pieces(members)), UTF_8)
        if left:
            layer = gathered(Bound(stored, name).pieces(codec.decompressed(layer, name)))
    return Content(_failing(unsupported(name, "compressed", f"is compressed more than {_DEEPEST} times over")), UTF_8)


def _utf8(content: Content) -> "Iterator[bytes]":
    return without_runs(as_utf8(content.chunks, content.charset or UTF_8))


def _text(content: Content, name: str, encoding: str) -> Content:
    """Find the charset of content, and that it is text at all."""
    if content.charset:
        return content
    sample, chunks = _peek(content.chunks, SAMPLE)
    try:
        check_text(sample, name, encoding)
    except NotText as error:
        return Content(_failing(error), UTF_8)
    return Content(chunks, charset_of(sample[:HEAD], encoding))


def _members(
    members: "Iterable[tuple[str, Iterator[bytes]]]", name: str, encoding: str, depth: int
) -> "Iterator[bytes]":
    """Yield the text of an archive's members, each with its last line ended; what is not text is raised at the end."""
    problem: NotText | None = None
    for member, content in members:
        last, inside = b"\n", f"{name}: {member}"
        try:
            for piece in _utf8(_text(decompressed(content, inside, encoding, depth), inside, encoding)):
                last = piece[-1:]
                yield piece
        except NotText as error:
            problem = problem or error
        if last != b"\n":
            yield b"\n"
    if problem:
        raise problem


def _codec(head: bytes) -> Any:  # noqa: ANN401 (a module)
    """Find the codec of some content; what begins as lines do, or is plain ASCII, is nobody's: no codec is imported."""
    if head.startswith(_LINES) or (head.isascii() and b"\0" not in head):
        return None
    return next((codec for codec in _codecs() if codec.matches(head)), None)


def _codecs() -> "Iterator[Any]":
    """Yield the codecs, imported as they are asked for: first gzip, in which all our own batches are."""
    yield import_module(f"{__name__}.gzip")
    yield from _listed()


@cache
def _listed() -> list[Any]:
    import pkgutil

    modules = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return [module for module in modules if hasattr(module, "matches")]


def _peek(chunks: "Iterator[bytes]", size: int) -> "tuple[bytes, Iterator[bytes]]":
    """Return the first bytes, and the chunks as they were; what fails meanwhile fails again behind them."""
    seen: list[bytes] = []
    seen_size = 0
    try:
        while seen_size < size and (chunk := next(chunks, None)) is not None:
            seen.append(chunk)
            seen_size += len(chunk)
    except TrilogError as error:
        chunks = _failing(error)
    return b"".join(seen)[:size], chain(seen, chunks)


def _failing(error: TrilogError) -> "Iterator[bytes]":
    yield from ()
    raise error
