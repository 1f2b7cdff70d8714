"""What is installed is what the lock files name, by the hash of each file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.aws.wheels import install

ROOT = Path(__file__).parents[2]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
# Each lock file, and what it has to lead to.
SOURCES = {
    "requirements.lock": ["requirements.txt", "examples/space/requirements.txt"],
    "requirements-dev.lock": ["requirements-dev.txt"],
    "functions/collector/requirements.lock": ["functions/collector/requirements.txt"],
    "functions/indexer/requirements.lock": ["functions/indexer/requirements.txt"],
    "functions/ingest/requirements.lock": ["functions/ingest/requirements.txt"],
    "functions/drift/requirements.lock": ["functions/drift/requirements.txt"],
    "infra/gcp/drift.lock": ["functions/drift/requirements.txt", "infra/gcp/requirements.txt"],
    "infra/drift/evidently.lock": ["infra/drift/evidently.txt"],
    "notebooks/requirements.lock": ["notebooks/requirements.txt"],
    "functions/traces/requirements.lock": ["functions/traces/requirements.txt"],
    "infra/gcp/traces.lock": ["functions/traces/requirements.txt", "infra/gcp/requirements.txt"],
    "infra/gcp/ingest.lock": ["functions/ingest/requirements.txt", "infra/gcp/requirements.txt"],
    "infra/gcp/collector.lock": ["functions/collector/requirements.txt", "infra/gcp/requirements.txt"],
    "infra/gcp/indexer.lock": ["functions/indexer/requirements.txt", "infra/gcp/requirements.txt"],
    "examples/anomaly/requirements.lock": ["examples/anomaly/requirements.txt"],
    "examples/fastapi/requirements.lock": ["examples/fastapi/requirements.txt"],
    "examples/load/requirements.lock": ["examples/load/requirements.txt"],
    "infra/observability/requirements.lock": ["requirements.txt"],
    "infra/localstack/requirements.lock": ["infra/localstack/requirements.txt"],
    "infra/localstack/requirements-functions.lock": ["infra/localstack/requirements-functions.txt"],
}
ON_THE_SAME_MACHINE = ["requirements.lock", "requirements-dev.lock"]
BUILT = [*ON_THE_SAME_MACHINE, "infra/observability/requirements.lock"]  # they have what builds Trilog itself


def required(source: str) -> dict[str, str]:
    """Read a requirements file, and those that it names: the version of each package."""
    found: dict[str, str] = {}
    for line in (ROOT / source).read_text().splitlines():
        plain = line.split("#")[0].strip()
        if plain.startswith("-r "):
            found |= required(str(Path(source).parent / plain.removeprefix("-r ").strip()))
        elif plain:
            found |= pinned(plain)
    return found


def pinned(line: str) -> dict[str, str]:
    requirement = Requirement(line)
    version = re.fullmatch(r"==([\w.]+)", str(requirement.specifier))
    assert version, f"{line}: not pinned"
    return {canonicalize_name(requirement.name): version[1]}


def locked(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Read a lock file: each package, and the hashes of its files."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    parts = [line.split(" --hash=") for line in lines]
    return [(Requirement(first.strip()), [each.strip() for each in hashes]) for first, *hashes in parts]


def versions(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for requirement, _ in locked(lock):
        found.setdefault(canonicalize_name(requirement.name), set()).add(str(requirement.specifier).removeprefix("=="))
    return found


def test_every_lock_file_is_known():
    there = {
        str(path.relative_to(ROOT))
        for folder in ("", "examples/*/", "functions/*/", "infra/*/", "notebooks/")
        for path in ROOT.glob(f"{folder}*.lock")
    }
    assert there == set(SOURCES)


@pytest.mark.parametrize("lock", SOURCES)
def test_a_lock_file_follows_its_requirements(lock: str):
    """Or somebody forgot `make lock`."""
    wanted = {name: version for source in SOURCES[lock] for name, version in required(source).items()}
    if lock in BUILT:
        wanted |= {name: version for each in BUILD for name, version in pinned(each).items()}
    found = versions(lock)
    assert {name: {version} for name, version in wanted.items()} == {name: found.get(name) for name in wanted}


@pytest.mark.parametrize("lock", SOURCES)
def test_every_locked_package_has_its_hashes(lock: str):
    packages = locked(lock)
    assert len(packages) >= 4
    for requirement, hashes in packages:
        assert str(requirement.specifier).startswith("=="), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), requirement


def test_both_locks_of_a_machine_agree():
    here, everywhere = map(versions, ON_THE_SAME_MACHINE)
    assert here == {name: everywhere.get(name) for name in here}


@pytest.mark.parametrize("function", ["collector", "indexer", "ingest", "traces", "drift"])
def test_a_function_runs_what_was_tested(function: str):
    tested = versions("requirements-dev.lock")
    for lock in (f"functions/{function}/requirements.lock", f"infra/gcp/{function}.lock"):
        packaged = versions(lock)
        assert packaged == {name: tested.get(name) for name in packaged}


def test_the_functions_own_traces_need_what_was_tested():
    wanted, tested = required("requirements-tracing.txt"), versions("requirements-dev.lock")
    assert wanted
    assert {name: {version} for name, version in wanted.items()} == {name: tested.get(name) for name in wanted}


def test_a_file_with_another_hash_is_not_packaged(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    lock = tmp_path / "requirements.lock"
    text = (ROOT / "functions/indexer/requirements.lock").read_text()
    lock.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", text))
    with pytest.raises(SystemExit, match="not installed"):
        install(lock, tmp_path / "folder", "x86_64", "3.13")
    assert "hash" in capfd.readouterr().err.lower()
    assert not list((tmp_path / "folder").glob("*"))


def test_a_package_without_a_hash_is_not_installed(tmp_path: Path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("idna==3.20\n")
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    command = [ROOT / "infra" / "install.sh", venv, lock]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    environment = {"PATH": path, "HOME": str(tmp_path), "PIP_DRY_RUN": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("target", ["run", "install-dev", "package", "gcp-sources"])
def test_no_command_installs_what_is_not_locked(target: str):
    """By what it would run on a machine where nothing is installed yet."""
    said = subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert not re.search(r"-r \S*requirements\S*\.txt|pip install (?!.*--require-hashes)", said)
