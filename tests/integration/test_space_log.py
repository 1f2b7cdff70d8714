"""The log of a Space's container: the real huggingface_hub against a server that speaks as the Hub does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import traceback
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from functions.pipeline.errors import ConfigError, PermanentError, TransientError
from functions.pipeline.sources import space_log
from functions.pipeline.sources.gradio_options import GradioOptions
from functions.pipeline.sources.space_log import SpaceLogSource

ROOT = Path(__file__).parents[2]
TOKEN = "hf_pl4ntedT0k3n"  # noqa: S105 (opens a Space of these tests only)
LOGS = "/api/spaces/owner/space/logs/"


class Hub(ThreadingHTTPServer):
    """Streams logs as the Hub does: all that there is, then keep-alives until the client leaves."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.logs = {"run": [], "build": []}
        self.token = self.stage = None
        self.status = 200
        self.lives = 0.0  # seconds between keep-alives, after the lines; 0: the stream ends
        self.silent = 0.0  # seconds before the answer
        self.cut_after = None  # lines, after which the connection breaks
        self.left = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def log(self, *lines, second=0, to="run"):
        """Write lines, each a microsecond after the one before."""
        for line in lines:
            number = len(self.logs[to])
            stamp = f"2025-11-18T16:55:{second:02}.{number:06}123Z"
            self.logs[to].append({"data": f"{line}\n", "timestamp": stamp})

    def restart(self):
        self.logs["run"] = []


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self):
        time.sleep(self.server.silent)
        allowed = self.server.token in (None, (self.headers["authorization"] or "").removeprefix("Bearer "))
        if self.server.status != 200 or not allowed:
            self._answer(self.server.status if allowed else 401, b'{"error": "Repository not found"}')
        elif self.path.startswith(LOGS):
            self._stream(self.server.logs[self.path.removeprefix(LOGS)])
        else:
            runtime = {"stage": self.server.stage or "RUNNING", "hardware": {}}
            self._answer(200, json.dumps({"id": "owner/space", "runtime": runtime}).encode())

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, events):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for number, event in enumerate(list(events)):
            if number == self.server.cut_after:
                return
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        while self.server.lives and not self.server.left.wait(self.server.lives):
            self.wfile.write(b"data:\n\n")
            self.wfile.flush()

    def handle(self):
        with suppress(ConnectionError):  # the client has left, as it may
            super().handle()

    def date_time_string(self, timestamp=None):
        return formatdate(timestamp or time.time(), usegmt=True)

    def log_message(self, *arguments):
        """Keep the tests' output clean."""


@contextmanager
def serving():
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.left.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def hub(monkeypatch):
    with serving() as server:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        yield server


def source(place="hf://owner/space", **options):
    return SpaceLogSource(place, GradioOptions("", **options))


def lines_of(readings):
    return [line for reading in readings for line in reading.lines]


def test_lines_come_as_the_container_wrote_them(hub):
    hub.log("===== Application Startup =====", "", "* Running on é", '{"message": "x"}')
    assert lines_of(source().read(None, 3)) == [
        b"===== Application Startup =====",
        b"",
        "* Running on é".encode(),
        b'{"message": "x"}',
    ]


def test_a_run_gives_only_what_is_new(hub):
    hub.log("a", "same", "same")
    *_, last = source().read(None, 2)
    assert list(source().read(last.position, 2)) == []
    hub.log("same", "b")
    assert lines_of(source().read(last.position, 2)) == [b"same", b"b"]


def test_a_restarted_container_says_the_same_again_and_nothing_is_lost_or_doubled(hub):
    hub.log("booting", "ready")
    [first] = source().read(None, 10)
    hub.restart()
    hub.log("booting", "ready", second=30)
    [second] = source().read(first.position, 10)
    assert (second.lines, second.gaps) == ([b"booting", b"ready"], 1)
    hub.log("new", second=31)
    [third] = source().read(second.position, 10)
    assert (third.lines, third.gaps) == ([b"new"], 0)


def test_the_log_of_the_build_is_another_source(hub):
    hub.log("built", to="build")
    hub.log("ran")
    build = source("hf://owner/space?logs=build")
    assert lines_of(build.read(None, 10)) == [b"built"]
    assert build.name != source().name


def test_a_live_stream_is_left_when_it_has_nothing_more_to_say(hub, monkeypatch):
    monkeypatch.setattr(space_log, "_QUIET", 0.4)
    hub.lives = 0.05
    hub.log("a", "b")
    started = time.monotonic()
    assert lines_of(source().read(None, 10)) == [b"a", b"b"]
    assert time.monotonic() - started < 5


def test_a_live_stream_is_left_at_the_first_line_that_is_younger_than_the_question(hub):
    hub.lives = 0.05
    hub.log("a")
    hub.logs["run"].append({"data": "later\n", "timestamp": "2999-01-01T00:00:00Z"})
    started = time.monotonic()
    assert lines_of(source().read(None, 10)) == [b"a"]
    assert time.monotonic() - started < space_log._QUIET  # noqa: SLF001


