"""An ASGI service without a framework: a prediction, a page that is not there, and an error."""


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    if scope["path"] == "/fail":
        raise RuntimeError("model not loaded")
    status = 200 if scope["path"] == "/predict" else 404
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"prediction": "YES"}'})
