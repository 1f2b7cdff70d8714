"""Records arrive at a real server, once each, whatever it does; and the application never waits for it."""

from __future__ import annotations

import logging
import random
import socket
import threading
import time
from collections import Counter
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from tests.client.server import TOKEN, Answer, Ingest, serving
from trilog_client import Client, Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Client]


def said(caplog: pytest.LogCaptureFixture, text: str) -> bool:
    """Wait until something is logged: by the thread that sends, perhaps just after a flush."""
    until = time.monotonic() + 5
    while text not in caplog.text and time.monotonic() < until:
        time.sleep(0.01)
    return text in caplog.text


def numbers(server: Ingest) -> list[int]:
    return sorted(record["n"] for record in server.records())


def send(client: Client, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        client.send({"timestamp": "t", "n": number})


def test_what_is_sent_arrives_in_batches_over_one_connection(server: Ingest, make: Make):
    client = make(batch_records=100)
    send(client, 1050)
    assert client.flush(10)
    assert numbers(server) == list(range(1050))
    assert max(len(request.lines) for request in server.requests) == 100
    assert len({request.connection for request in server.requests}) == 1
    assert len({request.key for request in server.requests}) == len(server.requests) == 11
    assert client.counts() == {"sent": 1050, "dropped": 0}


def test_records_wait_for_others_to_be_sent_with(server: Ingest, make: Make):
    client = make(interval=0.4)
    for number in range(3):
        send(client, 1, number)
        time.sleep(0.05)
    assert len(server.wait(3)) == 3
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 0])
def test_a_batch_that_fails_is_sent_again_under_its_key(server: Ingest, make: Make, status: int):
    server.answers.extend([Answer(status), Answer(status, stored=True), Answer(status)])
    client = make()
    send(client, 5)
    assert client.flush(10)
    assert numbers(server) == list(range(5))
    assert len({request.key for request in server.requests}) == 1
    assert client.counts() == {"sent": 5, "dropped": 0}


@pytest.mark.parametrize("status", [400, 403, 404, 413, 415, 422])
def test_a_refused_batch_is_dropped_and_counted_and_the_next_is_sent(
    server: Ingest, make: Make, caplog: pytest.LogCaptureFixture, status: int
):
    server.answers.append(Answer(status))
    client = make()
    send(client, 3)
    assert client.flush(10)
    send(client, 1, 9)
    assert client.flush(10)
    assert numbers(server) == [9]
    assert client.counts() == {"sent": 1, "dropped": 3}
    assert said(caplog, f"3 records were dropped: 3 because {server.url}: HTTP {status}")


def test_a_refused_token_is_said_and_nothing_is_lost(server: Ingest, make: Make, caplog: pytest.LogCaptureFixture):
    server.answers.extend([Answer(401)] * 3)
    client = make()
    send(client, 4)
    assert client.flush(10)
    assert numbers(server) == list(range(4))
    assert caplog.text.count("HTTP 401: the server refuses TRILOG_TOKEN") == 1
    assert TOKEN not in caplog.text


def test_a_moved_endpoint_is_said_and_nothing_is_lost(server: Ingest, make: Make, caplog: pytest.LogCaptureFixture):
    server.answers.append(Answer(308, {"Location": "https://elsewhere.example/logs"}))
    client = make()
    send(client, 1)
    assert client.flush(10)
    assert said(caplog, "HTTP 308: the endpoint is elsewhere")
    assert numbers(server) == [0]


@pytest.mark.parametrize("dated", [False, True])
def test_the_server_says_when_to_come_back(server: Ingest, make: Make, dated: bool):  # noqa: FBT001 - a case
    wait = formatdate(time.time() + 2.2, usegmt=True) if dated else "1"
    server.answers.append(Answer(429, {"Retry-After": wait}))
    client = make(longest_pause=0.05)
    send(client, 1)
    assert client.flush(10)
    first, second = server.requests
    assert 0.9 <= second.at - first.at < 3.5


@pytest.mark.parametrize("wait", ["soon", "-3", "", "1e999"])
def test_a_wait_that_cannot_be_read_is_none(server: Ingest, make: Make, wait: str):
    server.answers.append(Answer(503, {"Retry-After": wait}))
    client = make()
    send(client, 1)
    assert client.flush(10)
    assert numbers(server) == [0]


