"""Records survive the ends that processes come to: an exit, a fork, a kill."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.certificates import self_signed
from tests.client.server import TOKEN, Answer, Ingest, serving
from trilog_client import Limits
from trilog_client.spool import Spool

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from trilog_client import Client

    Start = Callable[..., subprocess.Popen[str]]
    Run = Callable[..., tuple[str, str]]
    Make = Callable[..., Client]

NOBODY = "http://127.0.0.1:9/logs"
SEND = """
from trilog_client import send_log_to_elastic
def send(first, last):
    for number in range(first, last):
        send_log_to_elastic({"timestamp": "t", "n": number})
"""


def numbers(records: list[dict[str, object]]) -> list[object]:
    return sorted(record["n"] for record in records)


# --- Exits


def test_what_is_left_is_sent_when_the_process_ends(server: Ingest, run: Run):
    assert run(f"{SEND}send(0, 3000)") == ("", "")
    assert numbers(server.records()) == list(range(3000))


@pytest.mark.parametrize("end", ["raise SystemExit(0)", "import atexit; atexit.register(send, 3, 4); send(2, 3)"])
def test_what_is_sent_at_the_very_end_arrives(server: Ingest, run: Run, end: str):
    run(f"{SEND}send(0, 3)\n{end}")
    assert {0, 1, 2} <= {*numbers(server.records())}


def test_what_the_applications_own_exit_handler_sends_arrives(server: Ingest, run: Run):
    """It is the first record, too: no thread can be started any more."""
    run(f"{SEND}import atexit\natexit.register(send, 0, 2)")
    assert numbers(server.records()) == [0, 1]


def test_an_exception_that_ends_the_process_is_sent(server: Ingest, start: Start):
    process = start("""
from trilog_client import model_execution
with model_execution("m", "1", "a"):
    raise ValueError("boom")
""")
    assert process.wait(30) == 1
    assert [record["status"] for record in server.records()] == ["started", "failed"]


def test_a_server_that_is_away_delays_the_exit_no_more_than_it_may(run: Run):
    begun = time.monotonic()
    program = f"from trilog_client import configure, Limits\nconfigure(limits=Limits(exit_timeout=1))\n{SEND}send(0, 5)"
    _, complained = run(program, TRILOG_URL=NOBODY)
    assert time.monotonic() - begun < 5
    assert "5 records were dropped: 5 because the process ended before they could be sent" in complained


def test_a_server_that_hangs_delays_the_exit_no_more_than_it_may(server: Ingest, run: Run):
    server.always = Answer(delay=20)
    begun = time.monotonic()
    run(f"from trilog_client import configure, Limits\nconfigure(limits=Limits(exit_timeout=1))\n{SEND}send(0, 5)")
    assert time.monotonic() - begun < 5


def test_a_url_that_cannot_be_used_is_said_and_records_go_to_standard_output(run: Run):
    printed, complained = run(f"{SEND}send(0, 1)", TRILOG_URL="htp://host")
    assert printed == '{"timestamp":"t","n":0}\n'
    assert "TRILOG_URL must be https://HOST/logs" in complained


def test_without_a_url_records_go_to_standard_output(run: Run):
    assert run(f"{SEND}send(0, 2)", TRILOG_URL="") == ('{"timestamp":"t","n":0}\n{"timestamp":"t","n":1}\n', "")


def test_standard_output_that_nobody_reads_ends_at_once(start: Start):
    process = start(f"import time\n{SEND}send(0, 1)\ntime.sleep(2)\nsend(1, 5)", TRILOG_URL="-")
    assert process.stdout
    assert process.stdout.readline()
    process.stdout.close()
    begun = time.monotonic()
    assert process.wait(10) == 0
    assert time.monotonic() - begun < 4


# --- Forks

FORK = """
import os, sys
send(0, 100)
children = []
for child in range(1, 4):
    pid = os.fork()
    if pid == 0:
        send(100 * child, 100 * child + 100)
        sys.exit()
    children.append(pid)
send(400, 500)
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
"""


@pytest.mark.parametrize("spooled", [False, True])
def test_parent_and_children_send_what_is_their_own_once(server: Ingest, run: Run, tmp_path: Path, spooled: bool):  # noqa: FBT001
    run(SEND + FORK, TRILOG_SPOOL=str(tmp_path / "spool") if spooled else "")
    assert numbers(server.records()) == list(range(500))
    assert sum(len(request.lines) for request in server.requests) == 500
    assert len({*(request.connection for request in server.requests)}) == 4, "none uses its parent's connection"


def test_over_tls_too_and_never_to_a_server_that_nobody_vouches_for(run: Run, tmp_path: Path):
    certificate = self_signed(tmp_path / "server.pem")
    with serving(certificate=certificate) as server:
        program = f"from trilog_client import configure, Limits\nconfigure(limits=Limits(exit_timeout=1))\n{SEND}"
        _, complained = run(f"{program}send(0, 3)", TRILOG_URL=server.url)
        assert "3 records were dropped" in complained
        assert server.requests == []
        run(SEND + FORK, TRILOG_URL=server.url, SSL_CERT_FILE=str(certificate))
        assert numbers(server.records()) == list(range(500))


def test_a_fork_in_the_middle_of_a_request_disturbs_neither_side(server: Ingest, run: Run):
    server.always = Answer(delay=0.2)
    program = "import time\nsend(0, 1)\ntime.sleep(1.1)  # on its way\n"
    run(SEND + program + FORK.replace("send(0, 100)", "send(1, 100)"))
    assert numbers(server.records()) == list(range(500))
    assert sum(len(request.lines) for request in server.requests) == 500


def test_forks_while_other_threads_send_lock_nobody(server: Ingest, run: Run):
    run(f"""{SEND}
