"""Go's logging libraries, and logfmt, which most of them write."""

from __future__ import annotations

from tests.programs.corpus import Record, Sample, at, epoch, stamp, timed
from tests.programs.install import go

_TIMED = {"transaction_id": "7f3a", "execution_time_ms": 12.5}
_FAILED = {"transaction_id": "7f3b"}
_WARN: Record = {"level": "WARNING", "message": "feature AGE is missing"}
_DEBUG: Record = {"level": "DEBUG", "message": "loading model"}
_TRACE: Record = {"level": "TRACE", "message": "entering"}
_FATAL: Record = {"level": "CRITICAL", "message": "out of memory"}


def _info(**fields: object) -> Record:
    return {"level": "INFO", "message": 'scored: "YES" at é'} | fields


def _error(**fields: object) -> Record:
    return {"level": "ERROR", "message": "request failed"} | fields


def _begins(*records: Record) -> tuple[Record, ...]:
    """Expect the fields in the text, after the message, where a line has both."""
    return tuple(
        {("message_begins" if name == "message" else name): value for name, value in record.items()}
        for record in records
    )


_REQUEST = {"http_method": "POST", "http_path": "/predict", "status_code": 200}
_BEYOND_ERROR = {"message": "two lines:\nthe second line"}  # ERROR+4: which level that is, slog leaves to its user
_LOG = (
    {"message": "loading model from model.joblib"},
    {"message": 'scored: "YES" in 12.5ms'},
    {"message_begins": "two lines:", "message_has": ["the second line"]},
    {
        "message_begins": "model not loaded",
        "message_has": ["panic: model not loaded", "goroutine 1 [running]:", "main.main()"],
    },
)
# Numbers without a unit, which these write of a duration, are no execution time: zap's are seconds, slog's nanoseconds.
_SLOG_TEXT = (_DEBUG, _info(**_TIMED, **_REQUEST), _WARN, _error(**_FAILED), _BEYOND_ERROR)
_SLOG_JSON = (_DEBUG, _info(transaction_id="7f3a", **_REQUEST), _WARN, _error(**_FAILED), _BEYOND_ERROR)
_ZAP = {"logger": "scoring"}
_ZAP_JSON = tuple(_ZAP | each for each in (_info(transaction_id="7f3a"), _WARN, _error(**_FAILED), _FATAL))
_ZAP_CONSOLE = tuple(_ZAP | each for each in _begins(_DEBUG, _info(), _WARN, _error(), _FATAL))
_LINES = (_TRACE, _DEBUG, _info(**_TIMED), _WARN, _error(**_FAILED), _FATAL)
_KLOG = (
    {"level": "INFO", "message": "loading model from model.joblib"},
    {"level": "INFO", "message_begins": '"scored" request_id="7f3a"'},
    _WARN,
    {"level": "ERROR", "message_begins": '"request failed" err="model not loaded"'},
    {"level": "ERROR", "message_begins": "two lines:", "message_has": ["the second line"]},
)


def _sample(name: str, program: str, of: str, records: tuple[Record, ...], *command: str) -> Sample:
    return Sample(name, program, go("loggers", command[0], of), command, records)


_ZEROLOG = "github.com/rs/zerolog"
_LOGRUS = "github.com/sirupsen/logrus"
_GO_LOG = at(r"^([\d/]+ [\d:.]+)", "%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S")
_KLOG_TIME = at(r"^\w(\d{4} [\d:.]+)", "%m%d %H:%M:%S.%f")

WRITTEN = (
    _sample("go-log", "Go log", "", timed(_GO_LOG, *_LOG), "slog", "log"),
    _sample("slog-text", "Go log/slog", "", timed(stamp("time"), *_SLOG_TEXT), "slog", "text"),
    _sample("slog-json", "Go log/slog", "", timed(stamp("time"), *_SLOG_JSON), "slog", "json"),
    _sample("zap-json", "zap", "go.uber.org/zap", timed(epoch(r'"ts":([\d.]+)'), *_ZAP_JSON), "zap", "json"),
    _sample("zap-console", "zap", "go.uber.org/zap", timed(stamp(), *_ZAP_CONSOLE), "zap", "console"),
    _sample("zerolog-json", "zerolog", _ZEROLOG, timed(stamp("time"), *_LINES), "zerolog", "json"),
    _sample("zerolog-unix", "zerolog", _ZEROLOG, timed(epoch(r'"time":(\d+)', 1000), *_LINES), "zerolog", "unix"),
    _sample("zerolog-console", "zerolog", _ZEROLOG, timed(stamp(), *_begins(*_LINES)), "zerolog", "console"),
    _sample("logrus-text", "logrus", _LOGRUS, timed(stamp("time"), *_LINES), "logrus", "text"),
    _sample("logrus-color", "logrus", _LOGRUS, timed(stamp(), *_begins(*_LINES)), "logrus", "color"),
    _sample("logrus-json", "logrus", _LOGRUS, timed(stamp("time"), *_LINES), "logrus", "json"),
    _sample("klog", "klog", "k8s.io/klog/v2", timed(_KLOG_TIME, *_KLOG), "klog"),
    _sample("go-kit-log", "go-kit/log", "github.com/go-kit/log", timed(stamp("ts"), *_LINES[1:5]), "gokit"),
)
