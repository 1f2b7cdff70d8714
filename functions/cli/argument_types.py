"""What the values of arguments have to be: each takes a text, or says what was expected."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC
from gettext import gettext as _

from functions.cli.numbers import local
from functions.pipeline.config import LONGEST
from functions.pipeline.instants import parsed_instant


def folder(text: str) -> str:
    """Take the name of a folder of keys, without slashes around it."""
    name = text.strip("/")
    if not name:
        raise ArgumentTypeError(_("the name of a folder, such as raw"))
    return name


def identity(text: str) -> str:
    """Take an id, which is some text."""
    if not text.strip():
        raise ArgumentTypeError(_("an id"))
    return text


def lines(text: str) -> int:
    """Take a whole number, 1 or more, that whatever counts lines can hold."""
    if not text.isascii() or not text.isdigit() or not 0 < float(text) <= LONGEST:
        raise ArgumentTypeError(_("a whole number, 1 to {most}").format(most=local(f"{LONGEST:,}")))
    return int(text)


def port(text: str) -> int:
    """Take the number of a port."""
    if not text.isascii() or not text.isdigit() or float(text) > 65535:  # noqa: PLR2004 (the last port)
        raise ArgumentTypeError(_("a port, 0 to 65535"))
    return int(text)


def seconds(text: str) -> float:
    """Take a number of seconds, more than 0."""
    return _positive(text, _("a number of seconds, more than 0"))


def speed(text: str) -> float:
    """Take a number, more than 0."""
    return _positive(text, _("a number, more than 0"))


def _positive(text: str, expected: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 < number <= LONGEST:
        raise ArgumentTypeError(expected)
    return number


def day(text: str) -> str:
    """Take a day, as it is written in ISO 8601."""
    instant = parsed_instant(text, UTC)
    if instant is None or instant[:10] != text:
        raise ArgumentTypeError(_("a day, such as 2025-01-20"))
    return text


def names(text: str) -> tuple[str, ...]:
    """Take names with commas between them."""
    found = tuple(filter(None, map(str.strip, text.split(","))))
    if not found:
        raise ArgumentTypeError(_("fields with commas between them, such as @timestamp,message,input_data.AGE"))
    return found
