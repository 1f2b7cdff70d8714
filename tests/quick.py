"""`make quick`: the checks of what changed, and the unit tests that the change reaches, in seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.reached import changed_files, reached_tests, read_graph

_ROOT = Path(__file__).parents[1]
_BIN = Path(sys.executable).parent
_PYTEST = ("pytest", "-q", "-n2", "--dist=loadfile", "--hypothesis-profile=quick", "-m", "not slow")
_NO_TESTS = 5  # pytest's exit code


def main() -> int:
    """Check what changed, then test it; return 0 if both are content."""
    changed = changed_files(_ROOT)
    reached = reached_tests(changed, read_graph(_ROOT), _ROOT)
    unit = [test for test in reached if test.startswith("tests/unit/")]
    print(f"Changed: {' '.join(changed)}")
    failed = [command for command in _commands(changed, unit) if not _run(command)]
    print(f"Left to `make test`: what is marked slow, and {len(reached) - len(unit)} files of tests that start servers")
    for command in failed:
        print(f"Failed: {' '.join(command)}")
    return 1 if failed else 0


def _commands(changed: list[str], unit: list[str]) -> list[tuple[str, ...]]:
    """Return the commands that check and test; mypy looks at everything, but keeps what it knows of it."""
    python = [name for name in changed if name.endswith(".py") and (_ROOT / name).exists()]
    lint = [("ruff", "check", *python), ("ruff", "format", "--check", *python)] if python else []
    return [*lint, ("mypy",), *([(*_PYTEST, *unit)] if unit else [])]


def _run(command: tuple[str, ...]) -> bool:
    code = subprocess.run([_BIN / command[0], *command[1:]], cwd=_ROOT, check=False).returncode
    return code == 0 or (command[0] == "pytest" and code == _NO_TESTS)


if __name__ == "__main__":
    sys.exit(main())
