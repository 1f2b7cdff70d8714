"""Configuration: environment variables only, read in this one place.

Each adapter keeps a class of `Options` beside it, whose fields are made by `setting`. `load` fills any number of such
classes at once and names every bad variable in one error.
"""

import os
import re
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, dataclass_transform

from functions.pipeline.errors import ConfigError, TrilogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


LONGEST = 10**9  # the most of any number: thirty years of seconds, which no wait outlives


class Expected(TrilogError, ValueError):  # noqa: N818 (it reads `raise Expected("a number")`)
    """What a variable's text should have been. Where values are in the text, a `parse` raises this ValueError."""


class Setting(NamedTuple):
    """A field of an options class; see `setting`."""

    variable: str
    parse: "Callable[[str], Any]"
    default: Any
    secret: bool


def setting(
    variable: str,
    parse: "Callable[[str], Any]",
    default: Any,  # noqa: ANN401 (a setting holds whatever its `parse` returns)
    *,
    secret: bool = False,
) -> Any:  # noqa: ANN401 (a type checker takes it for the field's value)
    """Declare one field of an options class.

    Args:
        variable: the environment variable that holds it.
        parse: turns the variable's text into the value; raises ValueError saying what was expected.
        default: the value when the variable is unset or empty.
        secret: keeps the value out of the class's repr.
    """
    return Setting(variable, parse, default, secret)


@dataclass_transform(frozen_default=True)
class Options:
    """What an adapter is told. A subclass lists its settings; what they are set to does not change.

    Like a frozen dataclass, but for the hash, and without `dataclasses`: with all that this imports, it would be a
    sixth of the collector's cold start.
    """

    settings: ClassVar[dict[str, Setting]]

    def __init_subclass__(cls) -> None:
        own = {name: each for name, each in vars(cls).items() if isinstance(each, Setting)}
        cls.settings = getattr(cls, "settings", {}) | own

    def __init__(self, *values: object, **named: object) -> None:
        given = dict(zip(self.settings, values, strict=False)) | named
        if len(given) < len(values) + len(named) or not given.keys() <= self.settings.keys():
            raise TypeError(f"{type(self).__name__} has {', '.join(self.settings)}, each once")
        vars(self).update({name: each.default for name, each in self.settings.items()} | given)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]  # values may be lists

    def __repr__(self) -> str:
        shown = (f"{name}={vars(self)[name]!r}" for name, each in self.settings.items() if not each.secret)
        return f"{type(self).__name__}({', '.join(shown)})"


class Variable(NamedTuple):
    """An environment variable that Trilog reads, with its default as a user would write it."""

    name: str
    default: str
    secret: bool


def environment(dotenv: "Path | None" = None) -> dict[str, str]:
    """Return the process's environment over the given `.env` file's, without empty values."""
    values: dict[str, str | None] = {}
    if dotenv is not None and dotenv.is_file():
        from dotenv import dotenv_values

        try:
            values.update(dotenv_values(dotenv))
        except UnicodeDecodeError as error:
            raise ConfigError("{file} is not text in UTF-8. Save it as UTF-8", file=dotenv) from error
    values.update(os.environ)
    return {name: value for name, value in values.items() if value}


def choose_language(language: str) -> None:
    """Make gettext, which looks into the environment itself, speak a language ("fr")."""
    os.environ["LANGUAGE"] = language


def choose_color(when: str) -> None:
    """Make what prints colours, which looks into the environment itself, do so always or never; "auto": as it likes."""
    if when != "auto":
        unwanted, wanted = ("NO_COLOR", "FORCE_COLOR") if when == "always" else ("FORCE_COLOR", "NO_COLOR")
        os.environ.pop(unwanted, None)
        os.environ[wanted] = "1"


def load(environment: "Mapping[str, str]", *classes: type[Options]) -> tuple[Any, ...]:
    """Fill each options class from the environment, in the order given.

    Raises:
        ConfigError: one or more variables hold something else than their fields expect; names all of them.
    """
    problems: dict[str, ConfigError] = {}
    filled = tuple(_fill(options, environment, problems) for options in classes)
    if problems:
        a_line_each = "\n".join(f"{{{variable}}}" for variable in problems)
        raise ConfigError(a_line_each, **problems)
    return filled


def _fill(options: type[Options], environment: "Mapping[str, str]", problems: dict[str, ConfigError]) -> Options:
    values = {}
    for name, each in options.settings.items():
        text = environment.get(each.variable)
        if text is None:
            continue
        try:
            values[name] = each.parse(text)
        except ValueError as error:
            shown = None if each.secret else _without_credentials(text)
            problems[each.variable] = _wrong(each.variable, shown, error)
    return options(**values)


def _without_credentials(text: str) -> str:
    """Return a text that may be an address without the user, the password, the query and the fragment of that."""
    text = re.split("[?#]", text, maxsplit=1)[0] if "://" in text else text
    return re.sub(r"^(\w+://)?[^\s@]*:\S*@", r"\1***@", text)


def _wrong(variable: str, text: str | None, error: ValueError) -> ConfigError:
    """Name a bad variable; its text is None where that is a secret."""
    expected = error if isinstance(error, Expected) else Expected(str(error))
    values = {"variable": variable, "text": text, "expected": expected}
    if text is None:
        return ConfigError("{variable}: the value is wrong; expected {expected}", **values)
    return ConfigError("{variable}: {text!r} is wrong; expected {expected}", **values)


def variables(classes: "Iterable[type[Options]]") -> list[Variable]:
    """List every environment variable of the given options classes."""
    settings = [each for options in classes for each in options.settings.values()]
    return [Variable(each.variable, _shown(each.default), each.secret) for each in settings]


def _shown(default: object) -> str:
    return "" if default is None else str(default)


def shown(variable: Variable, value: str) -> str:
    """Return what a variable holds as it may be shown: a secret is hidden, and so are credentials in an address."""
    return "***" if variable.secret else _without_credentials(value)


def text(value: str) -> str:
    """Take any text, without surrounding blanks."""
    return value.strip()


def http_url(value: str) -> str:
    """Take an http:// or https:// address, without a trailing slash."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("an address that starts with http:// or https://")
    return value.strip().rstrip("/")


def number(least: float, unit: str) -> "Callable[[str], float]":
    """Take a number of at least `least`; `unit` names it in the error."""

    def parse(value: str) -> float:
        expected = Expected("a number of {unit}, {least:g} or more", unit=Expected(unit), least=least)
        try:
            parsed = float(value)
        except ValueError:
            raise expected from None
        if not least <= parsed <= LONGEST:
            raise expected
        return parsed

    return parse


def whole(least: int, most: int, unit: str) -> "Callable[[str], int]":
    """Take a whole number from `least` to `most`; `unit` names it in the error."""

    def parse(value: str) -> int:
        values = {"unit": Expected(unit), "least": least, "most": most}
        expected = Expected("a whole number of {unit} from {least} to {most}", **values)
        try:
            parsed = int(value)
        except ValueError:
            raise expected from None
        if not least <= parsed <= most:
            raise expected
        return parsed

    return parse


def one_of(*choices: str) -> "Callable[[str], str]":
    """Take one of the given words."""

    def parse(value: str) -> str:
        if value.strip().lower() not in choices:
            raise Expected("one of {choices}", choices=", ".join(choices))
        return value.strip().lower()

    return parse
