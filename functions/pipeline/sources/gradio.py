"""The log of a Gradio Space, read page by page from its endpoint /logs_api with Gradio's own client."""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
from base64 import b64encode
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote, urlsplit

from functions.pipeline.deadline import within
from functions.pipeline.errors import ConfigError, PermanentError, TransientError, TrilogError
from functions.pipeline.fingerprints import PLAIN
from functions.pipeline.redaction import NO_REDACTION
from functions.pipeline.sources.gradio_answers import problem_in, read_answer
from functions.pipeline.sources.gradio_events import readable_events
from functions.pipeline.sources.gradio_failures import (
    ASKED,
    REFUSED,
    TOO_MANY,
    UNAUTHORIZED,
    UNAVAILABLE,
    Seen,
    check_version,
    named,
    starting,
)
from functions.pipeline.sources.place import namespace
from functions.pipeline.sources.window import Rules, check_position, read_new, readings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from functions.pipeline.fingerprints import Fingerprints
    from functions.pipeline.redaction import Redaction
    from functions.pipeline.sources import Position, Reading
    from functions.pipeline.sources.gradio_options import GradioOptions
from functions.pipeline.sources.window import Page

_ENDPOINT, _INPUTS = "/logs_api", ("limit", "offset")
_ANSWERS = "/queue/data"  # where the client reads all answers, as one stream of events
_MARGIN = 0.5  # seconds that a request may outlive the deadline, so that it is the deadline that is reported
_LONGEST_WAIT = 8.0  # seconds between two tries
_SERVED = ("RUNNING", "RUNNING_BUILDING", "RUNNING_APP_STARTING", "SLEEPING")  # a request wakes a sleeping Space
_STARTING = ("BUILDING", "APP_STARTING")


