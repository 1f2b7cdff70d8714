"""Where lines come from: by which words a source is chosen, several at once, and standard input."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions.cli import main
from functions.collector.collect import Collection, CollectorOptions
from functions.local import LogsPipeline
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError, Conflict, CorruptObject, PermanentError
from functions.pipeline.sources.file_readings import LARGEST_READING
from functions.pipeline.sources.place import PlaceOptions
from functions.pipeline.sources.standard_input import StandardInputSource
from functions.pipeline.store import Store
from functions.pipeline.wiring import open_source

ROOT = Path(__file__).parents[2]
VARIABLES = ("GRADIO_URL", "PIPELINE_SOURCE", "REDIS_HOST", "ELASTICSEARCH_HOST", "ELASTICSEARCH_URL", "PIPELINE_STORE")


def line(text, second=0):
    return f"2025-11-18 16:55:{second:02} - api - INFO - {text}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to run in, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def standard_input(content, begins=None):
    return StandardInputSource(io.BufferedReader(io.BytesIO(content)), begins)


# --- Which source


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("https://Owner-Space.hf.space", "owner-space.hf.space"),
        ("hf://owner/space", "hf-owner-space-logs-run"),
        ("redis://h/1", "redis-h-6379-1-key-api-logs"),
        ("rediss://:pw@h/1", "redis-h-6379-1-key-api-logs"),
        ("api.log", "api.log"),
        ("owner/space", "space"),
        ("-", "stdin"),
    ],
)
def test_the_form_of_a_place_says_which_source_it_is(place, name):
    found = open_source({}, place).name
    assert found == name or found.rpartition("-")[0] == name


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"GRADIO_URL": "owner/space", "REDIS_HOST": "h"}, "owner-space.hf.space"),
        ({"REDIS_HOST": "h", "REDIS_LOGS_KEY": "k"}, "redis-h-6379-0-key-k"),
        ({"PIPELINE_SOURCE": "hf://owner/space", "GRADIO_URL": "https://h"}, "hf-owner-space-logs-run"),
    ],
)
def test_without_a_place_the_environment_says(environment, name):
    assert open_source(environment).name.startswith(name)


def test_nothing_configured_is_told():
    with pytest.raises(ConfigError, match=r"No source\. Set GRADIO_URL"):
        open_source({})


def test_another_kind_of_address_is_told_with_those_there_are():
    with pytest.raises(ConfigError, match=r"of the form amqp://…; known: .*hf://.*redis://"):
        open_source({}, "amqp://h/topic")


def test_a_configured_place_holds_no_password():
    with pytest.raises(ConfigError) as caught:
        load({"PIPELINE_SOURCE": "redis://:s3cret@h"}, PlaceOptions)
    assert "s3cret" not in str(caught.value)


def test_a_space_named_on_the_command_line_wins_over_the_configured_place(folder, monkeypatch, capfd):
    monkeypatch.setenv("PIPELINE_SOURCE", str(folder / "api.log"))
    assert main(["--once", "--gradio-url", "http://127.0.0.1:9"]) == 3
    assert "http://127.0.0.1:9" in capfd.readouterr().err


# --- Several


def test_several_sources_are_read_each_from_where_it_was(folder):
    (folder / "a.log").write_text(line("a1") + line("a2"))
    (folder / "b.log").write_text(line("b1"))
    pipeline = LogsPipeline({}, place=["a.log", "b.log", "a.log"])
    first = pipeline.run_once()
    assert (first["collected"], first["indexed"], first["batches"], first["conserved"]) == (3, 3, 2, True)
    with (folder / "b.log").open("a") as log:
        log.write(line("b2"))
    assert pipeline.run_once()["collected"] == 1
    assert len(list((folder / ".trilog" / "cursors").iterdir())) == 2


def test_a_limit_is_that_of_the_whole_run(folder):
    (folder / "a.log").write_text(line("a1") + line("a2"))
    (folder / "b.log").write_text(line("b1") + line("b2"))
    pipeline = LogsPipeline({}, place=["a.log", "b.log"])
    assert [pipeline.run_once(limit=3)["collected"] for _ in range(3)] == [3, 1, 0]


def test_a_source_that_fails_keeps_no_other_from_being_read_and_is_told_after(folder, capfd):
    (folder / "b.log").write_text(line("b1"))
    assert main(["--once", "--source", "none.log", "--source", "b.log"]) == 2
    assert "none.log: no such file" in capfd.readouterr().err
    assert main(["show"]) == 0
    assert "b1" in capfd.readouterr().out


def test_of_several_that_fail_all_are_told_and_the_worst_is_the_exit_code(folder, capfd):
    assert folder.is_dir()
    nobody = ["--source", "http://127.0.0.1:9"]
    assert main(["--once", *nobody, "--source", "none.log"]) == 4
    told = capfd.readouterr().err
    assert "http://127.0.0.1:9" in told
    assert "none.log" in told
    assert main(["--once", *nobody, "--source", "http://127.0.0.1:10"]) == 3


def test_check_tries_each(folder, capfd):
    (folder / "b.log").write_text(line("b1"))
    assert main(["check", "--source", "none.log", "--source", "b.log"]) == 1
    told = capfd.readouterr().out
    assert "none.log: no such file" in told
    assert "b.log-" in told


# --- Standard input


def trilog(folder, *arguments, **options):
    command = [sys.executable, "-m", "functions", *arguments]
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=False, timeout=60, **options)


def test_a_pipe_is_read_to_its_end_with_files_beside_it(folder):
    (folder / "a.log").write_text(line("a"))
    piped = (line("one") + "Traceback\n  File x\n" + line("two")).encode()
    done = trilog(folder, "--once", "--json", "--source", "-", "--source", "a.log", input=piped)
    counts = json.loads(done.stdout)
    assert (counts["collected"], counts["records"], counts["indexed"]) == (5, 3, 3)


def test_each_run_takes_all_that_it_is_given(folder):
    counts = [
        json.loads(trilog(folder, "--once", "--json", "--source", "-", input=line("one").encode()).stdout)
        for _ in range(2)
    ]
    assert [each["collected"] for each in counts] == [1, 1]


def test_standard_input_is_not_read_again_and_again(folder):
    done = trilog(folder, "--continuous", "--source", "-", input=b"")
    assert done.returncode == 2
    assert b"Instead of --continuous: --once" in done.stderr


def test_without_a_standard_input_that_is_told(folder):
    done = trilog(folder, "--once", "--source", "-", preexec_fn=lambda: os.close(0))
    assert done.returncode == 2
    assert b"Standard input is closed" in done.stderr


def test_check_leaves_what_is_piped():
    source = standard_input(b"a\n")
    assert source.check() == "standard input"
    assert [reading.lines for reading in source.read(None, 10)] == [[b"a"]]


def test_readings_end_where_a_record_ends():
    source = standard_input(b"1 a\n  b\n1 c\n  d\n", lambda each: each.startswith(b"1"))
    assert [reading.lines for reading in source.read(None, 3)] == [[b"1 a", b"  b"], [b"1 c", b"  d"]]


def test_compressed_input_is_read_by_its_content():
    assert [reading.lines for reading in standard_input(gzip.compress(b"a\nb")).read(None, 10)] == [[b"a", b"b"]]
    damaged = standard_input(gzip.compress(os.urandom(50_000).hex().encode())[:50_000])
    with pytest.raises(CorruptObject, match="standard input"):
        list(damaged.read(None, 10))


def test_a_stream_that_cannot_be_read_is_named(folder):
    with (folder / "x").open("wb") as only_for_writing:
        stream = io.BufferedReader(io.FileIO(os.dup(only_for_writing.fileno()), "rb"))
        with pytest.raises(PermanentError, match=r"Standard input cannot be read"):
            list(StandardInputSource(stream).read(None, 10))
        stream.close()


def test_memory_does_not_grow_with_what_is_piped():
    class Endless(io.RawIOBase):
        taken = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            buffer[:] = b"x" * (len(buffer) - 1) + b"\n"
            self.taken += len(buffer)
            return len(buffer)

    endless = Endless()
    next(StandardInputSource(io.BufferedReader(endless)).read(None, 100_000))
    assert endless.taken < 2 * LARGEST_READING


class Raced(Store):
    """A store in which another collector once writes the cursor first."""

    raced = False

    def save(self, key, content, version):
        if not self.raced:
            self.raced = True
            raise Conflict("another was there first")
        return super().save(key, content, version)


def test_lines_that_were_taken_in_vain_are_given_again():
    store = Raced("memory:///")
    collection = Collection(standard_input(b"a\nb\nc\n"), store, CollectorOptions(2))
    assert [batch.lines for batch in collection.batches()] == [2, 1]
    assert collection.lines == 3
