"""The Redis source against a real Redis."""

from __future__ import annotations

import json
import re
import threading
import traceback

import pytest

from functions.cli import main
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError, PermanentError, TransientError
from functions.pipeline.sources.redis_list import RedisListSource
from functions.pipeline.sources.redis_options import RedisOptions
from tests.redis import start_redis
from tests.scripts import free_port

PASSWORD = "pl4nted-p4ssword"  # noqa: S105 (opens a Redis of these tests only)
KEPT = 1000  # as the users' services keep


@pytest.fixture(scope="module")
def running():
    with start_redis() as server:
        yield server


@pytest.fixture
def port(running):
    running[1].flushall()
    return running[0]


@pytest.fixture
def client(running, port):  # noqa: ARG001 (begins with nothing)
    return running[1]


@pytest.fixture(scope="module")
def locked():
    with start_redis("--requirepass", PASSWORD, password=PASSWORD) as server:
        yield server


def source(port, **options):
    return RedisListSource(RedisOptions("127.0.0.1", port, **options))


def push(client, *lines):
    """Log as the service does: in front, and no more than the last ones are kept."""
    client.lpush("api_logs", *lines)
    client.ltrim("api_logs", 0, KEPT - 1)


def lines_of(readings):
    return [line for reading in readings for line in reading.lines]


def test_entries_come_as_pushed_oldest_first(client, port):
    entry = json.dumps({"timestamp": "2025-11-18 16:55:02", "level": "INFO", "message": "é", "data": None})
    push(client, entry, "2025-11-18 16:55:03 - api - INFO - text\n", b"\xff")
    assert lines_of(source(port).read(None, 10)) == [
        entry.encode(),
        b"2025-11-18 16:55:03 - api - INFO - text",
        b"\xff",
    ]


def test_a_run_gives_only_what_is_new_and_keeps_repeats(client, port):
    push(client, "old", "same")
    *_, last = source(port).read(None, 1)
    push(client, "same", "same")
    assert lines_of(source(port).read(last.position, 10)) == [b"same", b"same"]
    assert list(source(port).read(list(source(port).read(last.position, 10))[-1].position, 10)) == []


def test_a_trimmed_list_gives_each_line_once_until_lines_are_lost_which_is_a_gap(client, port):
    push(client, *map(str, range(KEPT)))
    [first] = source(port).read(None, KEPT)
    push(client, *map(str, range(KEPT, KEPT + 900)))
    [second] = source(port).read(first.position, KEPT)
    assert (lines_of([second]), second.gaps) == ([b"%d" % n for n in range(KEPT, KEPT + 900)], 0)
    push(client, *map(str, range(5000, 5000 + 2 * KEPT)))
    [third] = source(port).read(second.position, KEPT)
    assert (lines_of([third]), third.gaps) == ([b"%d" % n for n in range(6000, 7000)], 1)


def test_an_emptied_list_is_read_anew(client, port):
    push(client, "a", "b")
    [first] = source(port).read(None, 10)
    client.delete("api_logs")
    assert list(source(port).read(first.position, 10)) == []
    push(client, "c")
    [second] = source(port).read(first.position, 10)
    assert (second.lines, second.gaps) == ([b"c"], 1)


def test_lines_pushed_while_it_reads_come_once_and_in_order(client, port):
    def log():
        for first in range(0, 5000, 20):
            client.lpush("api_logs", *map(str, range(first, first + 20)))

    found, position = [], None
    writer = threading.Thread(target=log)
    writer.start()
    while writer.is_alive() or found[-1:] != [b"4999"]:
        for reading in source(port).read(position, 100):
            assert not reading.gaps
            found += reading.lines
            position = reading.position
    writer.join()
    assert found == [b"%d" % n for n in range(5000)]