class GradioSource:
    """Reads a Space's log: what is new since the last lines emitted, each line once (see `window`).

    `redaction` hides what errors of the Space show of its records; `fingerprints` know lines again.
    """

    def __init__(
        self, options: GradioOptions, redaction: Redaction = NO_REDACTION, fingerprints: Fingerprints = PLAIN
    ) -> None:
        if not options.url:
            raise ConfigError("GRADIO_URL: not set; expected the address of a Gradio Space")
        self._options, self._redaction, self._rules = options, redaction, Rules(fingerprints=fingerprints)

    @property
    def name(self) -> str:
        """The Space's host and path; the same for `owner/space` as for its address at hf.space."""
        url = self._options.url
        if not url.startswith("http"):
            return re.sub(r"[^a-z0-9]+", "-", url.lower()).strip("-") + ".hf.space"
        return namespace(urlsplit(url).netloc.rpartition("@")[2].lower() + urlsplit(url).path)

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield what is new, as `Source.read` says. The Space is read and left before the first lines are yielded."""
        check_position(position, self.name, self._rules.fingerprints)
        with _conversation(self._options, self._redaction) as space:
            news = read_new(space.page, position, self._rules)
        yield from readings(news, position, size, limit, self._rules)

    def check(self) -> str:
        """Say how many lines the Space holds; raise as `read` does."""
        with _conversation(self._options, self._redaction) as space:
            page = space.page(1, 0)
        if page is not None and page.total is not None:
            return f"{page.total} lines held"
        return "lines held" if page and page.lines else "no lines held"


@contextmanager
def _conversation(options: GradioOptions, redaction: Redaction) -> Iterator[_Conversation]:
    space = _Conversation(options, redaction)
    try:
        space.open()
        yield space
    finally:
        space.close()


class _Conversation:
    """A Space spoken to with one client, until one deadline."""

    def __init__(self, options: GradioOptions, redaction: Redaction) -> None:
        self._options, self._redaction = options, redaction
        self._ends = time.monotonic() + options.deadline_s
        self._address = urlsplit(options.url)
        self._client: Any = None
        self._inputs: list[str] = []
        self._by_name = True
        self._status = 0  # of the last response, unless it was a success
        self._sent_to = ""  # where it redirected to
        self._asked_path = self._content_type = ""  # of the last response
        self._streams: list[Any] = []
        self._broken = ""  # what broke a connection last
        self._closed = threading.Event()

    def open(self) -> None:
        """Connect, and find out what `/logs_api` takes.

        Raises:
            TransientError: nobody answers, or not in time; or the Space is starting, or refuses for now.
            PermanentError: a login is needed, or this is no Space with `/logs_api`.
        """
        with self._errors_named():
            self._client = within(self._left(), self._connect)  # looking up a host name cannot be given a limit
            offered = {each.api_name: each for each in self._client.endpoints.values() if each.is_valid}
        if _ENDPOINT not in offered:
            names = ", ".join(filter(None, offered)) or "no endpoint at all"
            raise PermanentError(
                "The Gradio Space has no {endpoint}. URL: {url} (it offers {names}). Check GRADIO_URL, or add "
                "the endpoint to the Space.",
                endpoint=_ENDPOINT,
                url=self._shown(),
                names=names,
            )
        self._learn_inputs(offered[_ENDPOINT])

    def _learn_inputs(self, endpoint: Any) -> None:  # noqa: ANN401 (gradio_client is not typed)
        names = [each.get("parameter_name") for each in endpoint.parameters_info or ()]
        self._by_name = "limit" in names
        count = len(endpoint.dependency["inputs"])
        self._inputs = [each for each in _INPUTS if each in names] if self._by_name else [*_INPUTS[:count]]

    def close(self) -> None:
        """Leave nothing behind: whatever still waits for the Space is cut off."""
        self._closed.set()
        for stream in self._streams:
            _cut_off(stream)
        if self._client is not None:
            self._client.close()
            self._client = None

    def page(self, limit: int, offset: int) -> Page | None:
        """Ask for a page (see `window.Fetch`); None from an old Space that takes no offset.

        Raises:
            TransientError: as `open`; or the service behind the Space is down.
            PermanentError: the answer has none of the forms known.
        """
        if offset and "offset" not in self._inputs:
            return None
        answer = self._ask({"limit": limit, "offset": offset})
        problem = problem_in(answer)
        if problem is None:
            return self._page(answer)
        if "offset" in self._inputs and "offset" in problem:
            self._inputs.remove("offset")  # old Spaces may list it and refuse it all the same
            return self.page(limit, offset)
        raise TransientError(
            "The service behind the Gradio Space's {endpoint} is down. URL: {url} ({problem}). Restart "
            "that service, or run again later.",
            endpoint=_ENDPOINT,
            url=self._shown(),
            problem=self._without_secrets(problem),
        )

    def _page(self, answer: object) -> Page:
        try:
            return read_answer(answer)
        except ValueError as error:
            raise PermanentError(
                "The Gradio Space's {endpoint} gives an unknown form of answer. URL: {url} ({error}). Expected "
                'is {{"total": …, "logs": […]}}, a list, or text: check GRADIO_URL, or change the Space.',
                endpoint=_ENDPOINT,
                url=self._shown(),
                error=self._without_secrets(str(error)),
            ) from error

    def _ask(self, values: dict[str, int]) -> object:
        from gradio_client.exceptions import AppError  # type: ignore[import-untyped]

        self._status = 0
        inputs = {name: values[name] for name in self._inputs}
        unnamed, named = ((), inputs) if self._by_name else (inputs.values(), {})
        with self._errors_named():
            try:
                job = self._client.submit(*unnamed, api_name=_ENDPOINT, **named)
                return job.result(timeout=max(0.0, self._left()))
            except AppError as error:
                return {"error": str(error)}

    def _connect(self) -> Any:  # noqa: ANN401 (gradio_client is not typed)
        # The client ORs its own switch with this variable, which is on by default: only the variable turns it off.
        os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
        import httpx

        return _client_class(self._shown())(
            self._host(),
            token=self._options.token or False,  # None would send the token that is saved on this machine
            auth=self._options.auth,
            headers=self._basic_authorization(),
            download_files=False,
            verbose=False,
            analytics_enabled=False,
            ssl_verify=httpx.create_ssl_context(),  # made once: by itself, each request makes one, in 23 ms
            httpx_kwargs={"auth": _door(self)},
        )

    def _host(self) -> str:
        if self._address.scheme:
            return self._address._replace(netloc=self._place(), query="", fragment="").geturl()
        return self._hub_host()

    def _place(self) -> str:
        return self._address.netloc.rpartition("@")[2]

    def _authorization(self) -> dict[str, str]:
        token = self._options.token
        return {**({"x-hf-authorization": f"Bearer {token}"} if token else {}), **self._basic_authorization()}

    def _basic_authorization(self) -> dict[str, str]:
        if self._address.username is None:
            return {}
        pair = f"{unquote(self._address.username)}:{unquote(self._address.password or '')}"
        return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}

    def _hub_host(self) -> str:
        """Ask Hugging Face for the address of a Space known by its name, once it is built."""
        from huggingface_hub import space_info
        from huggingface_hub.errors import HfHubHTTPError

        for wait in _waits():
            try:
                found = space_info(self._options.url, token=self._options.token or False, timeout=self._left())
            except HfHubHTTPError as error:
                self._status = error.response.status_code
                raise
            stage = str(found.runtime.stage) if found.runtime else "RUNNING"
            if stage not in _STARTING or not self._sleep(wait):
                break
        return self._checked_host(stage, found.host)

    def _checked_host(self, stage: str, host: str | None) -> str:
        if stage in _STARTING:
            raise starting(f"Hugging Face says {stage}", self._seen())
        if stage not in _SERVED or not host:
            raise PermanentError(
                "The Gradio Space is not running. URL: {url} (Hugging Face says {stage}). Its owner has to "
                "restart or repair it there.",
                url=self._shown(),
                stage=stage,
            )
        return host

    def prepared(self, request: Any) -> Any:  # noqa: ANN401 (httpx is imported where it is used)
        """Give a request no more time than is left, what lets it in, and an eye on its connection."""
        seconds = max(0.0, self._left()) + _MARGIN
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        request.extensions["trace"] = self._traced
        for name, value in self._authorization().items():
            request.headers.setdefault(name, value)  # the client sends none when it signs in
        return request

    def _traced(self, event: str, about: dict[str, Any]) -> None:
        """Note a request's connection as soon as there is one, and what breaks it."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._streams.append(about["return_value"])
            if self._closed.is_set():
                about["return_value"].close()
                self._break_off("left")
        elif event.endswith(".failed") and isinstance(about["exception"], Exception):
            self._break_off(str(about["exception"]) or type(about["exception"]).__name__)

    def check_events(self, response: Any) -> None:  # noqa: ANN401
        """Let the client read a stream of answers only as far as it can."""
        from httpx import DecodingError

        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            self._break_off(f"HTTP {response.status_code} instead of an answer")
        chunks = response.iter_bytes

        def checked() -> Iterator[bytes]:
            try:
                yield from readable_events(chunks())
            except (ValueError, DecodingError) as error:
                self._break_off(str(error))

        response.iter_bytes = checked

    def _break_off(self, reason: str) -> NoReturn:
        """Raise the one error that the client takes for the end of a connection.

        It reads answers in a thread of its own, which prints the traceback of any other.
        """
        from httpx import RemoteProtocolError

        self._broken = reason
        raise RemoteProtocolError(reason)

    def wants_again(self, response: Any, wait: float) -> bool:  # noqa: ANN401
        """Look at a response to any request of the client; tell, after a wait, whether to send the request again."""
        self._asked_path, self._content_type = response.request.url.path, response.headers.get("content-type", "")
        self._status = 0 if response.is_success else response.status_code
        self._sent_to = response.headers.get("location", "").partition("?")[0]
        if self._status not in (TOO_MANY, UNAVAILABLE):
            return False
        asked = response.headers.get("retry-after", "")
        return self._sleep(float(asked) if asked.isdecimal() else wait)

    def _sleep(self, seconds: float) -> bool:
        """Wait; return False at once when there is no time for it, or when all is over."""
        return seconds < self._left() and not self._closed.wait(seconds)

    def _left(self) -> float:
        return self._ends - time.monotonic()

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except TrilogError:
            raise
        except ImportError as error:
            from functions.pipeline.extras import not_installed

            raise not_installed("gradio_client") from error
        except Exception as error:  # noqa: BLE001 (the client raises what it likes, bare ValueErrors among it)
            from traceback import format_exception

            told = "".join(format_exception(error))
            raise self._named(error) from (error if self._without_secrets(told) == told else None)

    def _named(self, error: Exception) -> TrilogError:
        return named(error, self._without_secrets(str(error) or self._broken) or type(error).__name__, self._seen())

    def _seen(self) -> Seen:
        return Seen(
            url=self._shown(),
            deadline_s=self._options.deadline_s,
            too_late=self._left() <= 0,
            has_token=bool(self._options.token),
            connected=self._client is not None,
            status=self._status,
            sent_to=self._without_secrets(self._sent_to),
            login=self._login(),
        )

    def _login(self) -> str:
        """What the Space's own login said, which answers in JSON: Hugging Face's front door has pages."""
        if self._status and self._asked_path.endswith("/login") and self._options.auth:
            return REFUSED
        return ASKED if self._status == UNAUTHORIZED and "json" in self._content_type else ""

    def _shown(self) -> str:
        """The Space's address without what may be secret in it."""
        return self._address._replace(netloc=self._place(), query="", fragment="").geturl()

    def _secrets(self) -> list[str]:
        password, own = unquote(self._address.password or ""), (self._options.auth or ("", ""))[1]
        return [secret for secret in (self._options.token, password, own) if secret]

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets():
            text = text.replace(secret, "***")
        return self._redaction.text(text)


