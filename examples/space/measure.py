"""What a call costs: time, memory, and the functions that it spent its time in."""

import cProfile
import pstats
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_TOP = 5  # functions listed
_MAXRSS_PER_MB = 1024 * 1024 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
_one_at_a_time = threading.Lock()  # a process has one profiler


def measured(call: Callable[..., T], *arguments: object) -> tuple[T, dict[str, Any]]:
    """Call it, and return its result with its performance metrics: times in ms, memory in MB."""
    profile = cProfile.Profile()
    with _one_at_a_time:
        memory, cpu, started = _memory_mb(), time.thread_time(), time.perf_counter()
        result = profile.runcall(call, *arguments)
        metrics = {
            "inference_time_ms": _ms(time.perf_counter() - started),
            "cpu_time_ms": _ms(time.thread_time() - cpu),
            "memory_mb": round(_memory_mb(), 2),
            "memory_delta_mb": round(_memory_mb() - memory, 2),
        }
    return result, metrics | _profiled(profile)


def _profiled(profile: cProfile.Profile) -> dict[str, Any]:
    stats = pstats.Stats(profile)
    slowest = sorted(stats.stats.items(), key=lambda each: -each[1][3])[:_TOP]
    top = [
        {
            "function": name,
            "cumulative_time": round(cumulative, 6),
            "calls": calls,
            "filename": Path(path).name,
            "line_number": line,
        }
        for (path, line, name), (_, calls, _, cumulative, _) in slowest
    ]
    return {"function_calls": stats.total_calls, "top_functions": top}


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MAXRSS_PER_MB


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