def test_a_server_that_is_away_for_seconds_costs_nothing(make: Make, caplog: pytest.LogCaptureFixture):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    client = make(url=f"http://127.0.0.1:{port}/logs", longest_pause=0.2)
    send(client, 2000)
    time.sleep(3)
    assert caplog.text.count("The records wait") == 1
    with serving(port) as server:
        assert client.flush(10)
        assert numbers(server) == list(range(2000))
    assert client.counts() == {"sent": 2000, "dropped": 0}


def test_a_server_that_cuts_kept_connections_gets_everything_once(server: Ingest, make: Make):
    client = make()
    generator = random.Random(0)  # noqa: S311 - the same in each run
    for number in range(40):
        server.answers.append(Answer(*generator.choice([(202,), (0,), (202, {"Connection": "close"}), (503,)])))
        send(client, 5, 5 * number)
        client.flush(0.05)
    assert client.flush(20)
    assert numbers(server) == list(range(200))


def test_an_answer_that_is_too_long_is_not_taken_for_the_next(make: Make):
    """By a server that answers with a megabyte."""
    with serving() as server:
        server.answers.append(Answer(202, {"Content-Length": "1000000"}))
        client = make(url=server.url, timeout=0.5)
        send(client, 1)
        client.flush(5)
        send(client, 1, 1)
        assert client.flush(10)
        assert numbers(server) == [0, 1]


def test_calls_stay_fast_while_the_server_is_slow(server: Ingest, make: Make):
    server.always = Answer(delay=0.3)
    client = make()
    times = []
    for number in range(4000):
        begun = time.perf_counter()
        client.send({"timestamp": "t", "n": number})
        times.append(time.perf_counter() - begun)
    times.sort()
    assert times[len(times) // 2] < 50e-6
    assert times[int(len(times) * 0.99)] < 20e-3, "the server takes 300 ms"
    server.always = Answer()
    assert client.flush(10)
    assert numbers(server) == list(range(4000))


@pytest.mark.parametrize("limit", [{"queue_records": 100}, {"queue_bytes": 100 * len('{"timestamp":"t","n":000}\n')}])
def test_what_does_not_fit_is_dropped_and_counted_and_said_once(
    server: Ingest, make: Make, caplog: pytest.LogCaptureFixture, limit: dict[str, float]
):
    server.always = Answer(delay=0.5)
    client = make(batch_records=10, **limit)
    send(client, 10)
    time.sleep(0.2)  # the first batch is on its way
    send(client, 890, 100)
    server.always = Answer()
    assert client.flush(10)
    counts = client.counts()
    assert counts["sent"] + counts["dropped"] == 900
    assert 100 <= counts["sent"] <= 130
    assert numbers(server)[:10] == list(range(10))
    assert said(caplog, "because the queue was full")
    client.close()
    messages = [record.getMessage() for record in caplog.records if "were dropped" in record.getMessage()]
    assert sum(int(message.split()[0]) for message in messages) == counts["dropped"]
    assert len(messages) <= 2
    assert all("because the queue was full" in message for message in messages)


def test_a_document_of_megabytes_is_dropped_and_counted(server: Ingest, make: Make, caplog: pytest.LogCaptureFixture):
    client = make()
    client.send({"text": "x" * 2_000_000})
    send(client, 1)
    assert client.flush(10)
    assert numbers(server) == [0]
    assert client.counts() == {"sent": 1, "dropped": 1}
    assert said(caplog, "1 because they were longer than 1048576 bytes")


def test_many_threads_may_send(server: Ingest, make: Make):
    client = make()
    threads = [threading.Thread(target=send, args=(client, 500, 500 * each)) for each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.flush(10)
    assert numbers(server) == list(range(4000))
    assert [count for count in Counter(numbers(server)).values() if count > 1] == []


def test_a_closed_client_sends_what_it_has_and_counts_what_comes_later(
    server: Ingest, make: Make, caplog: pytest.LogCaptureFixture
):
    client = make(interval=60)
    send(client, 5)
    begun = time.monotonic()
    client.close()
    assert time.monotonic() - begun < 3
    assert numbers(server) == list(range(5))
    send(client, 1)
    client.close()
    assert client.counts() == {"sent": 5, "dropped": 1}
    assert said(caplog, "1 because they came after the client was closed")


def test_closing_takes_no_longer_than_it_may_and_says_what_is_lost(
    server: Ingest, make: Make, caplog: pytest.LogCaptureFixture
):
    server.always = Answer(503)
    client = make()
    send(client, 7)
    begun = time.monotonic()
    client.close(1)
    assert 0.5 < time.monotonic() - begun < 2
    assert client.counts() == {"sent": 0, "dropped": 7}
    assert said(caplog, "7 because the process ended before they could be sent")


def test_nothing_runs_before_the_first_record(server: Ingest):
    before = threading.active_count()
    client = Client(server.url, TOKEN, "")
    assert client.flush(0.1)
    assert threading.active_count() == before
    client.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://host/logs", "TRILOG_URL must be https://HOST/logs"),
        ("host/logs", "TRILOG_URL must be"),
        ("https:///logs", "with a host"),
        ("https://user:secret@host/logs", "no user or password"),
        ("file://relative/path", "three slashes"),
    ],
)
def test_a_url_that_cannot_be_used_is_an_error_that_shows_no_secret(url: str, message: str):
    with pytest.raises(ValueError, match=message) as raised:
        Client(url)
    assert "secret" not in str(raised.value)