def _door(space: _Conversation) -> Any:  # noqa: ANN401 (httpx is imported where it is used)
    """Make what all requests of the client pass. An `Auth` may look at each response, and send the request again."""
    import httpx

    class Door(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
            for wait in _waits():
                response = yield space.prepared(request)
                if not space.wants_again(response, wait):
                    break
            if request.method == "GET" and request.url.path.endswith(_ANSWERS):
                space.check_events(response)

    return Door()


def _client_class(url: str) -> Any:  # noqa: ANN401 (gradio_client is not typed)
    """Make the class of client that looks at a Space's version before it asks for more."""
    from gradio_client import Client  # type: ignore[import-untyped]

    class SpaceClient(Client):  # type: ignore[misc]
        def _get_config(self) -> dict[str, Any]:
            config: dict[str, Any] = super()._get_config()
            check_version(config, url)
            return config

    return SpaceClient


def _cut_off(stream: Any) -> None:  # noqa: ANN401 (httpx is imported where it is used)
    """End a connection, whoever still reads from it."""
    from socket import SHUT_RDWR  # slow to import; by now the client has done so

    with suppress(OSError):
        stream.get_extra_info("socket").shutdown(SHUT_RDWR)


def _waits() -> Iterator[float]:
    """Seconds between tries: each wait twice as long as the last, up to a limit."""
    return (min(_LONGEST_WAIT, 0.25 * 2**tries) for tries in itertools.count())
