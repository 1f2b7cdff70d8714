"""Logs with structlog: console, plain, json, logfmt or ecs."""

import logging
import sys

import structlog

processors = [structlog.processors.add_log_level, structlog.processors.StackInfoRenderer()]
stamp = structlog.processors.TimeStamper(fmt="iso")
named = structlog.stdlib.add_logger_name


def configured(how):
    if how == "console":  # structlog's default, but for the colours, which it leaves out where there is no terminal
        return [
            *processors,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S"),
            structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback),
        ]
    if how == "plain":
        return [
            named,
            *processors,
            stamp,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    if how == "json":
        return [named, *processors, stamp, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    if how == "epoch":
        return [
            *processors,
            structlog.processors.TimeStamper(),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ]
    if how == "logfmt":
        return [*processors, stamp, structlog.processors.format_exc_info, structlog.processors.LogfmtRenderer()]
    import ecs_logging

    return [structlog.processors.format_exc_info, ecs_logging.StructlogFormatter()]


logging.basicConfig(level=logging.DEBUG, format="%(message)s")
structlog.configure(processors=configured(sys.argv[1]), logger_factory=structlog.stdlib.LoggerFactory())
log = structlog.get_logger("scoring.api")

log.debug("loading model", path="model.joblib")
log.info("request scored", request_id="7f3a", duration_ms=12.5, rows=2)
log.warning("feature AGE is missing", using="the median")
try:
    int("n/a")
except ValueError:
    log.exception("request failed", request_id="7f3b")
log.critical("out of memory")
