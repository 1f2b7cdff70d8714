"""Run a command, and say in the last line what it took: `python -m tests.bench.measured.command COMMAND …`.

Linux counts the memory of the process that starts another as that of the other, too. So one that has little starts the
command; else the memory of a test runner is what is measured, and what libFuzzer compares with its limit.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

_MB = 1 << 20 if sys.platform == "darwin" else 1 << 10  # of ru_maxrss


def main() -> int:
    """Return the command's exit status."""
    begun = time.perf_counter()
    status = subprocess.run(sys.argv[1:], check=False).returncode
    seconds, used = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {"wall_s": seconds, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / _MB}
    sys.stdout.write(f"{json.dumps(figures)}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
