# ruff: noqa: INP001 (a folder of scripts, not a package)
"""Which of our modules a handler needs, by what the files say: nothing is imported to find out."""

from __future__ import annotations

import ast
import sys
from pkgutil import iter_modules
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS = "functions"


class Imports(NamedTuple):
    """The dotted names that a module imports: as soon as it is imported itself, and only once it is called."""

    first: set[str]
    later: set[str]


class Needed(NamedTuple):
    """The files to take, and the modules that are left out, each with the libraries that it lacks."""

    files: list[Path]
    left_out: dict[str, set[str]]


class Follower:
    """Follows imports from a handler through the folder `root`, given the `libraries` that there will be.

    A module that is imported only once some function is called is left out if it uses a library that there will not be:
    so the requirements of a function say which adapters it has. A package that looks into its own folder (`__path__`)
    may import each of them once it is called.
    """

    def __init__(self, root: Path, libraries: set[str]) -> None:
        self._root = root
        self._libraries = libraries | sys.stdlib_module_names
        self._taken: set[str] = set()
        self._left_out: dict[str, set[str]] = {}

    def needed(self, handler: str) -> Needed:
        """List what a handler's module (dotted) needs.

        Raises:
            SystemExit: a module that is always imported needs a library that there will not be.
        """
        self._take(self._with_first(handler))
        files = sorted(path for each in self._taken if (path := self._path(each)))
        left_out = {name: lacks for name, lacks in self._left_out.items() if name not in self._taken}
        return Needed(files, dict(sorted(left_out.items())))

    def _take(self, modules: set[str]) -> None:
        new = modules - self._taken
        for module in sorted(new):
            if lacks := self._lacking(self._imports(module).first):
                raise SystemExit(
                    f"{module} imports {', '.join(sorted(lacks))}: name it in the requirements.txt beside it"
                )
        self._taken |= new
        for module in sorted(new):
            for target in self._ours(self._imports(module).later):
                self._take_if_it_can_work(target)

    def _take_if_it_can_work(self, target: str) -> None:
        new = self._with_first(target) - self._taken
        used = {name for module in new for names in self._imports(module) for name in names}
        if lacks := self._lacking(used):
            self._left_out[target] = lacks
        else:
            self._take(new)

    def _with_first(self, module: str) -> set[str]:
        """Return a module with all that importing it imports of ours, and the packages around each."""
        found: set[str] = set()
        waiting = {module}
        while waiting:
            each = waiting.pop()
            found.add(each)
            around = each.rpartition(".")[0]
            waiting |= ({around} if around else set()) | self._ours(self._imports(each).first)
            waiting -= found
        return found

    def _ours(self, names: set[str]) -> set[str]:
        return {name for name in names if name.split(".")[0] == OURS and self._path(name)}

    def _lacking(self, names: set[str]) -> set[str]:
        return {name.split(".")[0] for name in names} - self._libraries - {OURS}

    def _imports(self, module: str) -> Imports:
        path = self._path(module)
        body = ast.parse(path.read_bytes()).body if path else []
        later = [each for each in body if isinstance(each, ast.FunctionDef | ast.ClassDef)]
        listed = self._listed(module) if _lists_modules(later) else set()
        return Imports(
            {name for each in body if each not in later for name in _names(each)},
            {name for each in later for name in _names(each)} | listed,
        )

    def _listed(self, package: str) -> set[str]:
        """List the modules of a package."""
        folder = self._root.joinpath(*package.split("."))
        return {f"{package}.{each.name}" for each in iter_modules([str(folder)])}

    def _path(self, module: str) -> Path | None:
        place = self._root.joinpath(*module.split("."))
        candidates = (place.with_suffix(".py"), place / "__init__.py")
        return next((path for path in candidates if path.is_file()), None)


def _lists_modules(body: list[ast.stmt]) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "__path__" for tree in body for each in ast.walk(tree))


def _names(tree: ast.AST) -> Iterator[str]:
    """Yield what a statement imports, and what it may import (a name from a package may be a module)."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING":
        return
    if isinstance(tree, ast.Import):
        yield from (alias.name for alias in tree.names)
    elif isinstance(tree, ast.ImportFrom):
        yield tree.module or ""
        yield from (f"{tree.module}.{alias.name}" for alias in tree.names)
    for child in ast.iter_child_nodes(tree):
        yield from _names(child)
