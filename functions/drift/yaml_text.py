"""Reads YAML by its nodes, which know their lines: each mistake is told with the line that it is in.

A scalar is the text that it is written as: `NO` is no boolean here, nor `01` a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from functions.pipeline.config import Expected
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
_LARGEST = 1 << 20  # characters of a file


class Problems:
    """The mistakes in a file, to tell all of them at once."""

    def __init__(self, name: str) -> None:
        """Take the file's name."""
        self.name = name
        self._found: list[tuple[int, ConfigError]] = []

    def add(self, node: Any, mistake: ConfigError) -> None:  # noqa: ANN401 (the library has no types)
        """Note a mistake at a node, or at a mark; lines count from 1."""
        line = getattr(node, "start_mark", node).line + 1
        told = ConfigError("{file}:{line}: {mistake}", file=self.name, line=line, mistake=mistake)
        self._found.append((line, told))

    def raise_any(self) -> None:
        """Raise ConfigError if there are mistakes: a line for each, in the order of the file."""
        if self._found:
            found = {f"problem_{place}": each for place, (_, each) in enumerate(sorted(self._found, key=_line))}
            raise ConfigError("\n".join(f"{{{name}}}" for name in found), **found)


class Part:
    """A mapping in a file, whose members are taken one by one; what nobody took is a mistake."""

    def __init__(self, node: Any, path: str, problems: Problems) -> None:  # noqa: ANN401 (the library has no types)
        """Take a mapping's node, or None for one that is not there, and its dotted path with a dot at the end."""
        self._node, self._path, self._problems, self._taken = node, path, problems, set[str]()
        self._members: dict[str, tuple[Any, Any]] = {}
        for key, value in node.value if node else ():
            name = _text(key)
            if name is None:
                problems.add(key, ConfigError("a name is expected here"))
            elif name in self._members:
                problems.add(key, ConfigError("{path} is there twice. Delete one", path=path + name))
            else:
                self._members[name] = key, value

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def is_mapping(self, name: str) -> bool:
        """Say whether a member is a mapping."""
        return name in self._members and self._members[name][1].id == "mapping"

    def value(self, name: str, parse: Callable[[str], T], default: T | None) -> Any:  # noqa: ANN401 (as `parse` has it)
        """Take a member that is a scalar; `parse` raises ValueError saying what was expected."""
        node = self._take(name)
        if node is None:
            return default
        content = _text(node)
        if content is None:
            self._problems.add(node, ConfigError("{path}: a single value is expected", path=self._path + name))
            return default
        try:
            return parse(content)
        except ValueError as error:
            expected = error if isinstance(error, Expected) else Expected(str(error))
            values = {"path": self._path + name, "text": content, "expected": expected}
            self._problems.add(node, ConfigError("{path}: {text!r} is wrong; expected {expected}", **values))
            return default

    def required(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """Take a member as `value` does; that it is absent is a mistake, at the mapping."""
        if name not in self._members:
            self._taken.add(name)
            self._problems.add(self._node, ConfigError("{path} is missing", path=self._path + name))
            return default
        found: T = self.value(name, parse, default)
        return found

    def part(self, name: str) -> Part:
        """Take a member that is a mapping; an empty one where it is absent or null."""
        node = self._take(name)
        if node is not None and node.id != "mapping":
            self._problems.add(node, ConfigError("{path}: members are expected", path=self._path + name))
            node = None
        return Part(node, f"{self._path}{name}.", self._problems)

    def texts(self, name: str) -> dict[str, str]:
        """Take a member that maps texts to texts."""
        part = self.part(name)
        return {key: part.value(key, str, "") for key in part}

    def refuse(self, name: str, mistake: ConfigError) -> None:
        """Note that a member, which is there, is a mistake."""
        self._problems.add(self._members[name][0], mistake)

    def names(self, name: str) -> list[str]:
        """Take a member that is a list of names, or one name."""
        node = self._take(name)
        if node is None:
            return []
        nodes = node.value if node.id == "sequence" else [node]
        found = [_text(each) for each in nodes]
        for each, content in zip(nodes, found, strict=True):
            if not content:
                self._problems.add(each, ConfigError("{path}: a name is expected", path=self._path + name))
        return [each for each in found if each]

    def refuse_others(self) -> None:
        """Note each member that was not taken as a mistake."""
        for name, (key, _) in self._members.items():
            if name not in self._taken:
                known = ", ".join(sorted(self._taken))
                path = self._path + name
                self._problems.add(key, ConfigError("{path} is not known; known here: {known}", path=path, known=known))

    def _take(self, name: str) -> Any:  # noqa: ANN401 (the library has no types)
        """Return a member's node; None where it is absent or null."""
        self._taken.add(name)
        node = self._members.get(name, (None, None))[1]
        return None if node is None or node.tag == "tag:yaml.org,2002:null" else node


def load_mapping(content: str, problems: Problems) -> Part:
    """Read the mapping that a file holds; an empty file is an empty one.

    Raises:
        ConfigError: it is no YAML, or holds something else than a mapping.
    """
    import yaml

    try:
        node = yaml.compose(content[:_LARGEST], yaml.SafeLoader)
    except yaml.YAMLError as error:
        cause = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        mark = getattr(error, "problem_mark", None) or yaml.Mark(problems.name, 0, 0, 0, None, None)
        problems.add(mark, ConfigError("this is not YAML: {cause}", cause=cause))
        problems.raise_any()
        raise
    if node is not None and node.id != "mapping":
        problems.add(node, ConfigError("members are expected, such as reference: data/training.csv"))
        problems.raise_any()
    return Part(node, "", problems)


def _text(node: Any) -> str | None:  # noqa: ANN401 (the library has no types)
    return str(node.value) if node.id == "scalar" else None


def _line(found: tuple[int, ConfigError]) -> int:
    return found[0]
