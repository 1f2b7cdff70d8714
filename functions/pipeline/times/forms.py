"""Times whose spelling a format gives, as `time.strftime` and `datetime.strptime` name its parts."""

from __future__ import annotations

import re
from functools import lru_cache

from functions.pipeline.times.spellings import COUNT, HALF, MONTH_NAME, WEEKDAY_NAME, ZONE, ungrouped

_DIRECTIVES = {
    "Y": "(?P<year>[0-9]{4})",
    "y": "(?P<year>[0-9]{2})",
    "m": "(?P<month>[01]?[0-9])",
    "b": f"(?P<month>{MONTH_NAME})",
    "d": "(?P<day> ?[0-3]?[0-9])",
    "j": "(?P<day_of_year>[0-3]?[0-9]?[0-9])",
    "H": "(?P<hour> ?[0-2]?[0-9])",
    "M": "(?P<minute>[0-5]?[0-9])",
    "S": "(?P<second>[0-6]?[0-9])",
    "f": "(?P<decimals>[0-9]++)",
    "L": "(?P<milliseconds>[0-9]{1,3})",
    "p": f"(?P<half>{HALF})",
    "z": f"(?P<zone>{ZONE})",
    "s": COUNT,
    "a": WEEKDAY_NAME,
    "%": "%",
}
_SAME = {"B": "b", "h": "b", "e": "d", "I": "H", "k": "H", "l": "H", "N": "f", "Z": "z", "A": "a"}
_WHOLE = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "c": "%a %b %e %H:%M:%S %Y"}


@lru_cache(maxsize=256)  # a few layouts' formats, asked for with each line
def form_pattern(form: str) -> re.Pattern[str]:
    r"""Make the regular expression of a format.

    Args:
        form: `%Y` `%y` year, `%m` `%b` `%B` `%h` month, `%d` `%e` day, `%j` day of the year, `%H` `%I` `%k` `%l` hour,
            `%p` AM or PM, `%M` minute, `%S` second, `%f` `%N` decimals of a second (any number of them), `%L`
            milliseconds, `%z` `%Z` a zone (an offset or a name), `%s` seconds since 1970, `%a` `%A` weekday (not
            checked), `%F` `%T` `%R` `%D` `%c` as in strftime, `%%`. A blank is one or more of them; all else is itself.

    Returns: a pattern with named groups; its `pattern` is ASCII if the format is.

    Raises:
        ValueError: the format has another directive, or the same part twice.
    """
    whole = re.sub("%([FTRDc])", lambda each: _WHOLE[each[1]], form)
    try:
        return re.compile("".join(_part(each) for each in re.findall(r"%.?|\s+|[^%\s]+", whole, re.DOTALL)))
    except re.error as error:
        raise ValueError(f"the time format {form!r} has a part twice: {error}") from None


def form_regex(form: str) -> str:
    """Make the regular expression of a format without groups, to stand in the pattern of a line; see `form_pattern`."""
    return ungrouped(form_pattern(form).pattern)


def _part(text: str) -> str:
    if text.isspace():
        return r"[ \t]+"
    if not text.startswith("%"):
        return re.escape(text)
    directive = _SAME.get(text[1:], text[1:])
    if directive not in _DIRECTIVES:
        known = " ".join(f"%{each}" for each in sorted({*_DIRECTIVES, *_SAME, *_WHOLE}))
        raise ValueError(f"{text!r} is not a directive of a time format; use {known}")
    return _DIRECTIVES[directive]
