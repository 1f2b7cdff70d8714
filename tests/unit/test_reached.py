"""The tests that a change reaches are found: in a project of the test's own, and in this one."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reached import changed_files, reached_tests, read_graph

ROOT = Path(__file__).parents[2]
SOURCES = {
    "functions/__init__.py": "",
    "functions/a.py": "",
    "functions/b.py": "def f():\n    from functions import a\n",
    "functions/rooms/__init__.py": "import importlib\n",
    "functions/rooms/one.py": "",
    "functions/rooms/form.toml": "",
    "functions/user.py": "from functions.rooms import find\n",
    "infra/server/compose.yml": "",
    "tests/conftest.py": "",
    "tests/faults/conftest.py": "",
    "tests/faults/test_far.py": "",
    "tests/unit/test_a.py": "from functions.a import x\n",
    "tests/unit/test_b.py": "import functions.b\n",
    "tests/unit/test_server.py": 'PATH = "infra/server"\n',
    "tests/unit/test_typed.py": "if TYPE_CHECKING:\n    from functions import a\n",
    "tests/unit/test_user.py": "from functions import user\n",
    "readme.txt": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project with rooms whose modules and data are found at run time."""
    for name, source in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("functions/a.py", ["unit/test_a.py", "unit/test_b.py"]),  # directly, and through an import in a function
        ("functions/b.py", ["unit/test_b.py"]),
        ("functions/rooms/one.py", ["unit/test_user.py"]),  # nothing imports it: its package finds it
        ("functions/rooms/form.toml", ["unit/test_user.py"]),
        ("functions/rooms/deep/new.toml", ["unit/test_user.py"]),
        ("infra/server/compose.yml", ["unit/test_server.py"]),
        ("tests/unit/test_typed.py", ["unit/test_typed.py"]),
        ("tests/faults/conftest.py", ["faults/test_far.py"]),
        ("functions/gone.py", []),
        ("readme.txt", []),
    ],
)
def test_a_change_reaches_what_depends_on_it(project: Path, changed: str, expected: list[str]):
    assert reached_tests([changed], read_graph(project), project) == [f"tests/{name}" for name in expected]


def test_in_this_project_the_readers_of_a_log_are_reached_from_the_handlers_tests():
    reached = reached_tests(["functions/pipeline/records.py"], read_graph(ROOT), ROOT)
    assert {"tests/unit/test_records.py", "tests/unit/test_handlers.py"} <= {*reached}
    assert "tests/unit/test_compose.py" not in reached


@pytest.fixture
def git(project: Path) -> Callable[..., None]:
    """Make a repository of the project, with everything committed; give what runs a command of Git in it."""

    def run(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)

    for command in (["init", "-b", "main"], ["add", "."], ["commit", "-m", "first"]):
        run(*command)
    return run


def test_on_a_branch_all_of_it_has_changed_and_what_is_not_committed(git: Callable[..., None], project: Path):
    git("switch", "-c", "branch")
    (project / "functions/a.py").write_text("x = 1\n")
    git("commit", "-am", "second")
    (project / "functions/new name.py").write_text("")
    (project / "functions/b.py").unlink()
    assert changed_files(project) == ["functions/a.py", "functions/b.py", "functions/new name.py"]


def test_where_nothing_differs_from_the_main_branch_the_last_commit_counts(git: Callable[..., None], project: Path):
    assert changed_files(project) == []  # of the only commit there is no parent
    (project / "functions/a.py").write_text("x = 1\n")
    git("commit", "-am", "second")
    assert changed_files(project) == ["functions/a.py"]
