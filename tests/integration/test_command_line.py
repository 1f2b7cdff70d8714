"""The command line as hands know it: files, habits, misspellings, help, colours, pipes."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from functions.cli import _COMMANDS
from functions.cli.arguments import parser
from functions.cli.typed import HABITS, understood

ROOT = Path(__file__).parents[2]
LINE = "2025-01-20 10:30:00 - api - INFO - one\n"
Run = Callable[..., tuple[int, str, str]]
PLACES = ("GRADIO_URL", "PIPELINE_SOURCE", "REDIS_HOST", "KAFKA_BOOTSTRAP_SERVERS")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (*PLACES, "HF_TOKEN", "ELASTICSEARCH_HOST", "ELASTICSEARCH_URL", "PIPELINE_DATA", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    for name in ("NO_COLOR", "FORCE_COLOR"):  # so that what a test sets there goes away with it
        monkeypatch.setenv(name, "")
    (tmp_path / "api.log").write_text(LINE)
    (tmp_path / "other.log").write_text(LINE.replace("one", "two") * 2)
    return tmp_path


def piped(folder: Path, command: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Type a line of a shell, in which `trilog` is this one."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **(variables or {})}
    typed = command.replace("trilog ", f"{sys.executable} -m functions ")
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", typed],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_files_are_read_indexed_and_reported(trilog: Run):
    code, out, err = trilog("api.log", "other.log")
    assert (code, "3 records read = 3 new" in out) == (0, True), err
    assert json.loads(trilog("--json", "api.log")[1])["collected"] == 0
    assert json.loads(trilog("*.log", "--json", "--limit", "1")[1])["collected"] == 1


def test_standard_input_is_read(folder: Path):
    assert "2 records read = 2 new" in piped(folder, "cat other.log | trilog -").stdout


def test_a_commands_name_wins_over_a_files(trilog: Run, folder: Path):
    (folder / "show").write_text(LINE)
    assert "no documents yet" in trilog("show")[1]
    assert "1 records read" in trilog("./show")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("api.lgo",), "Did you mean api.log?"),
        (("shwo",), "Did you mean show?"),
        (("zzz",), "zzz: no such command, and no such file"),
        (("api.log", "zzz"), "zzz: no such command, and no such file"),
        (("api.log", "--onec"), "Did you mean --once?"),
        (("show", "--unraed"), "Did you mean --unread?"),
        (("dead-letters", "list", "--jsno"), "Did you mean --json?"),
        (("no/folder/api.log",), "no such file"),
        (("--source", "none.log", "--once"), "no such file"),
        (("--limit", "1"), "Nothing to do"),
        ((".",), "is a directory"),
    ],
)
def test_a_wrong_word_is_a_wrong_argument_and_names_what_is_near(trilog: Run, arguments: tuple[str, ...], said: str):
    code, out, err = trilog(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_one_wrong_path_keeps_no_other_from_being_read(trilog: Run):
    assert trilog("--once", "--source", "none.log", "--source", "api.log")[0] == 2
    assert "one" in trilog("show")[1]


@pytest.mark.parametrize("word", HABITS)
def test_a_habit_leads_to_a_command_that_there_is(trilog: Run, word: str):
    code, _, err = trilog(word)
    assert (code, HABITS[word] in err) == (2, True)
    parser(_COMMANDS, str).parse_args(understood(shlex.split(HABITS[word]), parser(_COMMANDS, str)))


def test_files_may_stand_behind_two_dashes(trilog: Run, folder: Path):
    (folder / "-odd.log").write_text(LINE.replace("one", "odd"))
    code, out, _ = trilog("--once", "--", "api.log", "-odd.log")
    assert (code, "2 lines collected" in out) == (0, True)
    assert trilog("--", "none.log")[0] == 2
    assert "2 lines collected" in trilog("other.log", "--")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "--match", "caf\udce9"),
        ("trace", "\udcff"),
        ("sql", "SELECT '\udce9'"),
        ("export", "logs", "--output", "caf\udce9.csv"),
        ("caf\udce9.log",),
    ],
)
def test_bytes_that_are_no_text_are_named(trilog: Run, arguments: tuple[str, ...]):
    assert trilog("api.log")[0] == 0
    code, out, err = trilog(*arguments)
    assert (code, out) == (2, "")
    assert "has bytes that are not UTF-8" in err
    assert "\\xe9" in err or "\\xff" in err


@pytest.mark.parametrize("command", ["show -n {}", "stats --by level -n {}", "try-layout api.log -n {}", "--limit {}"])
@pytest.mark.parametrize("most", ["0", "9" * 10, "9" * 20, "9" * 5000, "-1", "1.5"])
def test_how_many_is_bounded(trilog: Run, command: str, most: str):
    assert trilog("api.log")[0] == 0
    code, out, err = trilog(*command.format(most).split())
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert trilog(*command.replace("--limit", "--once --source api.log --limit").format(10**9).split())[0] == 0


@pytest.mark.parametrize("command", ["show --where _id=a", "stats --by _id", "stats --where _id!=a"])
def test_documents_are_not_chosen_by_their_ids(trilog: Run, command: str):
    assert trilog("api.log")[0] == 0
    code, out, err = trilog(*command.split())
    assert (code, out, "_id is no field" in err) == (2, "", True)
    assert "_id" in trilog("show", "--fields", "_id,message")[1]


def test_alone_it_shows_what_to_type(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    code, out, _ = trilog()
    assert code == 0
    assert sum(line.startswith("  trilog ") for line in out.splitlines()) == 3
    monkeypatch.setenv("PIPELINE_SOURCE", "api.log")  # a script that forgot what it wanted
    assert trilog()[0] == 2


def test_help_is_asked_for_in_two_ways(trilog: Run):
    assert trilog("help", "show") == trilog("show", "--help")
    assert trilog("help") == trilog("--help")
    assert trilog("help", "dead-letters", "list") == trilog("dead-letters", "list", "--help")


def test_every_command_is_in_the_help(trilog: Run):
    said = trilog("--help")[1]
    assert all(f"\n    {name.split()[0]}" in said for name in _COMMANDS if name)
    assert "exit codes:" in said


def test_the_version_is_told(trilog: Run):
    code, out, _ = trilog("--version")
    assert (code, out) == (0, "trilog 0.1.0\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_takes_the_completion(trilog: Run, folder: Path, shell: str):
    code, out, _ = trilog("completion", shell)
    assert code == 0
    for word in ("reindex", "dead-letters", "unread", "clear-indexes"):
        assert word in out
    (folder / "completion").write_text(out)
    if shutil.which(shell):
        subprocess.run([shell, "-n", "completion"], cwd=folder, check=True)


def test_bash_completes_commands_and_options(trilog: Run, folder: Path):
    (folder / "completion").write_text(trilog("completion", "bash")[1])
    script = """source completion; COMP_WORDS=(trilog {words}); COMP_CWORD={last}
    COMP_LINE="trilog {words}"; _shtab_trilog 2>/dev/null; printf '%s\\n' "${{COMPREPLY[@]}}" """
    for words, wanted in (("rein", "reindex"), ("show --un", "--unread"), ("completion fi", "fish")):
        line = script.format(words=words, last=len(words.split()))
        done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False)
        assert wanted in done.stdout.split(), (words, done)


def test_colours_are_for_terminals_unless_asked_for(folder: Path):
    piped(folder, "trilog api.log")
    assert "\x1b" not in piped(folder, "trilog show").stdout
    assert "\x1b" in piped(folder, "trilog show --color always").stdout
    assert "\x1b" in piped(folder, "trilog --color=always show", {"NO_COLOR": "1"}).stdout
    assert "\x1b" not in piped(folder, "trilog show --color never", {"FORCE_COLOR": "1"}).stdout
    assert "\x1b[3" not in piped(folder, "trilog show", {"NO_COLOR": "1", "FORCE_COLOR": "1"}).stdout


@pytest.mark.parametrize("command", ["show -n 5000", "export logs", "--help", "try-layout big.log", "completion bash"])
def test_a_pipe_that_closes_is_no_error(folder: Path, command: str):
    (folder / "big.log").write_text(LINE * 5000)
    piped(folder, "trilog big.log")
    done = piped(folder, f"trilog {command} | head -n 1")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
