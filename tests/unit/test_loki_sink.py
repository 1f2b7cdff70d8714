"""What documents become in Loki, and what its answers mean; tests/integration has the real one."""

from __future__ import annotations

import gzip
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from functions.pipeline.backoff import Backoff
from functions.pipeline.config import load
from functions.pipeline.documents import DEAD_LETTERS, LOGS, Document
from functions.pipeline.errors import ConfigError, PermanentError, TransientError
from functions.pipeline.sinks.loki.body import compressed, content, in_order
from functions.pipeline.sinks.loki.entries import RUN, dead_letter_entry, run_entry
from functions.pipeline.sinks.loki.failures import reason_of, refused_count
from functions.pipeline.sinks.loki.options import LokiOptions
from functions.pipeline.sinks.loki.sink import LokiSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.pipeline.documents import Row, Rows

TIME = "2025-09-05T16:45:26.191702Z"
SECRET = "pl4nted-s3cret"  # noqa: S105 (planted)
OLD = """entry for stream '{job="x"}' has timestamp too old: 2026-05-11T03:18:12Z, oldest acceptable timestamp is: …"""
BEHIND = """entry with timestamp 2026-11-26 22:18:12.07 +0000 UTC ignored, reason: 'entry too far behind, …',
user 'fake', total ignored: {ignored} out of 3 for stream: {{job="x", source="y"}}
"""


def run(**different: Any) -> dict[str, Any]:
    usual = {
        "@timestamp": TIME,
        "etat": "FAILED",
        "description": "504 Gateway Timeout",
        "event": {"start": TIME, "end": "2025-09-05T16:45:27.089917Z"},
        "objet": {"id": 1995, "name": "projects", "transformation": "Zoho_API_get_data"},
        "performance": {"duree_secondes": 0.9, "memory_used_bytes": 5517312, "memory_used_mb": 5.26},
        "labels": {"etat": "FAILED", "source": "Zoho", "zone": "1-Raw", "entreprise": "acme"},
        "no_sequence": "2025-09-05-16-45",
    }
    return {name: each for name, each in (usual | different).items() if each is not None}


def row(identity: str = "a-0", time: str = TIME, **different: Any) -> Row:
    return identity.encode(), time, orjson.dumps(run(**different))


def test_a_run_is_an_entry_with_four_labels_and_the_rest_as_metadata():
    entry = run_entry(row())
    assert entry.labels == (("job", "ingestion-logs"), ("source", "Zoho"), ("etat", "FAILED"), ("zone", "1-Raw"))
    assert entry.time // 1000 == 1757090726191702
    assert entry.line == "504 Gateway Timeout"
    assert entry.metadata == {
        "id": "a-0",
        "objet": "projects",
        "objet_id": "1995",
        "entreprise": "acme",
        "transformation": "Zoho_API_get_data",
        "debut": TIME,
        "fin": "2025-09-05T16:45:27.089917Z",
        "duree_secondes": "0.9",
        "memory_used_bytes": "5517312",
        "memory_used_mb": "5.26",
        "no_sequence": "2025-09-05-16-45",
    }


def test_what_a_run_has_not_is_absent_or_unknown():
    bare = run_entry((b"a-0", TIME, orjson.dumps({"@timestamp": TIME})))
    assert bare.labels == (("job", "ingestion-logs"), ("source", "unknown"), ("etat", "unknown"))
    assert (bare.line, bare.metadata) == ("unknown", {"id": "a-0"})
    strange = run_entry(row(etat="STRANGE", description=None))
    assert (dict(strange.labels)["etat"], strange.line) == ("unknown", "STRANGE")
    assert run_entry(row(description=None)).line == "FAILED"


def test_a_label_is_bounded():
    assert dict(run_entry(row(labels={"source": "x" * 300, "zone": "z" * 300})).labels) == {
        "job": "ingestion-logs",
        "source": "x" * 200,
        "etat": "FAILED",
        "zone": "z" * 200,
    }


