"""Whatever a cursor object holds, it is a position to read on from, or an error that names it: never a new start."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from functions.collector.journal import Journal
from functions.pipeline.errors import PermanentError
from functions.pipeline.sources.file import FileSource
from functions.pipeline.sources.window import Page, check_position, read_new, readings
from functions.pipeline.store import Store

_STORE = Store("memory://")
_LINES = [b"line %d" % number for number in range(30)]
_FOLDER = TemporaryDirectory()
_FILE = Path(_FOLDER.name) / "a.log"
_FILE.write_bytes(b"\n".join(_LINES) + b"\n")
_TIME = "2025-01-20T10:30:00+00:00"
_BATCH = {"key": "raw/a/b.log.gz", "body": b64encode(gzip.compress(b"line\n")).decode(), "lines": 1}


def _cursor(position: object, batch: object = None, time: object = _TIME) -> bytes:
    return json.dumps({"scheme": 1, "position": position, "time": time, "batch": batch}).encode()


def _trace(**changed: object) -> dict[str, object]:
    fingerprint = "a" * 32
    known = {
        "fingerprint": fingerprint,
        "length": 5,
        "ending": fingerprint,
        "offset": 5,
        "inode": 1,
        "size": 5,
        "modified": 1,
    }
    return {**known, "finished": False, **changed}


SEEDS = [
    _cursor({"window": ["aa", "bb"], "held": 2}),
    _cursor({"window": ["aa"], "held": 2, "key": "aa"}, _BATCH),
    _cursor({"files": [_trace()]}, _BATCH),
    _cursor(None),
    json.dumps(_trace()).encode(),
    json.dumps(_BATCH).encode(),
    json.dumps(_TIME).encode(),
    b'{"scheme": 1}',
    b"",
]


def target(data: bytes) -> None:
    """Read the bytes as a cursor, then as a part of one."""
    _check(data)
    try:
        cursors = _around(json.loads(data))
    except (ValueError, RecursionError):
        return
    for cursor in cursors:
        _check(cursor)


def _around(part: object) -> list[bytes]:
    windows = {"window": ["aa"], "held": part}, {"window": part, "held": 1}
    files = {"files": [part]}, {"files": part}
    return [*map(_cursor, (part, *windows, *files)), _cursor({}, part), _cursor({}, None, part)]


def _check(data: bytes) -> None:
    """Read a cursor, and on from the position in it."""
    _STORE.put("cursors/a.json", data)
    try:
        journal = Journal(_STORE, "a")
    except PermanentError as error:
        assert "cursors/a.json" in str(error)  # noqa: PT017 (whether it raises is up to the bytes)
        return
    assert isinstance(journal.position, dict)
    for read in (_read_space, _read_file):
        with suppress(PermanentError):
            read(journal.position)
    journal.save_batch([b"line"], journal.position)
    again = Journal(_STORE, "a")
    assert (again.position, again.batch) == (journal.position, journal.batch)


def _read_space(position: dict[str, Any]) -> None:
    check_position(position, "a")
    newest = _LINES[::-1]
    news = read_new(lambda limit, offset: Page(newest[offset : offset + limit], len(newest)), position)
    assert [line for reading in readings(news, position, 7) for line in reading.lines] == _LINES[
        len(_LINES) - len(news.lines) :
    ]


def _read_file(position: dict[str, Any]) -> None:
    read = [line for reading in FileSource(str(_FILE)).read(position, 7) for line in reading.lines]
    assert read == _LINES[len(_LINES) - len(read) :] or b"\n".join(_LINES).endswith(b"\n".join(read))
