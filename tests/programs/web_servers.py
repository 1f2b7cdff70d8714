"""Web servers that stand before a service."""

from __future__ import annotations

from tests.programs.corpus import Sample, access, at, number, stamp, timed
from tests.programs.install import apt

_ASKS = ("GET /health?x=1\nX-Request-Id: 7f3a", "GET /nothing", "POST /predict")
_CLF = at(r"\[(\d\d/\w{3}/\d{4}:[^]]+)\]", "%d/%b/%Y:%H:%M:%S %z")
_NGINX_TIME = at(r"^([\d/]+ [\d:]+)", "%Y/%m/%d %H:%M:%S")
_APACHE_TIME = at(r"^\[(\w{3} \w{3} \d+ [\d:.]+ \d+)\]", "%a %b %d %H:%M:%S.%f %Y")

_ASKED = (access("GET", "/health", 200), access("GET", "/nothing", 404), access("POST", "/predict", 502))
_SECONDS = {"execution_time_ms": number(r'"request_time":([\d.]+)', 1000)}
_JSON = tuple(
    _SECONDS
    | {name: value for name, value in record.items() if name != "message_has"}
    | {"raw_has": [f'"path":"{record["http_path"]}"']}
    for record in _ASKED
)
_NGINX_ERROR = (
    {"level": "INFO", "message_has": ['using the "epoll" event method']},
    {"level": "INFO", "message_has": ["nginx/{}"]},
    {"level": "INFO", "message_has": ["OS: Linux {}"]},
    {"level": "INFO", "message_has": ["getrlimit(RLIMIT_NOFILE): {}"]},
    {"level": "INFO", "message_has": ["start worker processes"]},
    {"level": "INFO", "message_has": ["start worker process {}"]},
    {"level": "ERROR", "message_has": ['open() "./html/nothing" failed (2: No such file or directory)']},
    {"level": "ERROR", "message_has": ["connect() failed (111: Connection refused) while connecting to upstream"]},
)
_PROXIED = (access("GET", "/health", 404), access("GET", "/nothing", 404), access("POST", "/predict", 503))
_APACHE_ERROR = (
    {"level": "INFO", "message_has": ["AH00128: File does not exist: {}/health"]},
    {"level": "INFO", "message_has": ["AH00128: File does not exist: {}/nothing"]},
    {"level": "ERROR", "message_has": ["AH00957: http: attempt to connect to 127.0.0.1:9 (127.0.0.1:9) failed"]},
    {"level": "ERROR", "message_has": ["AH01114: HTTP: failed to make connection to backend: 127.0.0.1"]},
)


def _nginx(name: str, file: str, records, lines: int = 0) -> Sample:
    command = ("sh", "-c", "sed s/8917/$PORT/ nginx.conf > run.conf && exec nginx -p . -c run.conf -e stderr")
    return Sample(name, "NGINX", apt("nginx-light"), command, records, _ASKS, file=file, lines=lines)


def _apache(name: str, file: str, records) -> Sample:
    command = ("sh", "-c", 'export PWD; exec apache2 -d . -f "$PWD/apache2.conf" -X')
    return Sample(name, "Apache HTTP Server", apt("apache2"), command, records, _ASKS, file=file)


WRITTEN = (
    _nginx("nginx-access", "access.log", timed(_CLF, *_ASKED)),
    _nginx("nginx-access-timed", "timed.log", timed(_CLF, *_ASKED)),
    _nginx("nginx-access-json", "json.log", timed(stamp("time"), *_JSON)),
    _nginx("nginx-error", "error.log", timed(_NGINX_TIME, *_NGINX_ERROR), len(_NGINX_ERROR)),
    _apache("apache-access", "access.log", timed(_CLF, *_PROXIED)),
    _apache("apache-access-common", "common.log", timed(_CLF, *_PROXIED)),
    _apache("apache-access-vhost", "vhost.log", timed(_CLF, *_PROXIED)),
    _apache("apache-error", "error.log", timed(_APACHE_TIME, *_APACHE_ERROR)),
)
