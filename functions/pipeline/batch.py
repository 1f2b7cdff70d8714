"""A batch: some raw log lines, gzipped, one a line, under a key that sorts by time."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.expressions import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

RAW = "raw"  # the folder of the store where batches lie
PUSHED = "ingest"  # the folder in it of those that were sent by HTTP
_PLACES = 21  # bits for a record's place in its batch: two million; 42 for the batch's time, until 2109
_LATEST = (1 << 42) - 1  # in milliseconds since 1970
_PUSHED_KEY = rf"{RAW}/{PUSHED}/[0-9a-f]{{32}}\.log\.gz"
_STEP = timedelta(microseconds=1)
_KEY = rf"{RAW}/[^/]+/(\d{{4}}/\d\d/\d\d/\d{{6}}\.\d{{6}})(?:-\d{{20}})?-[0-9a-f]{{16}}\.log\.gz"


class Batch(NamedTuple):
    """An object for the store: its key, its gzipped bytes, and how many lines of the source are in it."""

    key: str
    body: bytes
    lines: int


class Mark(NamedTuple):
    """What tells a batch from the others of its source: the time (UTC) and the number of its first message."""

    time: datetime
    offset: int


def make_batch(
    source: str, lines: list[bytes], after: datetime | None, mark: Mark | None = None
) -> tuple[Batch, datetime]:
    """Pack lines into a batch of the named source.

    The key is `raw/<source>/<yyyy>/<mm>/<dd>/<time>-<hash>.log.gz`: keys of one source sort in the order in which they
    were made, because a batch's time is later than the one before it even when the clock has stepped back. With a mark,
    it is `<time>-<offset>-<hash>.log.gz`, and the same lines have the same key whenever they come.

    Returns:
        The batch and its time (UTC), to be given as `after` for the next one.
    """
    import gzip  # the indexer, which reads keys only, inflates faster

    if mark:
        time, number = mark.time, f"-{mark.offset:020}"
    else:
        time, number = datetime.now(UTC) if after is None else max(datetime.now(UTC), after + _STEP), ""
    content = b"\n".join(lines) + b"\n"
    digest = blake2b(content, digest_size=8).hexdigest()
    key = f"{RAW}/{source}/{time:%Y/%m/%d}/{time:%H%M%S.%f}{number}-{digest}.log.gz"
    return Batch(key, gzip.compress(content, compresslevel=6, mtime=0), len(lines)), time


def pushed_batch(lines: list[bytes], name: str | None) -> Batch:
    """Pack lines that somebody has sent into a batch: the same lines, or the same name, always have the same key.

    The key is `raw/ingest/<hash>.log.gz`; it tells no time, for a retry comes later.

    Args:
        lines: without line ends.
        name: what the sender calls this batch; None: it is known by its lines.
    """
    import gzip  # as above

    content = b"\n".join(lines) + b"\n"
    named = content if name is None else name.encode()
    digest = blake2b(named, digest_size=16, person=b"lines" if name is None else b"name").hexdigest()
    return Batch(f"{RAW}/{PUSHED}/{digest}.log.gz", gzip.compress(content, compresslevel=6, mtime=0), len(lines))


def batch_time(key: str) -> datetime | None:
    """Read the time (UTC) that a batch's key tells; None for the key of an object that somebody else dropped."""
    found = compiled(_KEY).fullmatch(key)
    try:
        return datetime.strptime(found[1], "%Y/%m/%d/%H%M%S.%f").replace(tzinfo=UTC) if found else None
    except ValueError:  # February 31st, say: no batch of ours
        return None


def number_range(made: datetime) -> tuple[int, int]:
    """Return the first and the last number that `sequences` gives to records of a batch of that time."""
    first = min(int(made.timestamp() * 1000), _LATEST) << _PLACES
    return first, first | (1 << _PLACES) - 1


def is_own(key: str) -> bool:
    """Say whether a key is that of a batch which Trilog itself puts, once and for all."""
    return batch_time(key) is not None or compiled(_PUSHED_KEY).fullmatch(key) is not None


def sequences(made: datetime, before: int = 0) -> "Iterator[int]":
    """Number a batch's records so that records sort as they were logged, where their times have seconds only.

    Those after the two millionth share a number.

    Args:
        made: when the batch was.
        before: how many records come before those that are numbered.
    """
    first, last = number_range(made)
    return chain(range(first + before, last), repeat(last))
