"""What is the user's own, by `trilog.toml`: layouts, names of fields, paths and constants; and what is wrong in it."""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from functions.cli.report import print_coverage
from functions.pipeline.coverage import Coverage
from functions.pipeline.errors import ConfigError
from functions.pipeline.framing import split_records
from functions.pipeline.own import own
from functions.pipeline.wiring import open_parser

ROOT = Path(__file__).parents[2]
LAYOUT = r"""
[[layout]]
name = "scorer"
pattern = '#(?P<n>\d+) %{time} <%{level}> (?P<who>\w+): '
levels = { WRN = "WARNING" }
"""
PREDICTION = '2025-01-20 10:30:00 - api - INFO - [a-1] POST {path} - 200 - 45ms - {{"AGE": 65}} - {{"prediction": 1}}'


def read(toml: str, lines: str, **variables: str) -> dict[str, list[dict[str, Any]]]:
    """Return the documents of some lines, by kind."""
    parsing = open_parser({"PIPELINE_CONFIG_CONTENT": toml, **variables}).open()
    made: defaultdict[str, list[Any]] = defaultdict(list)
    for record in split_records([lines.encode()], "a.log", parsing.reader):
        parsing.parse(record, "2000-01-01T00:00:00.000Z", 1, b"id", made)
    return {kind: [json.loads(body) for _, _, body in rows] for kind, rows in made.items()}


def log(toml: str, line: str) -> dict[str, Any]:
    (document,) = read(toml, line)["logs"]
    return document


def wrong(toml: str) -> list[str]:
    """Return what is wrong with a configuration, a line each."""
    with pytest.raises(ConfigError) as caught:
        open_parser({"PIPELINE_CONFIG_CONTENT": toml})
    return str(caught.value).splitlines()


# --- Layouts


def test_a_layout_of_ones_own_reads_a_line():
    found = log(LAYOUT + "[fields]\nlogger = 'who'", "#7 2025-01-20 10:30:00 <warn> model: slow")
    assert (found["@timestamp"], found["level"]) == ("2025-01-20T10:30:00.000Z", "WARNING")
    assert (found["logger"], found["message"], found["data"]) == ("model", "slow", {"n": "7"})
    assert "unread" not in found


@pytest.mark.parametrize(
    "line",
    [
        "2025-01-20 10:30:00 - api - INFO - in the known layout",
        "INFO:     Application startup complete.",
        '{"json": 1}',
        "level=info msg=logfmt",
    ],
)
def test_layouts_of_ones_own_come_before_ours(line: str):
    toml = "[[layout]]\nname = 'mine'\npattern = '(?P<logger>.)'"
    assert log(toml, line)["logger"] == line[0]


@pytest.mark.parametrize(
    "line",
    [
        '{"log": "#7 2025-01-20 10:30:00 <warn> model: slow\\n", "stream": "stdout", "time": "2025-01-20T10:30:00Z"}',
        "2025-01-20T10:30:00.123456789Z stdout F #7 2025-01-20 10:30:00 <warn> model: slow",
        "\x1b[31m#7 2025-01-20 10:30:00 <warn> model: slow\x1b[0m",
    ],
)
def test_they_read_lines_in_envelopes_and_in_colour(line: str):
    found = log(LAYOUT, line)
    assert (found["level"], found["message"], found["data"]) == ("WARNING", "slow", {"n": "7", "who": "model"})


def test_of_several_the_first_one_counts():
    layouts = [f"[[layout]]\nname = '{name}'\npattern = '# (?P<{name}>.)'\n" for name in ("one", "two")]
    assert log("".join(layouts), "# x")["data"] == {"one": "x"}


def test_lines_that_it_does_not_match_are_read_as_before():
    line = "2025-01-20 10:30:00 - api - INFO - known"
    assert log(LAYOUT, line) == log("[constants]", line)


def test_a_time_may_have_a_spelling_of_its_own():
    toml = "[[layout]]\nname = 'mine'\npattern = '%{time} '\ntime = '%d|%m|%Y %H~%M~%S'"
    assert log(toml, "20|01|2025 10~30~00 x")["@timestamp"] == "2025-01-20T10:30:00.000Z"


def test_a_pattern_may_refer_to_a_group_and_have_flags_in_one():
    toml = "[[layout]]\nname = 'mine'\npattern = '# (?P<quote>.)(?i:ab)(?P=quote) '"
    assert log(toml, "# 'aB' x")["message"] == "x"
    assert log(toml, "# 'aB) x")["message"] == "# 'aB) x"


# --- Fields