def test_a_stream_that_never_ends_is_cut_at_the_deadline_with_what_came(hub):
    hub.lives = 0.01
    hub.log("a")
    started = time.monotonic()
    assert lines_of(source(deadline_s=1.0).read(None, 10)) == [b"a"]
    assert time.monotonic() - started < 3


def test_a_log_of_more_than_fits_is_read_in_turns(hub, monkeypatch):
    monkeypatch.setattr(space_log, "_MOST", 100)
    hub.log(*(f"line {number}" for number in range(100)))
    assert lines_of(source().read(None, 10)) == [b"line %d" % number for number in range(100)]
    assert lines_of(source().read(None, 10, 37)) == [b"line %d" % number for number in range(37)]
    assert source().check().startswith("more than")


def test_a_broken_connection_keeps_what_came_and_the_rest_comes_next(hub):
    hub.log("a", "b", "c")
    hub.cut_after = 2
    *_, last = source().read(None, 10)
    hub.cut_after = None
    assert lines_of(source().read(last.position, 10)) == [b"c"]


def test_check_counts_the_lines(hub):
    hub.log("a", "b")
    assert source().check() == "2 lines held"


def test_a_private_space_is_opened_by_its_token(hub):
    hub.token = TOKEN
    hub.log("a")
    assert lines_of(source(token=TOKEN).read(None, 10)) == [b"a"]


@pytest.mark.parametrize(
    ("token", "told"), [(None, "without a token.*Set HF_TOKEN"), ("hf_wr0ng", "to this token.*HF_TOKEN is valid")]
)
def test_a_private_or_unknown_space_asks_for_a_token_and_does_not_show_it(hub, token, told, caplog):
    caplog.set_level("DEBUG")
    hub.token = TOKEN
    with pytest.raises(PermanentError, match=told) as caught:
        source(token=token).check()
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "owner/space" in str(caught.value)
    assert TOKEN not in shown
    assert token is None or token not in shown


@pytest.mark.parametrize(("status", "error"), [(429, TransientError), (503, TransientError), (410, PermanentError)])
def test_what_the_hub_answers_instead_is_named(hub, status, error):
    hub.status = status
    with pytest.raises(error, match=f"HTTP {status}"):
        source().check()


@pytest.mark.parametrize(
    ("stage", "error"),
    [("PAUSED", PermanentError), ("RUNTIME_ERROR", PermanentError), ("BUILDING", TransientError)],
)
def test_a_space_without_a_log_says_why(hub, stage, error):
    hub.stage = stage
    with pytest.raises(error, match=f"owner/space has no log.*{stage}"):
        source().check()


def test_a_space_that_has_written_nothing_is_fine(hub):
    assert hub.stage is None
    assert source().check() == "0 lines held"


def test_a_hub_that_says_nothing_is_left_in_time(hub):
    hub.silent = 3
    started = time.monotonic()
    with pytest.raises(TransientError, match=r"owner/space"):
        source(deadline_s=1.0).check()
    assert time.monotonic() - started < 2.5


def test_a_hub_that_is_not_there_is_waited_for(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(TransientError, match="Cannot read the run log of owner/space"):
        source().check()


@pytest.mark.parametrize("event", [{"text": "x"}, {"data": 7}, {"data": None}])
def test_events_of_another_form_are_told(hub, event):
    hub.logs["run"].append(event)
    with pytest.raises(PermanentError, match="no log of the form expected"):
        source().check()


@pytest.mark.parametrize(
    "place", ["hf://owner", "hf://a/b/c", "hf://owner/space?logs=all", "hf://owner/space?x=1", "hf://"]
)
def test_another_place_is_refused(place):
    with pytest.raises(ConfigError, match="hf://owner/space"):
        source(place)


def test_spaces_that_differ_have_different_names():
    names = [source(place).name for place in ("hf://a-b/c", "hf://a/b-c", "hf://a/b_c", "hf://A/b.c")]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"hf-[a-z0-9.-]+-logs-run-[0-9a-f]{8}", name) for name in names)


def test_the_command_line_reads_from_the_endpoint_of_the_environment(tmp_path):
    with serving() as hub:
        hub.token = TOKEN
        hub.log("2025-11-18 16:55:02 - api - INFO - one", "Traceback", "  File x")
        variables = {"PATH": os.environ["PATH"], "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "functions", "--once", "--json", "--source", "hf://owner/space"]
        counts = []
        for _ in range(2):
            done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=True)
            counts.append([json.loads(done.stdout)[name] for name in ("collected", "records")])
            assert TOKEN not in done.stdout + done.stderr
    assert counts == [[3, 1], [0, 0]]
