"""Names before a line: of the container (docker compose), or of the pod (kubectl logs --prefix)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.pipeline.envelopes import Carried, Envelope

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

# What looks ahead fails at once at a line's time, where the rest would try every place that a number may begin at.
_COMPOSE = re.compile(rb"(?=[\w.-]{3,106}+ {1,60}+\| )([A-Za-z0-9][\w.-]{0,100}[-_]\d{1,4}) {1,60}\| ")
_KUBECTL = re.compile(rb"\[pod/([\w.-]{1,253})/([\w.-]{1,253})\] ")


def _from_text(line: bytes, _clock: Clock) -> list[Carried] | None:
    if pod := _KUBECTL.match(line):
        labels = {"kubernetes": {"pod_name": pod[1].decode(), "container_name": pod[2].decode()}}
        return [Carried(line[pod.end() :], None, labels, pod[0].decode())]
    if container := _COMPOSE.match(line):
        name = container[1].decode()
        return [Carried(line[container.end() :], None, {"container_name": name}, name)]
    return None


ENVELOPE = Envelope(
    name="prefixes",
    description="docker compose and kubectl logs --prefix",
    source="https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/",
    expressions=(_KUBECTL, _COMPOSE),
    from_text=_from_text,
    samples=(
        (b"web-1  | INFO:     a", (b"INFO:     a",)),
        (b"[pod/api-5d4f/api] INFO:     a", (b"INFO:     a",)),
    ),
)
