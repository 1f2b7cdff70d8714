"""Tries an installed trilog-client with nothing but the standard library; run by the interpreter that has it.

Sends over HTTP to a server of its own, to a file, and by `logging`, over a fork and over a spool.
"""

import asyncio
import gzip
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import requires, version
from pathlib import Path

import trilog_client
from trilog_client import Client, Limits, TrilogHandler, configure, current_execution, model_execution

warnings.simplefilter("error")
STORED = {}


class Handler(BaseHTTPRequestHandler):
    """Takes batches."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        STORED.setdefault(self.headers["Idempotency-Key"], [json.loads(line) for line in body.splitlines()])
        self.send_response(202 if self.headers["Authorization"] == "Bearer t" else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def numbers():
    return sorted(record["n"] for records in STORED.values() for record in records if "n" in record)


def statuses():
    return [record["status"] for records in STORED.values() for record in records if "status" in record]


def measured():
    @model_execution("m", "1", "a")
    def plain():
        current_execution().details["n"] = 1

    @model_execution("m", "1", "a")
    async def coroutine():
        raise ValueError("boom")

    plain()
    try:
        asyncio.run(coroutine())
    except ValueError:
        logging.getLogger().addHandler(TrilogHandler())
        logging.getLogger("check").exception("failed")


def forked():
    pid = os.fork()
    if pid == 0:
        trilog_client.send_log_to_elastic({"n": 2})
        os._exit(0 if trilog_client.flush(10) else 1)
    assert os.waitpid(pid, 0)[1] == 0


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}/logs"
    configure(url, "t", limits=Limits(interval=0.05))
    # A process that has threads is not forked without a warning by Python 3.12 and newer.
    trilog_client.send_log_to_elastic({"n": 1, "nan": float("nan")})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert trilog_client.flush(10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        forked()
    measured()
    assert trilog_client.flush(10)
    assert statuses() == ["started", "completed", "started", "failed"], statuses()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TRILOG_URL": "http://127.0.0.1:9/logs", "TRILOG_SPOOL": folder}
        program = "import trilog_client; trilog_client.send_log_to_elastic({'n': 3})"
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
        with Client(url, "t", folder, Limits(interval=0.05)) as client:
            client.send({"n": 4})
        assert numbers() == [1, 2, 3, 4], numbers()
        assert not list(Path(folder).iterdir())
        with Client(Path(folder, "log").as_uri()) as client:
            client.send({"n": 5})
        assert json.loads(Path(folder, "log").read_text())["n"] == 5
    assert version("trilog-client") == trilog_client.__version__
    assert [each.split(">")[0] for each in requires("trilog-client")] == ["psutil"]
    assert Path(trilog_client.__file__).with_name("py.typed").exists()
    sys.stdout.write("checked with Python {}.{}\n".format(*sys.version_info))


if __name__ == "__main__":
    main()
