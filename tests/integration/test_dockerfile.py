"""The image of Trilog without Docker: what its Dockerfile copies and runs, done below a folder that stands for `/`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "infra" / "observability" / "Dockerfile"
IGNORED = DOCKERFILE.with_name("Dockerfile.dockerignore")
_MINUTES = 8

pytestmark = [pytest.mark.slow, pytest.mark.timeout(_MINUTES * 60)]


class Step(NamedTuple):
    """An instruction of the Dockerfile, and what follows it."""

    name: str
    rest: str


def stages() -> list[list[Step]]:
    """Read the Dockerfile: the steps of each stage."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    steps = [Step(*line.split(" ", 1)) for line in text.splitlines() if line and not line.startswith("#")]
    starts = [place for place, step in enumerate(steps) if step.name == "FROM"] + [len(steps)]
    return [steps[start:end] for start, end in pairwise(starts)]


class Image:
    """A folder that stands for an image's root."""

    def __init__(self, root: Path, built: Path | None = None) -> None:
        self.root, self._built, self._working, self._used = root, built, "/", 0
        self.environment: dict[str, str] = {}
        self.entrypoint: list[str] = []

    def do(self, step: Step) -> None:
        """Do one step; those that say who runs what are only noted."""
        getattr(self, f"_{step.name.lower()}", lambda _: None)(step.rest)

    def inside(self, text: str) -> str:
        """Return text with the image's absolute paths below the folder."""
        return re.sub(r"(?<![\w.])/(opt|data|rows|srv|src)\b", rf"{self.root}/\1", text)

    def _workdir(self, rest: str) -> None:
        self._working = rest
        self.working.mkdir(parents=True, exist_ok=True)

    @property
    def working(self) -> Path:
        return self.root / self._working.lstrip("/")

    def _copy(self, rest: str) -> None:
        options, paths = [each for each in rest.split() if each.startswith("--")], rest.split()
        *sources, target = [each for each in paths if not each.startswith("--")]
        place = self.root / target.lstrip("/") if target.startswith("/") else self.working / target
        folder = self._built if any(each.startswith("--from") for each in options) else ROOT
        for source in sources:
            found = folder / source.lstrip("/")
            if found.is_dir():
                shutil.copytree(found, place, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy(found, place)

    def _run(self, rest: str) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PIP_CACHE_DIR": pip_cache()}
        command = ["sh", "-euc", self.inside(rest.replace("--no-cache-dir ", ""))]
        done = subprocess.run(command, cwd=self.working, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{rest}\n{done.stdout}{done.stderr}"

    def _env(self, rest: str) -> None:
        self.environment |= dict(each.split("=", 1) for each in shlex.split(self.inside(rest)))

    def _entrypoint(self, rest: str) -> None:
        self.entrypoint = re.findall(r'"([^"]*)"', rest)


def pip_cache() -> str:
    return os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip"))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Do the steps of both stages. A virtual environment knows where it lies, so both stages are one folder."""
    root = tmp_path_factory.mktemp("image")
    built, final = stages()
    made = Image(root, root)
    for step in built:
        made.do(step)
    for step in final:
        if not step.rest.startswith("--from"):
            made.do(step)
    return made


def trilog(image: Image, *arguments: str) -> str:
    """Run the image's entry point as Compose does."""
    environment = {**image.environment, "LC_ALL": "C.UTF-8"}
    environment["PATH"] = environment["PATH"].replace("$PATH", os.defpath)
    command = [shutil.which(image.entrypoint[0], path=environment["PATH"]), *arguments]
    done = subprocess.run(command, cwd=image.working, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_image_makes_rows_collects_and_counts_them(image: Image):
    python = image.root / "opt" / "trilog" / "bin" / "python"
    rows = subprocess.run(
        [python, "-m", "examples.ingestion.rows", "--recent"], cwd=image.working, capture_output=True, check=True
    )
    (image.root / "rows" / "logs.json").write_bytes(rows.stdout)
    assert "72 records read" in trilog(image, "--once", "--source", str(image.root / "rows" / "logs.json"))
    assert 'ingestion_runs_total{entreprise="boreal"' in trilog(image, "metrics", "--once")
    assert "FAILED" in trilog(image, "show", "ingestion-logs", "-n", "80")
    assert trilog(image, "produce", "--help")


def test_what_is_copied_is_not_ignored():
    kept = [line.removeprefix("!") for line in IGNORED.read_text().splitlines() if line.startswith("!")]
    copied = [
        each
        for stage in stages()
        for step in stage
        if step.name == "COPY" and not step.rest.startswith("--")
        for each in step.rest.split()[:-1]
    ]
    assert sorted(copied) == sorted(kept)


def test_both_stages_have_one_base_and_the_last_has_no_root():
    built, final = stages()
    assert built[0].rest.removesuffix(" AS build") == final[0].rest
    assert [step.rest for step in final if step.name == "USER"] == ["10001:10001"]
    assert not [step for step in final if step.name == "RUN"]
    copied = [step.rest for step in final if step.name == "COPY" and step.rest.startswith("--from=build")]
    assert [rest.split()[-1] for rest in copied] == ["/opt/trilog", "/data", "/rows"]