@pytest.mark.parametrize(
    ("line", "member"),
    [
        ('{"time": "2025-01-20T10:30:00Z", "took": 1.5}', "a JSON object"),
        ('2025-01-20 10:30:00 - api - INFO - {"took": 1.5}', "an object in a message"),
        ("time=2025-01-20T10:30:00Z took=1.5", "logfmt"),
        ("# took 1.5 s", "a group of a pattern"),
    ],
)
def test_a_field_has_a_name_of_ones_own(line: str, member: str):
    toml = "[[layout]]\nname = 'mine'\npattern = '# took (?P<took>[0-9.]+)'\n[fields]\nexecution_time_ms = ['took']"
    assert log(toml, line)["execution_time_ms"] == 1.5, member
    seconds = toml.replace("['took']", "{ name = 'took', unit = 's' }")
    assert log(seconds, line)["execution_time_ms"] == 1500, member


def test_ones_own_names_come_before_the_usual_ones():
    found = log("[fields]\ntransaction_id = ['job', 'task']", '{"request_id": "r", "task": "t", "job": "j"}')
    assert found["transaction_id"] == "j"
    assert found["data"] == {"request_id": "r", "task": "t"}


def test_a_name_may_be_a_path():
    found = log(
        "[fields]\ninput_data = 'call.given'\nlevel = 'meta.how'",
        '{"call": {"given": {"A": 1}, "x": 2}, "meta": {"how": "warn"}}',
    )
    assert (found["input_data"], found["level"]) == ({"A": 1}, "WARNING")
    assert found["data"] == {"call": {"x": 2}} or found["data"] == {"call.x": 2}


@pytest.mark.parametrize(
    "line",
    [
        '{"when": "2025-01-20T10:30:00Z", "how": "warn", "who": "w", "what": "m"}',
        "when=2025-01-20T10:30:00Z how=warn who=w what=m",
    ],
)
def test_time_level_logger_and_message_have_names_of_ones_own(line: str):
    found = log("[fields]\ntime = 'when'\nlevel = 'how'\nlogger = 'who'\nmessage = 'what'", line)
    assert found["@timestamp"] == "2025-01-20T10:30:00.000Z"
    assert (found["level"], found["logger"], found["message"]) == ("WARNING", "w", "m")


def test_what_a_run_proposes_is_accepted(capsys: pytest.CaptureFixture[str]):
    sent = '{"time": "2025-01-20T10:30:00Z", "row_features": {"a": 1}, "scores": [{"b": 1}], "predict_ms": 3.5}'
    coverage = Coverage()
    coverage.look_at({}, json.loads(sent))
    print_coverage(coverage, 1)
    printed = capsys.readouterr().out
    found = log(printed[printed.index("[fields]") :], sent)
    assert (found["input_data"], found["result"], found["execution_time_ms"]) == ({"a": 1}, [{"b": 1}], 3.5)


# --- Paths and constants


def test_paths_of_predictions_are_ones_own():
    toml = "[predictions]\npaths = ['/v1/score', '/v2/*/score']"
    lines = "\n".join(PREDICTION.format(path=path) for path in ("/v1/score", "/v2/a/score", "/predict"))
    assert [each["http_path"] for each in read(toml, lines)["message"]] == ["/v1/score", "/v2/a/score"]
    found = read(toml, lines, PIPELINE_PREDICTION_PATHS="/predict")["message"]
    assert [each["http_path"] for each in found] == ["/predict"]


def test_constants_are_labels_of_each_log_document():
    toml = '[constants]\nservice = "scoring"\nreplica = 3'
    docker = '{"log": "x\\n", "stream": "stdout", "time": "2025-01-20T10:30:00Z"}'
    for line in (PREDICTION.format(path="/predict"), '{"message": "x"}', "who knows", docker):
        assert log(toml, line)["labels"].items() >= {"service": "scoring", "replica": 3}.items()
    assert log(toml, docker)["labels"].items() > {"service": "scoring", "replica": 3}.items()


# --- Where it is


def test_the_file_is_in_the_working_directory_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert own({}) is None
    (tmp_path / "trilog.toml").write_text("[constants]\na = 1")
    (tmp_path / "other.toml").write_text("[constants]\na = 2")
    assert [each and (each.source, each.constants) for each in map(own, ({}, {"PIPELINE_CONFIG": "other.toml"}))] == [
        ("trilog.toml", {"a": 1}),
        ("other.toml", {"a": 2}),
    ]
    found = own({"PIPELINE_CONFIG": "other.toml", "PIPELINE_CONFIG_CONTENT": "[constants]\na = 3"})
    assert found
    assert found.constants == {"a": 3}


