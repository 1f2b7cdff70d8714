"""The real command `trilog show`, by each of its options."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = [
    "no known layout at all",
    "2025-01-20 10:29:50 - api - INFO - API started",
    '2025-01-20 10:30:00 - api - INFO - [abc-123] POST /predict - 200 - 45ms - {"AGE": 65} - {"prediction": "YES"}',
    '2025-01-20 10:30:01 - api - INFO - [abc-124] POST /predict - 200 - 2500ms - {"AGE": 80} - {"prediction": "NO"}',
    "2025-01-20 10:30:02 - api - WARNING - disk 'A' at 91%",
    '2025-01-20 10:30:03 - api - ERROR - [abc-125] POST /users/7 - 500 - 12ms - {"AGE": 1} - {"error": "boom"}',
]
METRICS = '{"time": "2025-01-20T10:30:01.5Z", "performance_metrics": {"transaction_id": "abc-123", "latency_ms": 31}}'

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    (folder / "api.log").write_text("\n".join(LINES) + "\n")


@pytest.fixture
def trilog(command_line: Run) -> Run:
    assert command_line("--once", "--source", "api.log")[0] == 0
    return command_line


def places(trilog: Run, *arguments: str) -> str:
    """Return the places of the shown records in the log."""
    code, out, err = trilog("show", *arguments, "--json")
    assert code == 0, err
    return "".join(str(LINES.index(json.loads(line)["raw_log"])) for line in out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), "123450"),
        (("-n", "3"), "450"),
        (("-n", "2", "--reverse"), "05"),
        (("--level", "warn"), "45"),
        (("--level", "error"), "5"),
        (("--match", "DISK 'a'"), "4"),
        (("--match", "%"), "4"),
        (("--regex", r"9\d%$"), "4"),
        (("--where", "input_data.AGE>70"), "3"),
        (("--where", "input_data.AGE >= 65", "--where", "status_code==200"), "23"),
        (("--where", "level!=INFO"), "450"),
        (("--transaction", "abc-123"), "2"),
        (("--path", "/users/*"), "5"),
        (("--status", "500"), "5"),
        (("--status", "5xx"), "5"),
        (("--status", "2XX"), "23"),
        (("--slower-than", "2s"), "3"),
        (("--slower-than", "12ms"), "23"),
        (("--unread",), "0"),
        (("--since", "2025-01-20T10:30:01", "--until", "2025-01-20T10:30:03"), "34"),
        (("--since", "1h"), "0"),  # it has the time of its batch
        (("--until", "yesterday"), "12345"),
    ],
)
def test_an_option_chooses_documents(trilog: Run, arguments: tuple[str, ...], found: str):
    assert places(trilog, *arguments) == found


def test_options_are_for_other_indexes_too(trilog: Run):
    out = trilog("show", "message", "--where", "result.prediction=NO", "--json")[1]
    assert json.loads(out)["transaction_id"] == "abc-124"


def test_times_are_in_the_zone_of_the_user(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    assert places(trilog, "--since", "2025-01-20T11:30:02", "--until", "2025-01-20T11:30:03") == "4"
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("message", "--level", "error"), "ml-api-message has nothing for --level ERROR. It is for: ml-api-logs"),
        (("perfs", "--match", "x"), "It is for: ml-api-logs"),
        (("--status", "completed"), "It is for: ml-model-executions"),
        (("--status", "lots"), "a status such as 500 or 5xx"),
        (("--level", "loud"), "one of trace, debug"),
        (("--regex", "(a"), "missing )"),
        (("--regex", "a(?=b)"), "RE2"),
        (("--where", "AGE"), "a field, a sign and a value"),
        (("--where", "nothing=1"), "ml-api-logs has no field nothing. It has: @timestamp, sequence, level"),
        (("--where", "status_code>old"), "this field has values of another type (INTEGER)"),
        (("--slower-than", "fast"), "250ms or 2s"),
        (("--since", "soon"), "a time, such as 1h"),
        (("--since", "2025"), "a time, such as 1h"),
        (("--fields", "nothing"), "has no field nothing"),
        (("--fields", ","), "fields with commas"),
    ],
)
def test_what_cannot_be_is_a_wrong_argument(trilog: Run, arguments: tuple[str, ...], text: str):
    code, _, err = trilog("show", *arguments)
    assert code == 2
    assert text in err


def test_fields_are_columns_or_members(trilog: Run):
    out = trilog("show", "--fields", "status_code,input_data.AGE", "-n", "2", "--level", "info", "--status", "2xx")[1]
    assert [line.split() for line in out.splitlines() if "200" in line] == [["200", "65"], ["200", "80"]]
    out = trilog("show", "--fields", "input_data.AGE,@timestamp", "--status", "500", "--json")[1]
    assert json.loads(out) == {"input_data.AGE": 1, "@timestamp": "2025-01-20T10:30:03.000Z"}


def test_raw_text_is_shown_when_it_is_asked_for(trilog: Run):
    assert "api - WARNING" not in trilog("show", "--level", "warning")[1]
    assert "api - WARNING - disk 'A' at 91%" in trilog("show", "--level", "warning", "--raw")[1]


def test_nothing_found_has_a_reason(command_line: Run):
    assert "trilog --once --source FILE" in command_line("show")[1]
    assert command_line("--once", "--source", "api.log")[0] == 0
    assert "no match among the 6 documents of ml-api-logs" in command_line("show", "--match", "nowhere")[1]
    assert "none of the 6 records of ml-api-logs" in command_line("show", "ml-model-executions")[1]


def started(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **variables}
    return subprocess.Popen(
        [sys.executable, "-m", "functions", *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_is_newly_indexed_is_followed_until_ctrl_c(trilog: Run, folder: Path, form: tuple[str, ...]):
    with started(folder, "show", "--follow", "--level", "warning", "-n", "1", *form) as process:
        assert "POST /users/7" in process.stdout.readline()
        time.sleep(0.5)
        with (folder / "api.log").open("a") as log:
            log.write("2024-12-31 23:59:59 - api - ERROR - an old one\n2025-01-21 10:00:00 - api - INFO - quiet\n")
        assert trilog("--once", "--source", "api.log")[0] == 0
        assert "an old one" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
    assert process.returncode == 0


def test_a_pipe_that_closes_is_no_error(trilog: Run, folder: Path):
    with started(folder, "show", "--follow", "-n", "1") as process:
        process.stdout.readline()
        process.stdout.close()
        with (folder / "api.log").open("a") as log:
            log.write("2025-01-21 10:00:00 - api - INFO - more\n" * 3)
        assert trilog("--once", "--source", "api.log")[0] == 0
        assert process.wait(20) == 0


def test_rows_have_the_colours_of_their_levels_on_a_terminal(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "70")
    out = trilog("show", "--level", "warning")[1]
    assert "\x1b[31m" in out
    assert "\x1b[33m" in out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in trilog("show", "--level", "warning")[1]


def test_a_trace_tells_offsets_and_durations(trilog: Run, folder: Path):
    with (folder / "api.log").open("a") as log:
        log.write(METRICS + "\n")
    assert trilog("--once", "--source", "api.log")[0] == 0
    code, out, _ = trilog("trace", "abc-123")
    assert code == 0
    call, metrics = (line for line in out.splitlines() if line.startswith(" 2025"))
    assert call.split()[2:] == ["+0", "ms", "45", "ms", "message", "POST", "/predict", "200"]
    assert metrics.split()[2:8] == ["+1.5", "s", "31", "ms", "perfs", "latency_ms:"]
    assert '{"AGE": 65}' not in out
    assert '{"AGE": 65}' in trilog("trace", "abc-123", "--raw")[1]
    lines = [json.loads(line) for line in trilog("trace", "abc-123", "--json")[1].splitlines()]
    assert [(each["index"], each["offset_ms"], each["took_ms"]) for each in lines] == [
        ("logs", 0, 45),
        ("message", 0, 45),
        ("logs", 1500, None),
        ("perfs", 1500, 31),
    ]


def test_the_beginning_of_an_id_is_enough(trilog: Run):
    assert "POST /users/7" in trilog("trace", "abc-125")[1]
    code, out, err = trilog("trace", "abc")
    assert code == 2
    assert "several ids begin with abc" in err
    assert [line.split()[-2:] for line in out.splitlines() if "abc" in line] == [
        [count, f"abc-{at}"] for at, count in ((123, "2"), (124, "2"), (125, "1"))
    ]
    for hostile in ("nobody", "%", "*", "'", "abc_", "\x1b[31m"):
        code, out, _ = trilog("trace", hostile)
        assert (code, "no document" in out) == (1, True)


def test_one_id_that_begins_so_is_traced(trilog: Run, folder: Path):
    (folder / "other.log").write_text(LINES[2].replace("abc-123", "zz-9") + "\n")
    assert trilog("--once", "--source", "other.log")[0] == 0
    code, out, _ = trilog("trace", "zz")
    assert (code, "POST /predict" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("--by", "level"), ["INFO", "ERROR", "WARNING"]),
        (("--by", "path"), ["/predict", "/users/7"]),
        (("--by", "hour", "--status", "200"), ["2025-01-20T10:00:00.000Z"]),
        (("--by", "day", "--level", "warning"), ["2025-01-20T00:00:00.000Z"]),
        (("--by", "prediction"), ["NO", "YES"]),
        (("--by", "service"), ["shop"]),
        (("logs", "--by", "input_data.AGE", "--slower-than", "20ms"), ["65", "80"]),
        (("--by", "level", "-n", "1"), ["INFO"]),
        (("--by", "level", "--match", "DISK"), ["WARNING"]),
    ],
)
def test_documents_are_counted_by(trilog: Run, folder: Path, arguments: tuple[str, ...], keys: list[str]):
    (folder / "shop.log").write_text('{"message": "no time", "service": "shop"}\n')
    assert trilog("--once", "--source", "shop.log")[0] == 0
    out = trilog("stats", *arguments, "--json")[1]
    assert [json.loads(line)["key"] for line in out.splitlines()] == keys


def test_an_overview_has_indexes_levels_paths_and_classes(trilog: Run):
    code, out, _ = trilog("stats")
    assert code == 0
    for text in ("ml-api-logs", "ml-api-message", "WARNING", "/users/7", "2.5 s", "YES", "████", "100.0 %"):
        assert text in out
    found = [json.loads(line) for line in trilog("stats", "--json")[1].splitlines()]
    assert {each["by"] for each in found} == {"index", "level", "path", "prediction"}
    (logs,) = (each for each in found if each["key"] == "ml-api-logs")
    assert (logs["documents"], logs["failed"], logs["p50_ms"]) == (6, 1, 45)


def test_stats_say_why_there_are_none(command_line: Run):
    assert "trilog --once --source FILE" in command_line("stats")[1]
    assert command_line("--once", "--source", "api.log")[0] == 0
    assert "no match among" in command_line("stats", "--by", "level", "--level", "critical")[1]
    code, _, err = command_line("stats", "--by", "message")
    assert (code, "message has no values to count by" in err) == (2, True)
    assert command_line("stats", "--by", "nothing")[0] == 2


@pytest.mark.parametrize("width", [200, 100, 80, 70, 60, 50, 40])
def test_stats_cut_no_figure_however_narrow_the_terminal_is(trilog: Run, monkeypatch: pytest.MonkeyPatch, width: int):
    Path("long.log").write_text(
        LINES[5].replace("/users/7", "/a/very/long/path/that/does/not/end/before/the/line/does")
    )
    assert trilog("long.log")[0] == 0
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", trilog("stats")[1])
    assert max(map(len, shown.splitlines())) <= width
    assert "documents" in shown
    assert "failed" in shown
    assert all(line.lstrip().startswith("/a/very") for line in shown.splitlines() if "…" in line)
    assert width <= 40 or "p95" in shown
    assert width < 80 or "████" in shown


STACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: bad'
AT = {"time": "2025-01-20T11:00:00Z", "level": "error", "message": "failed", "request_id": "r-1"}


@pytest.mark.parametrize(
    "record",
    [
        f"2025-01-20 11:00:00 - api - ERROR - failed\n{STACK}",
        json.dumps(AT | {"exc_info": STACK}),
        json.dumps(AT | {"exception": STACK}),
        json.dumps(AT | {"err": {"type": "ValueError", "stack": STACK}}),
        json.dumps(AT | {"error.stack_trace": STACK}),
        json.dumps(AT | {"message": f"failed\n{STACK}", "stack_trace": STACK}),
    ],
)
def test_an_exception_is_shown_below_its_record(trilog: Run, record: str):
    Path("bad.log").write_text(record + "\n")
    assert trilog("bad.log")[0] == 0
    lines = [line.rstrip() for line in trilog("show", "--since", "2025-01-20T11:00")[1].splitlines()]
    (place,) = (at for at, line in enumerate(lines) if "failed" in line)
    indented = [line[lines[place].index("failed") :] for line in lines[place + 1 : place + 4]]
    assert indented == [f"  {line}" for line in STACK.split("\n")]
    if "r-1" in record:
        assert "ValueError: bad" in trilog("trace", "r-1")[1]


def test_of_a_long_exception_a_table_shows_the_ends(trilog: Run):
    frames = "\n".join(f"  frame {number}" for number in range(50))
    Path("bad.log").write_text(json.dumps(AT | {"exc_info": f"Traceback\n{frames}\nValueError: bad"}) + "\n")
    assert trilog("bad.log")[0] == 0
    shown = trilog("show", "-n", "50", "--since", "2025-01-20T11:00")[1]
    assert [word in shown for word in ("frame 2", "…", "frame 30", "frame 49", "ValueError: bad")] == [
        True,
        True,
        False,
        True,
        True,
    ]
    assert "frame 30" in trilog("trace", "r-1")[1]