def test_the_database_and_the_key_can_be_chosen(running, port):
    other = type(running[1])(port=port, db=3)
    other.lpush("logs:api", "line")
    other.close()
    chosen = source(port, db=3, key="logs:api")
    assert lines_of(chosen.read(None, 10)) == [b"line"]
    assert chosen.check() == "1 lines held"
    assert source(port).check() == "0 lines held"
    names = [each.name for each in (source(port), chosen, source(port, db=3, key="logs-api"))]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"redis-127\.0\.0\.1-\d+-\d-key-[a-z0-9.-]+-[0-9a-f]{8}", name) for name in names)


def test_a_key_that_is_no_list_is_named_with_the_remedy(client, port):
    client.set("api_logs", "text")
    with pytest.raises(PermanentError, match=r"redis://127.0.0.1:\d+/0\?key=api_logs \(.*WRONGTYPE.*REDIS_LOGS_KEY"):
        source(port).check()


@pytest.mark.parametrize("options", [{}, {"password": "wr0ng"}, {"user": "ada", "password": "wr0ng"}])
def test_a_sign_in_that_fails_is_named_without_the_password(locked, options):
    with pytest.raises(PermanentError, match=r"refuses the sign-in.*REDIS_USERNAME and REDIS_PASSWORD") as caught:
        source(locked[0], **options).check()
    assert "wr0ng" not in "".join(traceback.format_exception(caught.value)) + repr(RedisOptions(**options))


def test_a_password_opens(locked):
    port, client = locked
    client.lpush("api_logs", "line")
    assert lines_of(source(port, password=PASSWORD).read(None, 10)) == [b"line"]


def test_a_server_that_is_not_there_is_waited_for():
    with pytest.raises(TransientError, match=r"Cannot reach Redis.*REDIS_HOST and REDIS_PORT"):
        source(free_port()).check()


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("redis://h", RedisOptions("h")),
        ("redis://h:1/2?key=k%20k", RedisOptions("h", 1, 2, "k k")),
        ("rediss://ada:p%40ss@h", RedisOptions("h", user="ada", password="p@ss", tls="on")),  # noqa: S106
        ("redis://:pw@[::1]:7/", RedisOptions("::1", 7, password="pw")),  # noqa: S106
    ],
)
def test_an_address_says_what_the_variables_say(address, options):
    assert RedisOptions().at(address) == options


def test_what_an_address_leaves_out_comes_from_the_variables():
    (options,) = load({"REDIS_HOST": "a", "REDIS_PORT": "7", "REDIS_PASSWORD": "pw", "REDIS_TLS": "on"}, RedisOptions)
    assert options.at("redis://b/1") == RedisOptions("b", 7, 1, password="pw", tls="on")  # noqa: S106


@pytest.mark.parametrize("address", ["redis://", "redis://h:x", "redis://h/x", "redis://:pw@h?other=1", "redis://h:0x"])
def test_another_address_is_refused_and_not_repeated(address):
    with pytest.raises(ConfigError, match="expected an address such as redis://host:6379/0") as caught:
        RedisOptions().at(address)
    assert "pw" not in str(caught.value)


def test_the_command_line_reads_the_list_that_the_variables_name(client, port, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRADIO_URL", raising=False)
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", str(port))
    push(client, "2025-11-18 16:55:02 - api - INFO - one", "2025-11-18 16:55:03 - api - INFO - two")
    counts = []
    for _ in range(2):
        assert main(["--once", "--json"]) == 0
        counts.append(json.loads(capfd.readouterr().out)["collected"])
    assert counts == [2, 0]


def test_credentials_in_an_address_are_shown_nowhere(locked, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    port, client = locked
    client.lpush("api_logs", "2025-11-18 16:55:02 - api - INFO - one")
    assert main(["--once", "--source", f"redis://:{PASSWORD}@127.0.0.1:{port}"]) == 0
    assert main(["check", "--source", f"redis://:{PASSWORD}@127.0.0.1:{port}"]) == 0
    assert main(["check", "--source", f"redis://:{PASSWORD}x@127.0.0.1:{port}"]) == 1
    printed = capfd.readouterr()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert PASSWORD not in printed.out + printed.err
    assert PASSWORD.encode() not in kept
    assert not [path for path in tmp_path.rglob("*") if PASSWORD in str(path)]
