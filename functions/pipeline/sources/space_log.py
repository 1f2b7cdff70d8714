r"""The log of a Space's container, as Hugging Face keeps it: for a Space that has no endpoint /logs_api.

The Hub streams it as Server-Sent Events, {"data": "the line\n", "timestamp": "…"}, from the container's start on, and
then stays connected for what comes. It is read by huggingface_hub's session and headers, and not by its
`fetch_space_logs`, which gives the text without the times: after a restart, only these tell a container's first lines
from the same lines of the one before. When all that is there has been sent is judged as `fetch_space_logs` does.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from functions.pipeline.deadline import OutOfTime, within
from functions.pipeline.errors import ConfigError, PermanentError
from functions.pipeline.fingerprints import PLAIN
from functions.pipeline.instants import parsed_instant
from functions.pipeline.redaction import NO_REDACTION
from functions.pipeline.sources.place import namespace
from functions.pipeline.sources.space_log_failures import Asked, named, not_running, too_late
from functions.pipeline.sources.stream import Entry, NewEntries, check_position, readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions.pipeline.fingerprints import Fingerprints
    from functions.pipeline.redaction import Redaction
    from functions.pipeline.sources import Position, Reading
    from functions.pipeline.sources.gradio_options import GradioOptions

_SPACE = re.compile(r"(?a)[\w.-]+/[\w.-]+")
_LOGS = ("run", "build")
_QUIET = 5.0  # seconds without a line, after which all has been sent; as in huggingface_hub
_LONGEST_EVENT = 10 << 20  # bytes
_MOST = 64 << 20  # bytes of new lines held at once; more are read in turns
_EVENT = b"data: {"  # other lines keep the connection alive


class SpaceLogSource:
    """Reads what is new in a container's log since the last lines emitted, each line once (see `stream`).

    The lines come as the container wrote them. `redaction` hides what errors of the Hub show of them; `fingerprints`
    recognise lines that were read before.
    """

    def __init__(
        self,
        place: str,
        options: GradioOptions,
        redaction: Redaction = NO_REDACTION,
        fingerprints: Fingerprints = PLAIN,
    ) -> None:
        """Take a place and how to be let in.

        Args:
            place: `hf://owner/space`, whose container's log it is; with `?logs=build`, that of its build.
            options: the token, and the seconds in which one reading must be done.
            redaction: of errors.
            fingerprints: of lines.

        Raises:
            ConfigError: the place has another form.
        """
        self._space, self._logs = _parsed(place)
        self._options, self._redaction, self._fingerprints = options, redaction, fingerprints

    @property
    def name(self) -> str:
        """The Space, which of its logs, and a hash of both."""
        return namespace(f"hf://{self._space.lower()}?logs={self._logs}")

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield what is new, as `Source.read` says; a log of many lines is read in turns, each from its beginning."""
        check_position(position, self.name, self._fingerprints)
        complete = False
        while not complete and limit != 0:
            new = NewEntries(position, self._fingerprints)
            complete = self._fill(new)
            for reading in readings(new, position, size, limit, self._fingerprints):
                yield reading
                position = reading.position
                limit = None if limit is None else limit - len(reading.lines)

    def check(self) -> str:
        """Say how many lines the log holds; raise as `read` does."""
        new = NewEntries(None)
        complete = self._fill(new)
        return f"{new.seen} lines held" if complete else f"more than {new.seen} lines held"

    def _fill(self, new: NewEntries) -> bool:
        """Read the log from its beginning; return False where there was more than is held at once.

        Where the connection or the time ends early, what is new until then counts, and the rest is for the next time.
        """
        ends = time.monotonic() + self._options.deadline_s
        with self._errors_named(new), self._opened(ends) as response:
            for entry in _entries(response, ends):
                new.add(entry)
                if new.size > _MOST:
                    return False
        if time.monotonic() >= ends and not new.entries:
            raise too_late(self._asked())
        if not new.seen and self._logs == "run":
            self._check_stage(ends)
        return True

    @contextmanager
    def _opened(self, ends: float) -> Iterator[Any]:
        """Ask for the log; yield the response, whose body is still to come."""
        from huggingface_hub import constants
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status  # type: ignore[attr-defined]

        session, headers = get_session(), build_hf_headers(token=self._options.token or False)
        address = f"{constants.ENDPOINT}/api/spaces/{self._space}/logs/{self._logs}"
        request = session.build_request("GET", address, headers=headers, timeout=min(_QUIET, self._options.deadline_s))
        # The address of a host is looked up without a limit.
        response = within(ends - time.monotonic(), lambda: session.send(request, stream=True, follow_redirects=True))
        try:
            hf_raise_for_status(response)
            yield response
        finally:
            response.close()

    def _check_stage(self, ends: float) -> None:
        """Raise unless the Space runs, or will when somebody asks for it: then its log is empty, and that is all."""
        from huggingface_hub import HfApi

        with self._errors_named(None):
            left = max(1.0, ends - time.monotonic())
            found = HfApi().space_info(self._space, token=self._options.token or False, timeout=left)
        if found.runtime and (error := not_running(str(found.runtime.stage), self._asked())):
            raise error

    @contextmanager
    def _errors_named(self, new: NewEntries | None) -> Iterator[None]:
        """Raise what an error of the client means, unless new lines were read before it: those count."""
        try:
            yield
        except (PermanentError, OutOfTime) as error:
            raise (too_late(self._asked()) if isinstance(error, OutOfTime) else error) from None
        except ImportError as error:
            from functions.pipeline.extras import not_installed

            raise not_installed("huggingface_hub") from error
        except Exception as error:  # noqa: BLE001 (the client raises errors of two libraries, and its own)
            if new is None or not new.entries:
                raise named(error, self._asked(), self._shown(error)) from None  # its text may hold the token

    def _asked(self) -> Asked:
        return Asked(self._space, self._logs, self._options.deadline_s, has_token=bool(self._options.token))

    def _shown(self, error: Exception) -> str:
        first, *_ = str(error).splitlines() or [type(error).__name__]
        return self._redaction.text(first.replace(self._options.token, "***") if self._options.token else first)