import os, sys, threading
go = True
def work():
    while go:
        send(0, 1)
threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
[thread.start() for thread in threads]
for child in range(30):
    pid = os.fork()
    if pid == 0:
        send(child + 1, child + 2)
        from trilog_client import flush
        os._exit(0 if flush(10) else 1)
    assert os.waitpid(pid, 0)[1] == 0
go = False
[thread.join() for thread in threads]
""")
    assert [number for number in numbers(server.records()) if number] == list(range(1, 31))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_multiprocessing_send_before_they_end(server: Ingest, start: Start, tmp_path: Path, method: str):
    program = tmp_path / "program.py"
    program.write_text(f"""{SEND}
import multiprocessing
if __name__ == "__main__":
    send(0, 10)
    context = multiprocessing.get_context({method!r})
    processes = [context.Process(target=send, args=(10 * n, 10 * n + 10)) for n in range(1, 4)]
    [process.start() for process in processes]
    [process.join() for process in processes]
""")
    process = start("import runpy; runpy.run_path('program.py', run_name='__main__')")
    assert process.wait(60) == 0, process.stderr
    assert numbers(server.records()) == list(range(40))


# --- Kills


def killed(process: subprocess.Popen[str]) -> None:
    """Kill a program once it says that it is done."""
    assert process.stdout
    assert process.stdout.readline() == "done\n"
    process.send_signal(signal.SIGKILL)
    process.wait(10)


DONE = "\nimport time; time.sleep(0.3); print('done', flush=True); time.sleep(60)"


def test_what_a_killed_process_had_is_sent_by_the_next(server: Ingest, start: Start, run: Run, tmp_path: Path):
    spool = str(tmp_path / "spool")
    killed(start(f"{SEND}send(0, 1234){DONE}", TRILOG_URL=NOBODY, TRILOG_SPOOL=spool))
    assert sum(len(path.read_bytes().splitlines()) for path in (tmp_path / "spool").iterdir()) == 1234
    run(f"{SEND}send(1234, 1240)", TRILOG_SPOOL=spool)
    assert numbers(server.records()) == list(range(1240))
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_batch_that_was_sent_but_not_answered_before_the_kill_is_not_doubled(
    server: Ingest, start: Start, run: Run, tmp_path: Path
):
    server.always = Answer(503, stored=True)
    spool = str(tmp_path / "spool")
    killed(start(f"{SEND}send(0, 1234){DONE.replace('0.3', '2.5')}", TRILOG_SPOOL=spool))
    assert server.stored
    server.always = Answer()
    run(f"{SEND}send(1234, 1235)", TRILOG_SPOOL=spool)
    assert numbers(server.records()) == list(range(1235))


def test_kills_at_any_time_lose_nothing_of_what_was_written_and_double_nothing(
    server: Ingest, start: Start, run: Run, tmp_path: Path
):
    """Two processes send at a time; what they say was flushed to disk a moment ago must arrive."""
    program = f"""{SEND}
import pathlib, sys, time
from trilog_client import configure, Limits
configure(limits=Limits(interval=0.05, batch_records=50))
first = int(sys.stdin.readline())
pathlib.Path({str(tmp_path)!r}, str(first)).touch()  # it has begun
for number in range(first, first + 100_000):
    send(number, number + 1)
    time.sleep(0.0005)
    if number % 20 == 0:
        print(number, time.monotonic(), flush=True)
