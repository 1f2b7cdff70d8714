"""What collects the logs of a host: syslog's daemon and systemd's journal."""

from __future__ import annotations

from tests.programs.corpus import Reader, Record, Sample, at, epoch, stamp, timed
from tests.programs.install import apt

_TAG = {"logger": "scoring"}
_INNER = {
    "@timestamp": "2026-11-26T14:40:01.123Z",
    "level": "ERROR",
    "logger": "scoring.api",
    "message": "request 7f3b failed",
}


def _rsyslog(time: Reader, *, levels: bool) -> tuple[Record, ...]:
    """List what apps/rsyslog.sh sends; its files tell the priority in one form only."""
    records = (
        _TAG | {"level": "INFO", "message": "2 rows scored in 12.5 ms"},
        _TAG | {"level": "WARNING", "message": "feature AGE is missing"},
        {"level": "DEBUG", "logger": "kernel-like", "message": "loading model: model.joblib"},
        _TAG | {"level": "CRITICAL", "message": "out of memory"},
    )
    known = [
        {name: value for name, value in each.items() if levels or name != "level"} for each in timed(time, *records)
    ]
    return (*known[:2], _INNER, *known[2:])


def _journald(time: Reader | None, *, levels: bool, tags: bool = True) -> tuple[Record, ...]:
    """List what apps/journald.sh sends."""
    two = (
        {"message": "out of memory:\nthe second line"}
        if levels
        else {"message_begins": "out of memory:", "message_has": ["the second line"]}
    )
    records = (
        _TAG | {"level": "INFO", "message": "2 rows scored in 12.5 ms"},
        _TAG | {"level": "WARNING", "message": "feature AGE is missing"},
        _TAG | {"level": "CRITICAL"} | two,
    )
    absent = {*(() if levels else ("level",)), *(() if tags else ("logger",))}
    known = [{name: value for name, value in each.items() if name not in absent} for each in records]
    known = [({"@timestamp": time} if time else {}) | each for each in known]
    return (*known[:2], _INNER, *known[2:])


def _sample_rsyslog(form: str, records: tuple[Record, ...]) -> Sample:
    command = ("unshare", "--uts", "sh", "rsyslog.sh")
    return Sample(f"rsyslog-{form}", "rsyslog", apt("rsyslog"), command, records, file=f"{form}.log")


def _sample_journald(form: str, records: tuple[Record, ...]) -> Sample:
    command = ("unshare", "--uts", "sh", "journald.sh", form)
    return Sample(f"journald-{form}", "journald", apt("systemd"), command, records)


_RFC3164 = at(r"^(\w{3} [ \d]\d [\d:]+)", "%b %d %H:%M:%S")
WRITTEN = (
    _sample_rsyslog("traditional", _rsyslog(_RFC3164, levels=False)),
    _sample_rsyslog("file", _rsyslog(stamp(), levels=False)),
    _sample_rsyslog("rfc5424", _rsyslog(stamp(), levels=True)),
    _sample_journald("json", _journald(epoch(r'"__REALTIME_TIMESTAMP":"(\d+)"', 1_000_000), levels=True)),
    _sample_journald("short", _journald(_RFC3164, levels=False)),
    _sample_journald("short-iso", _journald(at(r"^(\S+)", "%Y-%m-%dT%H:%M:%S%z"), levels=False)),
    _sample_journald("cat", _journald(None, levels=False, tags=False)),
)
