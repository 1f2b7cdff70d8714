"""What the core takes and gives, whatever serves HTTP: a request, a response, and a refusal that becomes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Request(NamedTuple):
    """An HTTP request whose body has not been read yet.

    Attributes:
        method: POST, …
        path: without the query.
        headers: values by name, in lower case; of a header that was sent twice, both values with a comma between.
        read: reads the next bytes of the body, at most so many; b"" at its end. It may raise a Refusal.
        peer: the address at the other end of the connection; None where the platform has it.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    read: Callable[[int], bytes]
    peer: str | None = None


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


class Refusal(PermanentError):  # noqa: N818 (an answer, not a fault)
    """A request is answered with this status, and nothing of it is stored."""

    def __init__(self, status: int, template: str, headers: Mapping[str, str] | None = None, **values: object) -> None:
        super().__init__(template, **values)
        self.status = status
        self.headers = dict(headers or {})
