"""How container engines keep what a container writes."""

from __future__ import annotations

from tests.programs.corpus import Reader, Record, Sample, at, stamp, timed
from tests.programs.install import go

_LOGGER = {"logger": "scoring.api"}


def _lines(long: int, plain: Record) -> tuple[Record, ...]:
    """List what apps/container_output.py writes; only its first line tells no time of its own."""
    last = f"{long - 2}, {long - 1}]"
    traceback = ["Traceback (most recent call last):", "ValueError: invalid literal for int() with base 10: 'n/a'"]
    return (
        {"message": "starting"} | plain,
        *timed(
            stamp_inside(),
            _LOGGER | {"level": "INFO", "message": "loading model from model.joblib"},
            _LOGGER | {"level": "ERROR", "message_begins": "request 7f3b failed", "message_has": traceback},
            _LOGGER | {"level": "INFO", "message_begins": "scored [0, 1, 2, 3, 4, 5", "message_has": [last]},
            _LOGGER | {"level": "WARNING", "message": "feature AGE is missing"},
        ),
    )


def stamp_inside() -> Reader:
    """Read the time of the line that is carried, which has a blank where the carrier's has a T."""
    return at(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) - ", "%Y-%m-%d %H:%M:%S,%f")


def _piped(command: str, long: int) -> tuple[str, ...]:
    return ("sh", "-c", f"/usr/bin/env python3 container_output.py {long} 2>&1 | {command}")


_DOCKER = "github.com/docker/docker"
_CONTAINERD = "github.com/containerd/containerd"
_TOO_LONG = 4000  # numbers: more than the 16 KiB that both engines take in one piece

WRITTEN = (
    Sample(
        "docker-json-file",
        "Docker json-file",
        go("docker", "dockerlog", _DOCKER),
        _piped("dockerlog json-file container.log", _TOO_LONG),
        _lines(_TOO_LONG, {"@timestamp": stamp("time")}),
        file="container.log",
    ),
    Sample(
        "docker-local",
        "Docker local",
        go("docker", "dockerlog", _DOCKER),
        _piped("dockerlog local container.log", _TOO_LONG),
        _lines(_TOO_LONG, {}),
        file="container.log",
    ),
    Sample(
        "containerd-cri",
        "containerd",
        go("containerd", "crilog", _CONTAINERD),
        _piped("crilog container.log 16384", _TOO_LONG),
        _lines(_TOO_LONG, {"@timestamp": stamp()}),
        file="container.log",
    ),
)
