"""rsyslog with omelasticsearch, where they are installed (Debian: rsyslog, rsyslog-elasticsearch): text, no ids."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.bench.processes import ended

if TYPE_CHECKING:
    from tests.bench.processes import Server

_MODULES = ("/usr/lib/*/rsyslog", "/usr/lib/rsyslog", "/usr/lib64/rsyslog")
_MOST_SECONDS = 300
_CONFIGURATION = """
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imfile")
module(load="omelasticsearch")
main_queue(queue.size="100000" queue.dequeueBatchSize="5000")
template(name="line" type="list") {{
  constant(value="{{\\"message\\":\\"") property(name="msg" format="json") constant(value="\\"}}")
}}
input(type="imfile" file="{log}" tag="bench" ruleset="out")
ruleset(name="out") {{
  action(type="omelasticsearch" server="127.0.0.1" serverport="{port}" template="line"
         searchIndex="bench-lines" searchType="" bulkmode="on" maxbytes="10m")
}}
"""


def rsyslog(log: Path, count: int, server: Server) -> dict[str, Any]:
    """Let rsyslog index a file's lines; without it, say that it is missing."""
    program = shutil.which("rsyslogd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if not program or not _has_module():
        return {"missing": "not installed here (Debian: rsyslog rsyslog-elasticsearch)"}
    with TemporaryDirectory(prefix="trilog-rsyslog-") as name:
        configuration = Path(name) / "rsyslog.conf"
        configuration.write_text(_CONFIGURATION.format(folder=name, log=log, port=server.port))
        command = [program, "-n", "-f", str(configuration), "-i", f"{name}/pid"]
        return {"records": count, **_run(command, count, server), "version": _version(program)}


def _run(command: list[str], count: int, server: Server) -> dict[str, Any]:
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while server.counts()["documents"] < count and time.perf_counter() - begun < _MOST_SECONDS:
            time.sleep(0.1)
        wall_s, memory = time.perf_counter() - begun, _peak_memory(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        cpu_s = ended(process)
    arrived = server.counts()["documents"]
    return {"cpu_s": round(cpu_s, 3), "wall_s": round(wall_s, 3), "peak_mb": memory, "documents": arrived}


def _peak_memory(pid: int) -> float:
    return round(int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024, 1)


def _has_module() -> bool:
    return any(list(Path("/").glob(f"{each[1:]}/omelasticsearch.so")) for each in _MODULES)


def _version(program: str) -> str:
    return subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stdout.split()[1]