def test_the_same_document_gives_the_same_entry_and_another_id_another_time():
    assert run_entry(row()) == run_entry(row())
    times = {run_entry(row(f"0f6b2c3e-{position}")).time for position in range(1000)}
    assert len(times) > 600
    assert {time // 1000 for time in times} == {1757090726191702}
    assert run_entry(row(time="2025-09-05T16:45:26.191Z")).time // 1000 == 1757090726191000
    assert run_entry(row(time="1969-12-31T23:59:59.999999Z")).time // 1000 == -1


def test_a_dead_letter_is_an_entry_at_the_time_when_it_was_written():
    letter = {
        "@timestamp": TIME,
        "failed_at": "2026-01-02T00:00:00.000Z",
        "reason": "too old",
        "class": "rejected",
        "raw_log": SECRET,
        "document": SECRET,
        "store_key": "raw/a",
        "position": 7,
    }
    entry = dead_letter_entry((b"a-7-ingestion_run", TIME, orjson.dumps(letter)))
    assert (entry.labels, entry.line) == ((("job", "trilog-dead-letters"),), "too old")
    assert entry.time // 10**9 == 1767312000
    assert entry.metadata == {"id": "a-7-ingestion_run", "class": "rejected", "store_key": "raw/a", "position": "7"}


def test_a_body_has_each_stream_once_and_its_entries_in_order():
    rows = [
        row(f"a-{number}", f"2025-09-05T16:45:0{9 - number}.000Z", labels={"source": "AB"[number % 2]})
        for number in range(6)
    ]
    body = content(in_order(map(run_entry, rows)))
    streams = orjson.loads(body)["streams"]
    assert [each["stream"]["source"] for each in streams] == ["A", "B"]
    for each in streams:
        times = [int(time) for time, _, _ in each["values"]]
        assert times == sorted(times)
        assert len(times) == 3
    assert gzip.decompress(compressed(body)) == body


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (OLD, 0),  # of one entry
        (f"2 errors like: {OLD}", 2),
        (f"1 errors like: {OLD}; 4 errors like: {OLD}", 5),
        (BEHIND.format(ignored=2), 2),
        (OLD.replace('"x"', r'"\"; 5 errors like: "'), 0),  # a label's value says nothing
        ("<html>400 Bad Request</html>", 0),
    ],
)
def test_an_answer_says_how_many_entries_were_refused(answer: str, count: int):
    assert refused_count(answer.encode()) == count


def test_a_reason_is_one_line_and_bounded():
    assert reason_of(b"a\n b \r\n\x1b[31m") == "a b \ufffd[31m"
    assert len(reason_of(b"x" * 10_000)) == 500
    assert reason_of(b"") == "no reason given"


# --- Options


@pytest.mark.parametrize("url", ["http://localhost:3100/", "http://localhost:3100/loki/api/v1/push"])
def test_an_address_may_be_the_one_that_others_push_to(url: str):
    assert load({"LOKI_URL": url}, LokiOptions)[0].url == "http://localhost:3100"


@pytest.mark.parametrize(
    "url",
    [
        f"https://ada:{SECRET}@loki.example",
        "loki:3100",
        "http://",
        "http://a:b",
        f"http://a?token={SECRET}",
        "http://a/é",
        "http://a/\tb",
        f"http://a/#{SECRET}",
    ],
)
def test_an_address_that_cannot_be_is_named_without_its_secrets(url: str):
    with pytest.raises(ConfigError, match="LOKI_URL") as caught:
        load({"LOKI_URL": url}, LokiOptions)
    assert SECRET not in str(caught.value)


def test_secrets_are_not_shown():
    options = load({"LOKI_URL": "http://a", "LOKI_PASSWORD": SECRET, "LOKI_BEARER_TOKEN": SECRET}, LokiOptions)
    assert SECRET not in repr(options)
    with pytest.raises(ConfigError) as caught:
        load({"LOKI_BEARER_TOKEN": f"{SECRET}\nX-Evil: 1"}, LokiOptions)
    assert SECRET not in str(caught.value)


def test_without_an_address_there_is_no_sink():
    with pytest.raises(ConfigError, match="Set LOKI_URL"):
        LokiSink(LokiOptions())


# --- A server that answers what a real one seldom does


