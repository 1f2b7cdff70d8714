"""Numbers for people, as their language writes them: 1,234.5 in English, 1 234,5 in French."""

from __future__ import annotations

from gettext import pgettext


def local(number: str) -> str:
    """Write a number that Python has formatted with the signs of the user's language."""
    signs = {",": pgettext("between thousands", ","), ".": pgettext("decimal sign", ".")}
    return "".join(signs.get(each, each) for each in number)
