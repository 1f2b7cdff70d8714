"""What a measured process says of itself, as JSON, in the last line that it prints."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def tell(work: Callable[[], dict[str, int]]) -> None:
    """Do some work; print what it returns, with its CPU time (user and system), its time, and the memory it took.

    The interpreter's start and the imports came before, and are measured by themselves (see `cold_start.py`).
    """
    cpu, begun = time.process_time(), time.perf_counter()
    counts = work()
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    figures = {"cpu_s": round(cpu_s, 4), "wall_s": round(wall_s, 4), "peak_mb": round(peak_memory(), 1)}
    sys.stdout.write(f"{json.dumps({**figures, **counts})}\n")


def peak_memory() -> float:
    """Return the most memory that this process has had, in MB (1024 * 1024 bytes), shared libraries included."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's ru_maxrss may be that of the process which started this one
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
