"""What the benchmark ran on: how large the machine is, and the versions of what was measured. No names."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version

_LIBRARIES = ("orjson", "isal", "obstore", "elasticsearch")


def machine() -> dict[str, object]:
    """Describe this machine, today."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "memory_gb": round(memory),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {
            "python": ".".join(map(str, sys.version_info[:3])),
            **{each: version(each) for each in _LIBRARIES},
        },
    }
