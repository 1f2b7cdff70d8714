"""Which files of tests a change reaches: by imports, as Ruff finds them, and by the files that a module reads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RUFF = Path(sys.executable).parent / "ruff"
_SOURCES = ("clients", "functions", "infra", "tests")

Graph = dict[str, list[str]]  # of each module's file, the files of the modules that import it


def changed_files(root: Path) -> list[str]:
    """Return the files that differ from the last commit which the main branch has too; else the last commit's.

    They are relative to the root of a Git repository. Those not committed yet are among them, and deleted ones.
    """
    status = _lines(root, "status", "--porcelain", "--no-renames", "--untracked-files=all")
    changed = {line[3:].strip('"') for line in status} | _committed(root, _base(root))
    return sorted(changed or _committed(root, "HEAD~1"))


def read_graph(root: Path) -> Graph:
    """Return which modules import which, at their top or in a function; not what only a type checker imports."""
    options = ["--direction=dependents", "--detect-string-imports", "--no-type-checking-imports", "--preview", "-q"]
    folders = [name for name in _SOURCES if (root / name).is_dir()]
    done = subprocess.run([_RUFF, "analyze", "graph", *options, *folders], cwd=root, capture_output=True, check=True)
    return dict(json.loads(done.stdout))


def reached_tests(changed: Iterable[str], graph: Graph, root: Path) -> list[str]:
    """Return the files of tests that depend on a changed file."""
    reached: set[str] = set()
    waiting = [module for name in changed for module in _modules(name, graph, root)]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += [*graph[module], *_loaders(module, graph)]
    return sorted(module for module in reached if PurePath(module).name.startswith("test_"))


def _base(root: Path) -> str:
    found = [line for main in ("origin/main", "main") for line in _lines(root, "merge-base", "HEAD", main)]
    return found[0] if found else "HEAD"


def _committed(root: Path, since: str) -> set[str]:
    return {*_lines(root, "diff", "--name-only", "--no-renames", since, "HEAD")}


def _lines(root: Path, *arguments: str) -> list[str]:
    """Return what Git prints; nothing where it fails, as for a commit that is not there."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def _modules(name: str, graph: Graph, root: Path) -> list[str]:
    """Return the modules that a file stands for: itself, or if it is none, those that read it.

    A deleted module stands for none: whatever imported it has changed too, or mypy says so.
    """
    path = PurePath(name)
    if name in graph:
        return _in_folder(path.parent, graph) if path.name in {"__init__.py", "conftest.py"} else [name]
    if path.suffix == ".py":
        return []
    return [*_naming([path.name], graph, root), *_of_nearest_folder(path, graph, root)]


def _of_nearest_folder(path: PurePath, graph: Graph, root: Path) -> list[str]:
    """Return the modules beside a file, or that name its folder; without any, those of the folder above."""
    for folder in path.parents[:-2]:  # neither the root nor functions/, infra/ or tests/: they hold everything
        names = [str(folder), ".".join(folder.parts)]
        if found := _in_folder(folder, graph) or _naming(names, graph, root):
            return found
    return []


def _in_folder(folder: PurePath, graph: Graph) -> list[str]:
    return [module for module in graph if folder in PurePath(module).parents]


def _naming(names: list[str], graph: Graph, root: Path) -> list[str]:
    """Return the modules whose text has one of some names, of files or folders, whole."""
    named = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, names))})(?![\w/-]|\.\w)")
    return [module for module in graph if named.search((root / module).read_text())]


def _loaders(module: str, graph: Graph) -> Iterator[str]:
    """Yield the package that finds a module of functions/ at run time, if none of functions/ imports it."""
    if not module.startswith("functions/") or any(each.startswith("functions/") for each in graph[module]):
        return
    folder = PurePath(module).parent
    package = folder.parent if module.endswith("/__init__.py") else folder
    if (found := str(package / "__init__.py")) in graph:
        yield found