def _parsed(place: str) -> tuple[str, str]:
    """Return the Space (`owner/space`) and which of its logs a place names."""
    parts = urlsplit(place)
    space, query = f"{parts.netloc}{parts.path}".rstrip("/"), parse_qs(parts.query)
    logs = query.pop("logs", ["run"])[-1]
    if not _SPACE.fullmatch(space) or logs not in _LOGS or query:
        raise ConfigError("--source: expected a Space such as hf://owner/space, or hf://owner/space?logs=build")
    return space, logs


def _entries(response: Any, ends: float) -> Iterator[Entry]:  # noqa: ANN401 (httpx2 is imported where it is used)
    """Yield the entries that were there when the response began; or as many as come in time.

    Raises:
        PermanentError: an event is not one of a log.
    """
    began, heard = _server_time(response), time.monotonic()
    for line in _lines(response, ends):
        now = time.monotonic()
        if line.startswith(_EVENT):
            entry, heard = _entry(line.removeprefix(b"data: ")), now
            if began and (told := parsed_instant(entry.time, UTC)) and datetime.fromisoformat(told) > began:
                return
            yield entry
        if now >= ends or now - heard >= _QUIET:
            return


def _server_time(response: Any) -> datetime | None:  # noqa: ANN401
    """Return when the response began by the server's clock, a second later for it counts seconds; None: not told."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(response.headers["date"]) + timedelta(seconds=1)
    except (KeyError, ValueError):
        return None


def _lines(response: Any, ends: float) -> Iterator[bytes]:  # noqa: ANN401
    """Split the body into lines until it ends, is silent for too long, or the time is over."""
    rest = b""
    for chunk in _until_silence(response):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if time.monotonic() >= ends:
            return
        if len(rest) > _LONGEST_EVENT:
            raise _no_log("an event of more than 10 MiB")


def _until_silence(response: Any) -> Iterable[bytes]:  # noqa: ANN401
    import httpx2

    try:
        yield from response.iter_bytes()
    except httpx2.ReadTimeout:
        return


def _entry(event: bytes) -> Entry:
    try:
        found = json.loads(event)
        line, told = found["data"].rstrip("\r\n"), str(found.get("timestamp") or "")
    except (ValueError, KeyError, AttributeError, RecursionError):
        raise _no_log(event[:100].decode("utf-8", "replace")) from None
    return Entry(line.encode("utf-8", "backslashreplace"), told)


def _no_log(came: str) -> PermanentError:
    return PermanentError(
        'Hugging Face gives no log of the form expected, {{"data": …, "timestamp": …}}, but {came!r}. Upgrade Trilog, '
        "or unset HF_ENDPOINT.",
        came=came,
    )