def test_a_token_that_no_header_can_have_is_an_error():
    with pytest.raises(ValueError, match="TRILOG_TOKEN may have no line breaks"):
        Client("https://host/logs", "a\nX-Other: b")


@pytest.mark.parametrize("limits", [{"queue_records": 0}, {"interval": -1}, {"timeout": float("nan")}])
def test_a_limit_that_is_none_is_an_error(limits: dict[str, float]):
    with pytest.raises(ValueError, match=f"{next(iter(limits))} must be above zero"):
        Limits(**limits)


def test_a_filter_of_the_applications_that_raises_stops_nothing(server: Ingest, make: Make):
    class Broken(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            raise RuntimeError(record)

    broken = Broken()
    logging.getLogger("trilog_client").addFilter(broken)
    try:
        server.answers.extend([Answer(401), Answer(422)])
        client = make()
        send(client, 1)
        assert client.flush(5)
        send(client, 1, 1)
        assert client.flush(5)
        assert numbers(server) == [1]
    finally:
        logging.getLogger("trilog_client").removeFilter(broken)


def test_lines_are_appended_to_a_file_by_several_clients_at_once(make: Make, tmp_path: Path):
    path = tmp_path / "a log.ndjson"
    clients = [make(url=path.as_uri(), batch_records=7) for _ in range(4)]
    threads = [threading.Thread(target=send, args=(client, 500, 500 * each)) for each, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(client.flush(10) for client in clients)
    lines = path.read_text().splitlines()
    assert sorted(int(line.split(":")[-1].rstrip("}")) for line in lines) == list(range(2000))


def test_a_file_that_cannot_be_written_is_waited_for(make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    folder = tmp_path / "later"
    client = make(url=(folder / "log.ndjson").as_uri())
    send(client, 3)
    assert not client.flush(1)
    folder.mkdir()
    assert client.flush(5)
    assert len((folder / "log.ndjson").read_text().splitlines()) == 3
    assert said(caplog, "No such file or directory. The records wait")


def test_a_file_that_is_moved_away_is_made_anew(make: Make, tmp_path: Path):
    path = tmp_path / "log.ndjson"
    client = make(url=path.as_uri())
    send(client, 1)
    assert client.flush(5)
    path.rename(tmp_path / "log.ndjson.1")
    send(client, 1, 1)
    assert client.flush(5)
    assert path.read_text() == '{"timestamp":"t","n":1}\n'


def test_standard_output_has_a_line_for_each(make: Make, capfd: pytest.CaptureFixture[str]):
    client = make(url="-")
    send(client, 2)
    assert client.flush(5)
    assert capfd.readouterr().out == '{"timestamp":"t","n":0}\n{"timestamp":"t","n":1}\n'


def test_standard_output_that_is_not_a_file_takes_lines_too(make: Make, capsys: pytest.CaptureFixture[str]):
    client = make(url="-")
    client.send({"timestamp": "t", "text": "é"})
    assert client.flush(5)
    assert capsys.readouterr().out == '{"timestamp":"t","text":"é"}\n'
