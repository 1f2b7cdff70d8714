"""How Hugging Face's front door turns requests away before the Space sees them."""

from collections import Counter
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

_NOT_FOUND = """<!DOCTYPE html>
<html><head><title>404 - Hugging Face</title></head>
<body><h1>404</h1><p>Sorry, we can't find the page you are looking for.</p></body></html>"""


class Door:
    """Lets a request through, or answers in the Space's place."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        answer = self.refusal(Request(scope)) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def refusal(self, request: Request) -> Response | None:
        """Return the answer that turns the request away, or None to let it through."""
        raise NotImplementedError


class Private(Door):
    """A private Space: whoever does not bring its token sees the same page as if it did not exist."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        super().__init__(app)
        self._expected = f"Bearer {token}"

    def refusal(self, request: Request) -> Response | None:
        """Return the 404 page unless one of the two headers holds the token."""
        given = (request.headers.get(name) for name in ("authorization", "x-hf-authorization"))
        if self._expected in given:
            return None
        return HTMLResponse(_NOT_FOUND, HTTPStatus.NOT_FOUND)


class TooMany(Door):
    """A rate limit: the first `times` connections, and then the first `times` calls, are refused with 429."""

    def __init__(self, app: ASGIApp, times: int) -> None:
        super().__init__(app)
        self._times = times
        self._seen: Counter[str] = Counter()

    def refusal(self, request: Request) -> Response | None:
        """Return 429 while there have been too few of its kind; what is no connection and no call passes."""
        path = request.url.path
        if not path.endswith(("/config", "/queue/join")):
            return None
        self._seen[path] += 1
        if self._seen[path] > self._times:
            return None
        return JSONResponse({"error": "Too Many Requests"}, HTTPStatus.TOO_MANY_REQUESTS)