"""
    spool = str(tmp_path / "spool")
    safe: list[int] = []
    for turn in range(8):
        processes = [start(program, TRILOG_SPOOL=spool) for _ in range(2)]
        for number, process in enumerate(processes):
            assert process.stdin
            process.stdin.write(f"{1_000_000 * (2 * turn + number)}\n")
            process.stdin.flush()
        while not all((tmp_path / f"{1_000_000 * (2 * turn + number)}").exists() for number in range(2)):
            time.sleep(0.01)
        time.sleep(0.5 + 0.07 * turn)
        for process in processes:
            process.kill()
        for number, process in enumerate(processes):
            at = time.monotonic()
            printed, _ = process.communicate()
            said = [line.split() for line in printed.splitlines()]
            reached = max((int(n) for n, when in said if float(when) < at - 0.3), default=None)
            if reached is not None:
                safe += range(1_000_000 * (2 * turn + number), reached + 1)
    run(f"from trilog_client import Limits\n{SEND}send(-1, 0)", TRILOG_SPOOL=spool)
    run(f"{SEND}send(-2, -1)", TRILOG_SPOOL=spool)
    arrived = numbers(server.records())
    assert len(arrived) == len(set(arrived)), "none is doubled"
    assert len(safe) > 1000
    assert not set(safe) - set(arrived), "none is lost"


# --- The spool


def test_what_is_not_sent_before_the_exit_is_sent_by_the_next_process(server: Ingest, run: Run, tmp_path: Path):
    spool = str(tmp_path / "spool")
    begun = time.monotonic()
    _, complained = run(f"{SEND}send(0, 10)", TRILOG_URL=NOBODY, TRILOG_SPOOL=spool)
    assert time.monotonic() - begun < 3, "there is no need to try again"
    assert "dropped" not in complained
    run(f"{SEND}send(10, 11)", TRILOG_SPOOL=spool)
    assert numbers(server.records()) == list(range(11))


def test_two_clients_take_nothing_of_each_other(server: Ingest, make: Make, tmp_path: Path):
    server.always = Answer(503)
    one, two = (make(spool=tmp_path) for _ in range(2))
    for number in range(100):
        (one, two)[number % 2].send({"timestamp": "t", "n": number})
    time.sleep(0.5)
    server.always = Answer()
    assert one.flush(10)
    assert two.flush(10)
    assert numbers(server.records()) == list(range(100))
    assert sum(len(request.lines) for request in server.requests if request.status == 202) == 100
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_was_being_written_is_left_out(server: Ingest, make: Make, tmp_path: Path):
    (tmp_path / "1-a.ndjson").write_bytes(b'{"n":0}\n\0\0\0\n{"n":1}\n{"n":')
    (tmp_path / "2-empty.ndjson").touch()
    client = make(spool=tmp_path)
    client.send({"timestamp": "t", "n": 2})
    assert sorted(each["n"] for each in server.wait(3)) == [0, 1, 2]
    assert "1-a" in server.stored
    client.close(10)
    assert list(tmp_path.iterdir()) == []


def test_a_full_spool_is_said_and_what_waits_in_memory_is_sent_first(
    server: Ingest, make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    server.always = Answer(503)
    client = make(spool=tmp_path, spool_bytes=5_000, batch_records=20, queue_records=300)
    for number in range(1000):
        client.send({"timestamp": "t", "n": number})
        time.sleep(0.0005)
    time.sleep(0.5)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 8_000
    server.always = Answer()
    assert client.flush(20)
    counts = client.counts()
    assert counts["sent"] + counts["dropped"] == 1000
    assert 300 < counts["sent"] < 1000
    assert len(numbers(server.records())) == counts["sent"]
    assert "the spool is full" in caplog.text
    assert "because the queue was full" in caplog.text


def test_a_folder_that_cannot_be_written_to_is_said_and_records_are_sent_all_the_same(
    server: Ingest, make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").touch()
    client = make(spool=tmp_path / "file" / "spool")
    for number in range(50):
        client.send({"timestamp": "t", "n": number})
    assert client.flush(10)
    assert numbers(server.records()) == list(range(50))
    assert "TRILOG_SPOOL cannot be written to" in caplog.text


def test_a_spool_is_for_its_owner_alone(server: Ingest, make: Make, tmp_path: Path):
    server.always = Answer(503)
    make(spool=tmp_path / "spool").send({"timestamp": "t", "n": 0})
    time.sleep(0.2)
    (path,) = (tmp_path / "spool").iterdir()
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    assert TOKEN not in path.read_text()


def test_a_spool_that_somebody_deletes_loses_nothing_that_this_process_has_open(
    server: Ingest, make: Make, tmp_path: Path
):
    server.always = Answer(503)
    client = make(spool=tmp_path)
    client.send({"timestamp": "t", "n": 0})
    time.sleep(0.3)
    for path in tmp_path.iterdir():
        path.unlink()
    server.always = Answer()
    assert client.flush(5)
    assert numbers(server.records()) == [0]


def test_a_segment_of_a_living_process_is_not_adopted(tmp_path: Path):
    one, two = Spool(tmp_path, Limits()), Spool(tmp_path, Limits())
    one.append([b"{}\n"])
    two.adopt()
    assert not two
    one.abandon()
    two.adopt()
    assert two
    two.abandon()


def test_a_server_away_for_seconds_then_a_restart(start: Start, run: Run, tmp_path: Path):
    with serving() as first:
        port = first.server_port
    spool = str(tmp_path / "spool")
    url = f"http://127.0.0.1:{port}/logs"
    process = start(
        f"{SEND}import time\nsend(0, 700)\ntime.sleep(2)\nsend(700, 900)", TRILOG_URL=url, TRILOG_SPOOL=spool
    )
    time.sleep(1.5)
    with serving(port) as server:
        assert process.wait(30) == 0
        run(f"{SEND}send(900, 901)", TRILOG_URL=url, TRILOG_SPOOL=spool)
        assert numbers(server.records()) == list(range(901))
