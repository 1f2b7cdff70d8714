"""Python's web servers and frameworks."""

from __future__ import annotations

from tests.programs.corpus import Record, Sample, access, at, timed
from tests.programs.install import pip

_ASKS = ("POST /predict", "GET /nothing", "GET /fail")
_RAISED = ["Traceback (most recent call last):", "RuntimeError: model not loaded"]
_ISO = at(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})", "%Y-%m-%d %H:%M:%S,%f")
_OFFSET = at(r"^\[([^]]+)", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S,%f")
_CLF = at(r"(\d\d/\w{3}/\d{4}:[^]]+)", "%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y:%H:%M:%S")
_DEVELOPMENT = at(r"\[(\d\d/\w{3}/\d{4} [\d:]+)\]", "%d/%b/%Y %H:%M:%S")


def _info(message: str) -> Record:
    return {"level": "INFO", "message": message}


def _error(begins: str) -> Record:
    return {"level": "ERROR", "message_begins": begins, "message_has": _RAISED}


_OF_UVICORN = (
    _info("Started server process [{}]"),
    _info("Waiting for application startup."),
    _info("ASGI 'lifespan' protocol appears unsupported."),
    _info("Application startup complete."),
    _info("Uvicorn running on http://127.0.0.1:{} (Press CTRL+C to quit)"),
    access("POST", "/predict", 200, level="INFO"),
    access("GET", "/nothing", 404, level="INFO"),
    _error("Exception in ASGI application"),
    access("GET", "/fail", 500, level="INFO"),
    _info("Shutting down"),
    _info("Finished server process [{}]"),
)
_OF_FASTAPI = (
    _info("Started server process [{}]"),
    _info("Waiting for application startup."),
    _info("Application startup complete."),
    _info("Uvicorn running on http://{} (Press CTRL+C to quit)"),
    access("POST", "/predict", 200, level="INFO"),
    access("GET", "/nothing", 404, level="INFO"),
    access("GET", "/fail", 500, level="INFO"),
    _error("Exception in ASGI application"),
    _info("Shutting down"),
    _info("Waiting for application shutdown."),
    _info("Application shutdown complete."),
    _info("Finished server process [{}]"),
)
_WARNED = {"level": "WARNING", "message": "feature AGE is missing"}
_OF_GUNICORN = (
    _info("Starting gunicorn {}"),
    _info("Listening at: http://127.0.0.1:{}"),
    _info("Using worker: sync"),
    _info("Booting worker with pid: {}"),
    _info("Control socket listening at {}"),
    _WARNED,
    access("POST", "/predict", 200) | {"@timestamp": _CLF},
    access("GET", "/nothing", 404) | {"@timestamp": _CLF},
    _error("Exception on /fail [GET]"),
    access("GET", "/fail", 500) | {"@timestamp": _CLF},
    _info("Handling signal: int"),
    _info("Worker exiting (pid: {})"),
    _info("Shutting down: Master"),
)
_OF_A_BROKEN_WORKER = (
    _info("Starting gunicorn {}"),
    _info("Listening at: http://127.0.0.1:{}"),
    _info("Using worker: sync"),
    _info("Booting worker with pid: {}"),
    {
        "level": "ERROR",
        "message_begins": "Exception in worker process",
        "message_has": ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'web_missing'"],
    },
)
_OF_FLASK = (
    {"level": "WARNING", "@timestamp": _OFFSET, "message": "feature AGE is missing"},
    access("POST", "/predict", 200) | {"@timestamp": _DEVELOPMENT},
    access("GET", "/nothing", 404) | {"@timestamp": _DEVELOPMENT},
    _error("Exception on /fail [GET]") | {"@timestamp": _OFFSET},
    access("GET", "/fail", 500) | {"@timestamp": _DEVELOPMENT},
)
_OF_DJANGO = (
    access("GET", "/health", 200) | {"@timestamp": _DEVELOPMENT},
    {"message": "Not Found: /nothing"},
    access("GET", "/nothing", 404) | {"@timestamp": _DEVELOPMENT},
    {"message_begins": "Internal Server Error: /fail", "message_has": _RAISED},
    access("GET", "/fail", 500) | {"@timestamp": _DEVELOPMENT},
)
_OF_HYPERCORN = (
    {"level": "WARNING", "message": "ASGI Framework Lifespan error, continuing without Lifespan support"},
    _info("Running on http://127.0.0.1:{} (CTRL + C to quit)"),
    access("POST", "/predict", 200, level="INFO"),
    access("GET", "/nothing", 404, level="INFO"),
    _error("Error in ASGI Framework"),
    access("GET", "/fail", 500, level="INFO"),
)
_OF_WAITRESS = (
    _info("Serving on http://127.0.0.1:{}") | {"logger": "waitress"},
    _WARNED | {"logger": "scoring"},
    _error("Exception on /fail [GET]") | {"logger": "scoring"},
)
_OF_DAPHNE = (
    _info("Starting server at tcp:port={}:interface=127.0.0.1"),
    _info("HTTP/2 support not enabled (install the http2 and tls Twisted extras)"),
    _info("Configuring endpoint tcp:port={}:interface=127.0.0.1"),
    _info("Listening on TCP address 127.0.0.1:{}"),
    access("POST", "/predict", 200) | {"@timestamp": _CLF},
    access("GET", "/nothing", 404) | {"@timestamp": _CLF},
    _error("Exception inside application: model not loaded"),
    access("GET", "/fail", 500) | {"@timestamp": _CLF},
    _info("Killed 0 pending application instances"),
)

_UVICORN = ("uvicorn", "web_asgi:app", "--port", "{port}")
_GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--access-logfile", "-")
_FASTAPI = pip("fastapi[standard]==0.128.0")
_FASTAPI_OLD = pip("fastapi[standard]==0.115.6", "fastapi-cli==0.0.7", "rich-toolkit==0.12.0")
_COLORS = (("FORCE_COLOR", "1"), ("COLUMNS", "100"))

WRITTEN = (
    Sample("uvicorn", "uvicorn", pip("uvicorn==0.54.0"), _UVICORN, _OF_UVICORN, _ASKS),
    Sample("uvicorn-colors", "uvicorn", pip("uvicorn==0.54.0"), (*_UVICORN, "--use-colors"), _OF_UVICORN, _ASKS),
    Sample(
        "uvicorn-times",
        "uvicorn",
        pip("uvicorn==0.54.0"),
        (*_UVICORN, "--log-config", "uvicorn_times.json"),
        timed(_ISO, *_OF_UVICORN),
        _ASKS,
    ),
    Sample(
        "gunicorn",
        "gunicorn",
        pip("gunicorn==27.0.1", "flask==3.1.3"),
        (*_GUNICORN, "web_wsgi:app"),
        timed(_OFFSET, *_OF_GUNICORN),
        _ASKS,
    ),
    Sample(
        "gunicorn-broken-worker",
        "gunicorn",
        pip("gunicorn==27.0.1", "flask==3.1.3"),
        (*_GUNICORN, "web_missing:app"),
        timed(_OFFSET, *_OF_A_BROKEN_WORKER),
    ),
    Sample("flask", "Flask", pip("flask==3.1.3"), ("python", "web_wsgi.py"), _OF_FLASK, _ASKS, banner=True),
    Sample(
        "fastapi-run",
        "FastAPI",
        _FASTAPI,
        ("fastapi", "run", "web_fastapi.py", "--port", "{port}"),
        _OF_FASTAPI,
        _ASKS,
        banner=True,
    ),
    Sample(
        "fastapi-dev",
        "FastAPI",
        _FASTAPI_OLD,
        ("fastapi", "dev", "web_fastapi.py", "--port", "{port}", "--no-reload"),
        _OF_FASTAPI,
        _ASKS,
        env=_COLORS,
        banner=True,
    ),
    Sample(
        "django",
        "Django",
        pip("django==5.2.19"),
        ("python", "web_django.py", "runserver", "127.0.0.1:{port}", "--noreload"),
        _OF_DJANGO,
        ("GET /health", "GET /nothing", "GET /fail"),
        banner=True,
    ),
    Sample(
        "hypercorn",
        "hypercorn",
        pip("hypercorn==0.18.0"),
        ("hypercorn", "web_asgi:app", "--bind", "127.0.0.1:{port}", "--access-logfile", "-"),
        timed(_OFFSET, *_OF_HYPERCORN),
        _ASKS,
    ),
    Sample(
        "waitress",
        "waitress",
        pip("waitress==3.0.2", "flask==3.1.3"),
        ("waitress-serve", "--listen", "127.0.0.1:{port}", "web_wsgi:app"),
        _OF_WAITRESS,
        _ASKS,
    ),
    Sample(
        "daphne",
        "daphne",
        pip("daphne==4.2.3"),
        ("daphne", "-p", "{port}", "web_asgi:app"),
        timed(_ISO, *_OF_DAPHNE),
        _ASKS,
    ),
)
