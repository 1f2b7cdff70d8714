"""The container runtime interface of Kubernetes (containerd, CRI-O): `TIME stdout F text`; P begins a partial line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.pipeline.envelopes import Carried, Envelope

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LINE = re.compile(rb"(\d{4}-\d\d-\d\dT[\d:.,]{8,20}(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::\S{1,50})?(?: |$)")


def _from_text(line: bytes, clock: Clock) -> list[Carried] | None:
    found = _LINE.match(line) if line[10:11] == b"T" else None
    if found is None:
        return None
    time, stream, tag = (each.decode() for each in found.groups())
    return [Carried(line[found.end() :], clock.read(time), {"stream": stream}, stream, partial=tag == "P")]


ENVELOPE = Envelope(
    name="cri",
    description="the container runtime interface of Kubernetes",
    source="https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md",
    starts=b"0123456789",
    expressions=(_LINE,),
    from_text=_from_text,
    samples=(
        (b"2025-01-20T10:30:00.123456789Z stderr F INFO:     Started", (b"INFO:     Started",)),
        (
            (
                b"2025-01-20T10:30:00.1Z stdout P a long \n2025-01-20T10:30:00.2Z stderr F other\n"
                b"2025-01-20T10:30:00.3Z stdout F line"
            ),
            (b"a long line", b"other"),
        ),
    ),
)
