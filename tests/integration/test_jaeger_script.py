"""infra/jaeger/server/jaeger.sh: a Jaeger that starts, answers, survives being killed, and stops."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import pytest
from orjson import dumps

from functions.pipeline.documents import LOGS
from functions.pipeline.otlp_options import OtlpOptions
from functions.pipeline.sinks.otlp.sink import OtlpSink
from tests.jaeger import HOME, SCRIPT, Jaeger, start_jaeger
from tests.scripts import free_port, install

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def jaeger() -> Iterator[Jaeger]:
    """A Jaeger that runs."""
    with start_jaeger() as running:
        yield running


def script(*arguments: object, **variables: str) -> tuple[int, str]:
    environment = {**os.environ, **variables}
    command = [SCRIPT, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stdout + done.stderr


def test_what_is_built_for_one_folder_serves_another(jaeger: Jaeger, tmp_path: Path):  # noqa: ARG001 (installs it)
    install(SCRIPT, tmp_path)
    assert (tmp_path / "server").resolve() == (HOME / "server").resolve()
    assert not (tmp_path / "server").resolve().is_relative_to(HOME.parents[1])


def test_status_says_whether_it_answers(jaeger: Jaeger):
    assert script("status", HOME, jaeger.port) == (0, f"Jaeger answers at {jaeger.address}\n")
    assert script("status", HOME, free_port())[0] == 1


def test_a_port_is_taken_once(jaeger: Jaeger):
    code, said = script("start-background", HOME, jaeger.port)
    assert code == 1
    assert f"Jaeger runs on port {jaeger.port} already" in said


def test_wrong_usage_is_explained():
    code, said = script("begin", HOME)
    assert code == 2
    assert "jaeger.sh start-background DIR" in said


def tools(folder: Path, *names: str) -> str:
    """Return a PATH with these programs and no others."""
    folder.mkdir()
    for each in names:
        (folder / each).symlink_to(which(each) or pytest.fail(f"{each} not found"))
    return str(folder)


def test_without_go_the_remedy_is_named(tmp_path: Path):
    path = tools(tmp_path / "bin", "bash", "dirname", "mkdir", "rm", "mktemp", "chmod")
    code, said = script("install", tmp_path / "jaeger", PATH=path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert code == 3
    assert "no Go found. Install it" in said


def test_a_build_that_fails_leaves_nothing_that_looks_finished(tmp_path: Path):
    path = tools(tmp_path / "bin", "bash", "dirname", "mkdir", "rm", "mktemp", "chmod", "cat", "sed", "cp", "mv", "ln")
    cache, go = tmp_path / "cache", Path(path, "go")
    go.write_text("#!/usr/bin/env bash\nexit 1\n")
    go.chmod(0o755)
    for _ in range(2):
        code, said = script("install", tmp_path / "jaeger", PATH=f"{path}:/usr/bin", XDG_CACHE_HOME=str(cache))
        assert code == 1
        assert "Jaeger could not be built" in said
    assert list((cache / "trilog").iterdir()) == []
    assert not (tmp_path / "jaeger" / "server").exists()


def test_what_was_acknowledged_survives_a_kill_and_a_stop():
    with start_jaeger() as jaeger:
        options = OtlpOptions(endpoint=jaeger.endpoint, service="api")
        for number in range(3):
            request = {"transaction_id": f"t-{number}", "status_code": 200, "execution_time_ms": 5}
            with OtlpSink(options) as sink:
                sink.write(iter([(LOGS, [(f"a-{number}".encode(), "2026-01-20T10:00:00.000Z", dumps(request))])]))
            if number == 0:
                jaeger.kill()
                jaeger.start()
            if number == 1:
                jaeger.stop()
                jaeger.start()
        assert sorted(each["tags"]["transaction_id"] for each in jaeger.spans("api")) == ["t-0", "t-1", "t-2"]


def test_a_jaeger_of_ones_own_is_taken(tmp_path: Path):
    path = tools(tmp_path / "bin", "bash", "dirname", "mkdir", "rm", "ln")
    own = Path(path, "jaeger")
    own.write_text("#!/usr/bin/env bash\n")
    own.chmod(0o755)
    assert script("install", tmp_path / "jaeger", PATH=path, XDG_CACHE_HOME=str(tmp_path / "cache")) == (0, "")
    assert (tmp_path / "jaeger" / "server" / "jaeger").resolve() == own