class Server:
    """Answers as a function of the body says; `requests` has the headers and the lines of each request."""

    def __init__(self, answers: Callable[[int, list[str]], tuple[int, bytes, dict[str, str]]]) -> None:
        self.requests: list[tuple[dict[str, str], list[str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
                lines = [line for each in orjson.loads(body)["streams"] for _, line, _ in each["values"]]
                server.requests.append((dict(self.headers), lines))
                status, text, headers = answers(len(server.requests), lines)
                text = text.replace(b"{authorization}", self.headers.get("Authorization", "").encode())
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"
        Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers; stop them in the end."""
    servers: list[Server] = []

    def start(answers: Callable[[int, list[str]], tuple[int, bytes, dict[str, str]]]) -> Server:
        servers.append(Server(answers))
        return servers[-1]

    yield start
    for each in servers:
        each.close()


def rows(*lines: str) -> Iterator[Rows]:
    yield RUN, [row(f"a-{number}", description=line) for number, line in enumerate(lines)]


def open_sink(server: Server, total: float = 5.0, **options: str) -> LokiSink:
    return LokiSink(LokiOptions(url=server.address, **options), Backoff(0.01, 0.05, total))


def test_a_push_names_the_tenant_and_signs_in(serve: Callable[..., Server]):
    server = serve(lambda *_: (204, b"", {}))
    with open_sink(server, tenant="acme", user="ada", password=SECRET) as sink:
        assert sink.write(rows("one", "two")).created == {RUN: 2}
        assert sink.write(iter(())).created == {}
    with open_sink(server, token=SECRET) as sink:
        sink.write(rows("one"))
    (basic, lines), (bearer, _) = server.requests
    assert (basic["X-Scope-OrgID"], lines) == ("acme", ["one", "two"])
    assert basic["Authorization"].startswith("Basic ")
    assert bearer["Authorization"] == f"Bearer {SECRET}"
    assert "X-Scope-OrgID" not in bearer


def test_documents_of_other_kinds_are_for_others(serve: Callable[..., Server]):
    server = serve(lambda *_: (204, b"", {}))
    with open_sink(server) as sink:
        assert sink.write(iter([(LOGS, [row()] * 3), ("perfs", [row()])])).created == {LOGS: 3, "perfs": 1}
    assert server.requests == []


def test_only_the_entries_that_are_refused_are_rejections(serve: Callable[..., Server]):
    def refuse_bad(_: int, lines: list[str]) -> tuple[int, bytes, dict[str, str]]:
        return (400, OLD.encode(), {}) if any(each.startswith("bad") for each in lines) else (204, b"", {})

    lines = [f"bad {number}" if number in (3, 50, 51) else f"good {number}" for number in range(100)]
    server = serve(refuse_bad)
    with open_sink(server) as sink:
        written = sink.write(rows(*lines))
    assert written.created == {RUN: 97}
    assert sorted(each.document.id for each in written.rejected) == ["a-3", "a-50", "a-51"]
    assert {(each.status, each.reason) for each in written.rejected} == {(400, OLD)}
    taken = {line for _, some in server.requests for line in some if not any(each.startswith("bad") for each in some)}
    assert taken == {each for each in lines if each.startswith("good")}
    assert sink.refusal == OLD


def test_when_all_are_refused_one_push_tells(serve: Callable[..., Server]):
    server = serve(lambda _, lines: (400, f"{len(lines)} errors like: {OLD}".encode(), {}))
    with open_sink(server) as sink:
        written = sink.write(rows(*map(str, range(500))))
    assert (written.created[RUN], len(written.rejected), len(server.requests)) == (0, 500, 1)


def test_streams_that_there_is_no_room_for_are_refused_and_the_others_taken(serve: Callable[..., Server]):
    limit = b"Maximum active stream limit exceeded when trying to create stream {source=...}, reduce the number of ..."
    server = serve(lambda _, lines: (429, limit, {}) if "new" in lines else (204, b"", {}))
    with open_sink(server) as sink:
        written = sink.write(rows("old", "new", "old too"))
    assert [each.document.id for each in written.rejected] == ["a-1"]
    assert written.created == {RUN: 2}


def test_a_push_that_is_too_large_is_halved(serve: Callable[..., Server]):
    server = serve(lambda _, lines: (204 if len(lines) <= 10 else 413, b"too large", {}))
    with open_sink(server) as sink:
        assert sink.write(rows(*map(str, range(100)))).rejected == []
    sizes = [len(lines) for _, lines in server.requests if len(lines) <= 10]
    assert sum(sizes) == 100


def test_one_that_is_too_large_alone_is_rejected_as_such(serve: Callable[..., Server]):
    server = serve(lambda *_: (413, b"too large", {}))
    with open_sink(server) as sink:
        assert [each.status for each in sink.write(rows("one")).rejected] == [413]


def test_a_time_that_loki_cannot_write_is_never_sent(serve: Callable[..., Server]):
    server = serve(lambda *_: (204, b"", {}))
    with open_sink(server) as sink:
        written = sink.write(iter([(RUN, [row(time="9999-01-01T00:00:00.000Z"), row("a-1")])]))
    assert [each.document.id for each in written.rejected] == ["a-0"]
    assert written.created == {RUN: 1}
    assert len(server.requests[0][1]) == 1


def test_pushes_are_of_a_size_that_a_usual_loki_takes(serve: Callable[..., Server]):
    server = serve(lambda *_: (204, b"", {}))
    with open_sink(server) as sink:
        sink.write(iter([(RUN, [row(f"a-{number}", description="x" * 1000) for number in range(3000)])]))
    assert all(500 < len(lines) < 1000 for _, lines in server.requests[:-1])
    assert sum(len(lines) for _, lines in server.requests) == 3000


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_tried_again(serve: Callable[..., Server], status: int):
    server = serve(lambda number, _: (status if number < 3 else 204, b"busy", {}))
    with open_sink(server) as sink:
        assert sink.write(rows("one")).created == {RUN: 1}
    assert [lines for _, lines in server.requests] == [["one"]] * 3


def test_what_does_not_pass_is_handed_back(serve: Callable[..., Server]):
    server = serve(lambda *_: (429, b"ingestion rate limit exceeded for user fake", {}))
    with open_sink(server, 0.2) as sink, pytest.raises(TransientError, match="429, ingestion rate limit exceeded"):
        sink.write(rows("one"))
    assert len(server.requests) > 2


def test_the_time_that_the_server_asks_for_is_waited(serve: Callable[..., Server]):
    server = serve(lambda number, _: (429 if number < 2 else 204, b"", {"Retry-After": "1"}))
    with open_sink(server) as sink:
        sink.write(rows("one"))
    late = serve(lambda *_: (429, b"", {"Retry-After": "60"}))
    with open_sink(late) as sink, pytest.raises(TransientError):
        sink.write(rows("one"))
    assert (len(server.requests), len(late.requests)) == (2, 1)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "LOKI_TENANT"),
        (403, "LOKI_BEARER_TOKEN"),
        (404, "Check LOKI_URL"),
        (260, "ingestion blocked"),
        (302, "Check LOKI_URL"),
    ],
)
def test_what_never_passes_is_said_at_once_without_secrets(serve: Callable[..., Server], status: int, remedy: str):
    server = serve(lambda *_: (status, b"ingestion blocked for {authorization}", {}))
    with open_sink(server, user="ada", password=SECRET) as sink, pytest.raises(PermanentError, match=remedy) as caught:
        sink.write(rows("one"))
    assert "Basic" not in str(caught.value)
    assert "***" in str(caught.value)
    assert len(server.requests) == 1


def test_a_server_that_is_away_is_named_without_secrets():
    options = LokiOptions(url="http://127.0.0.1:1", user="ada", password=SECRET)
    with LokiSink(options, Backoff(total=0)) as sink, pytest.raises(TransientError, match=r"127\.0\.0\.1:1") as caught:
        sink.write(rows(SECRET))
    assert SECRET not in str(caught.value)


def test_dead_letters_are_pushed_too(serve: Callable[..., Server]):
    server = serve(lambda *_: (HTTPStatus.NO_CONTENT, b"", {}))
    letter = Document(DEAD_LETTERS, "a-7-x", TIME, orjson.dumps({"failed_at": TIME, "reason": "why"}))
    with open_sink(server) as sink:
        sink.write([(letter.kind, [(letter.id.encode(), letter.timestamp, letter.body)])])
    assert [lines for _, lines in server.requests] == [["why"]]
