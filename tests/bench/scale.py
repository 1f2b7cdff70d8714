"""How cost grows with a batch, and how many bytes go over the wire."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tests.bench.processes import measured, python_environment, serving, told
from tests.bench.throughput import counted

if TYPE_CHECKING:
    from tests.bench.inputs import Inputs


def growth(inputs: Inputs, count: int) -> list[dict[str, Any]]:
    """Measure ours with a hundredth, a tenth of the lines, all of them, and ten times as many."""
    keys = {each: inputs.compressed(each) for each in (count // 100, count // 10, count)}
    keys[count * 10] = inputs.repeated(count, 10)
    with serving("fake_elasticsearch") as server:
        return [
            {"lines": lines}
            | counted(server, lambda key=key: measured("ours", f"file://{inputs.folder}", key, server.url))
            for lines, key in keys.items()
        ]


def stages(inputs: Inputs, count: int) -> dict[str, Any]:
    """Measure what each stage of a line's way takes."""
    module = [sys.executable, "-m", "tests.bench.measured.stages"]
    command = [*module, f"file://{inputs.folder}", inputs.compressed(count)]
    return {"lines": count, "cpu_s": told(command, python_environment())}


def wire(inputs: Inputs, count: int) -> dict[str, Any]:
    """Compare the bytes of the requests with what gzip level 1 (zlib) makes of the same bodies."""
    with serving("fake_elasticsearch", "gzip1") as server:
        figures = measured("ours", f"file://{inputs.folder}", inputs.compressed(count), server.url)
        counts = server.counts()
    documents = figures["documents"]
    sizes = {name: round(counts[f"{name}_bytes"] / documents, 2) for name in ("plain", "wire", "gzip1")}
    return {"documents": documents, "requests": counts["bulks"], **sizes}
