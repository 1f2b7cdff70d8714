"""Logs with a library's JSON formatter for `logging`: python log_json.py FUNCTION."""

import logging
import sys


def python_json_logger():
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")


def python_json_logger_renamed():
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        "{message}{levelname}{name}",
        style="{",
        timestamp=True,
        rename_fields={"levelname": "severity", "name": "logger"},
    )


def ecs():
    import ecs_logging

    return ecs_logging.StdlibFormatter(exclude_fields=["process", "log.original"])


def logfmter():
    from logfmter import Logfmter

    return Logfmter(
        keys=["time", "level", "logger"], mapping={"time": "asctime", "level": "levelname", "logger": "name"}
    )


def logstash():
    from logstash_async.formatter import LogstashFormatter

    return LogstashFormatter(fqdn=False)


def json_log_formatter():
    from json_log_formatter import VerboseJSONFormatter

    return VerboseJSONFormatter()


def google():
    from google.cloud.logging_v2.handlers import StructuredLogHandler

    return StructuredLogHandler(project_id="trilog-samples")


made = globals()[sys.argv[1]]()
handler = made if isinstance(made, logging.Handler) else logging.StreamHandler()
if made is not handler:
    handler.setFormatter(made)
logging.root.addHandler(handler)
logging.root.setLevel(logging.DEBUG)
log = logging.getLogger("scoring.api")

log.debug("loading model from %s", "model.joblib")
log.info('scored: "YES" at é', extra={"request_id": "7f3a", "duration_ms": 12.5})
log.warning("feature AGE is missing, using the median")
try:
    int("n/a")
except ValueError:
    log.exception("request failed", extra={"request_id": "7f3b"})
log.critical("two lines:\nthe second line")
