"""One of the functions in a process of its own, that can be killed: `python -m tests.faults.worker collector|indexer`.

It imports all it needs and says "ready". For each line of its input, an event, it answers with a line of JSON: what the
function answered, and the most memory that the process has used, in bytes.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from importlib import import_module
from pathlib import Path

HEAVY = {"collector": ["gradio_client", "obstore"], "indexer": ["isal.igzip", "http.client", "obstore"]}
_STATUS = Path("/proc/self/status")


def main(name: str) -> None:
    """Serve the events."""
    function = import_module(f"functions.{name}.handler")
    for each in HEAVY[name]:
        import_module(each)
    print("ready", flush=True)  # noqa: T201 (it tells the test)
    for line in sys.stdin:
        answer = function.handler(json.loads(line), None)
        print(json.dumps({"answer": answer, "peak": _peak()}), flush=True)  # noqa: T201 (likewise)


def _peak() -> int:
    if _STATUS.exists():  # what `resource` tells on Linux includes the process that started this one
        return int(re.findall(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(sys.argv[1])
