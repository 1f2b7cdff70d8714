"""infra/loki/server/loki.sh: a Loki that starts, answers, survives being killed, and stops."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest

from functions.pipeline.sinks.loki.entries import RUN
from functions.pipeline.sinks.loki.options import LokiOptions
from functions.pipeline.sinks.loki.sink import LokiSink
from tests.loki import HOME, SCRIPT, Loki, start_loki
from tests.scripts import free_port, install

pytestmark = pytest.mark.slow


def script(*arguments: object, **variables: str) -> tuple[int, str]:
    environment = {**os.environ, **variables}
    command = [SCRIPT, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stdout + done.stderr


def test_what_is_built_for_one_folder_serves_another(loki: Loki, tmp_path: Path):  # noqa: ARG001 (installs it)
    install(SCRIPT, tmp_path)
    assert (tmp_path / "server").resolve() == (HOME / "server").resolve()
    assert not (tmp_path / "server").resolve().is_relative_to(HOME.parents[1])


def test_status_says_whether_it_answers(loki: Loki):
    assert script("status", HOME, loki.port) == (0, f"Loki 3.7.8 answers at {loki.address}\n")
    assert script("status", HOME, free_port())[0] == 1


def test_a_port_is_taken_once(loki: Loki):
    code, said = script("start-background", HOME, loki.port)
    assert code == 1
    assert f"Loki runs on port {loki.port} already" in said


def test_wrong_usage_is_explained():
    code, said = script("begin", HOME)
    assert code == 2
    assert "loki.sh start-background DIR" in said


def tools(folder: Path, *names: str) -> str:
    """Return a PATH with these programs and no others."""
    folder.mkdir()
    for each in names:
        (folder / each).symlink_to(which(each) or pytest.fail(f"{each} not found"))
    return str(folder)


def test_without_go_the_remedy_is_named(tmp_path: Path):
    path = tools(tmp_path / "bin", "bash", "dirname", "mkdir", "rm", "mktemp", "chmod")
    code, said = script("install", tmp_path / "loki", PATH=path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert code == 3
    assert "no Go found. Install it" in said


def test_a_build_that_fails_leaves_nothing_that_looks_finished(tmp_path: Path):
    path = tools(tmp_path / "bin", "bash", "dirname", "mkdir", "rm", "mktemp", "chmod", "cat", "sed", "cp", "mv", "ln")
    cache, go = tmp_path / "cache", Path(path, "go")
    go.write_text("#!/usr/bin/env bash\nexit 1\n")
    go.chmod(0o755)
    for _ in range(2):
        code, said = script("install", tmp_path / "loki", PATH=f"{path}:/usr/bin", XDG_CACHE_HOME=str(cache))
        assert code == 1
        assert "Loki could not be built" in said
    assert list((cache / "trilog").iterdir()) == []
    assert not (tmp_path / "loki" / "server").exists()


def test_what_was_acknowledged_survives_a_kill_and_a_stop():
    with start_loki() as loki:
        for number in range(3):
            with LokiSink(LokiOptions(url=loki.address, tenant=loki.tenant)) as sink:
                sink.write(iter([(RUN, [(f"a-{number}".encode(), f"2025-09-05T16:45:0{number}.000Z", b"{}")])]))
            if number == 0:
                loki.kill()
                loki.start()
            if number == 1:
                loki.stop()
                loki.start()
        assert [each["id"] for each in loki.lines()] == ["a-0", "a-1", "a-2"]