@pytest.mark.parametrize(
    ("content", "told"), [(None, "cannot be read"), (b"\xff", "UTF-8"), (b"#" * (1 << 20) + b"#", "larger than 1 MiB")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, told: str):
    path = tmp_path / "my.toml"
    if content:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"my\.toml.*{told}"):
        own({"PIPELINE_CONFIG": str(path)})


def test_without_a_file_nothing_of_it_is_imported(tmp_path: Path):
    program = (
        "import sys; from functions.pipeline.wiring import open_parser; open_parser({}).open().reader;"
        "print(*(each for each in sys.modules if each.startswith(('functions.pipeline.own.', 'tomllib')) "
        "or each.endswith(('automaton', 'backtracking'))))"
    )
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert done.stdout.strip() == b""


# --- What is wrong


def test_all_that_is_wrong_is_named_with_its_place():
    toml = """# mine
[constants]
a = []

[fields]
took = "x"
input_data = 3
status_code = []
execution_time_ms = [{ name = "took", unit = "h" }, { name = "t", unit = [] }]

[prediction]
paths = ["/p"]

[[layout]]
name = "a"
pattern = '(a+)+$'
colour = 3
scale = "mine"
levels = { A = "LOUD" }

[[layout]]
name = "b"
pattern = '(b'

[[layout]]
name = "b"
pattern = '(?:b+)*x'

[[layout]]
pattern = '%{time} %{time}'
"""
    found = [
        (line.split(": ")[0].rpartition(" ")[2], line.split(": ", 1)[1].split(": expected")[0]) for line in wrong(toml)
    ]
    assert sorted(found) == sorted(
        [
            ("11", "prediction"),
            ("3", "[constants] a"),
            ("6", "[fields] took"),
            ("7", "[fields] input_data"),
            ("8", "[fields] status_code"),
            ("9", "[fields] execution_time_ms"),
            ("17", "layout a: colour"),
            ("18", "layout a: scale"),
            ("19", "layout a: levels"),
            ("23", "layout b: pattern"),
            ("27", "layout b: pattern"),
            ("29", "layout 4: name"),
        ]
    )


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("a = \n", r"is not TOML: .*line 1, column 5"),
        ("layout = 3", "line 1: layout: expected"),
        ("layout = [3]", "layout 1: layout: expected a table"),
        ("fields = 3", r"line 1: fields: expected a table: \[fields\]"),
        ("colour = 3", "line 1: colour: expected a table that Trilog knows"),
        ("[predictions]\npaths = 'score'", "line 2: .*paths: expected a list of paths"),
        ("[predictions]\npath = ['/x']", "line 2: .*path: expected paths"),
        ("[[layout]]\nname = 'x'\npattern = '.*'", "line 3: .*does not match every line"),
        ("[[layout]]\nname = 'x'\npattern = '(?i)# x'", "line 3: .*flags are in a group"),
        ("[[layout]]\nname = 'x'\npattern = '%{time}'\ntime = '%Q'", "line 4: .*format of a time"),
        ("[[layout]]\nname = 'x'\npattern = 'x'\nrest = '(a+)+$'", "line 4: .*rest: expected"),
        ("[[layout]]\nname = 'x'\npattern = 'x'\n[[layout]]\nname = 'x'\npattern = 'x'", "line 4: .*no other layout"),
        ("[[layout]]\nname = 'x'\npattern = '# (?P<n>.)'\n[[layout.sample]]\nlines = 'x'", "line 4: .*samples"),
        (
            "[[layout]]\nname = 'x'\npattern = '(?P<who>.)(?P<logger>.)'\n[fields]\nlogger = 'who'",
            "line 3: .*redefinition",
        ),
    ],
)
def test_what_is_wrong_is_told(toml: str, told: str):
    with pytest.raises(ConfigError, match=told):
        open_parser({"PIPELINE_CONFIG_CONTENT": toml})


def test_a_sample_that_becomes_something_else_is_named():
    sample = '[[layout.sample]]\nline = "#7 2025-01-20 10:30:00 <warn> model: slow"\nevent = { level = "%s" }\n'
    assert log(LAYOUT + sample % "WARNING", "x")
    (told,) = wrong(LAYOUT + sample % "ERROR")
    assert "line 6: layout scorer: sample: " in told
    assert "'#7 2025-01-20 10:30:00 <warn> model: slow'" in told
    assert told.endswith("it has level = 'WARNING'")
    (told,) = wrong(LAYOUT + "[[layout.sample]]\nline = '# another line'\n")
    assert told.endswith("it has layout = '-'")
