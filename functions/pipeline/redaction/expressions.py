"""Regular expressions of users, limited to those with bounded time: no input may stall the pipeline."""

from __future__ import annotations

import re
from math import prod
from typing import Any

from functions.pipeline.config import Expected

_LONGEST = 500  # characters
_MOST_WAYS = 10_000  # in which an expression may try to match at one place
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def bounded(expression: str) -> re.Pattern[str]:
    """Compile an expression whose repeats all have an upper bound.

    Matching at one place costs at most the product of the ways in which the parts can match, so the time is
    proportional to the length of the text, whatever the text.

    Raises:
        Expected: it is not a regular expression, or one that may take too long.
    """
    if len(expression) > _LONGEST:
        raise Expected("an expression of at most {count} characters", count=_LONGEST)
    try:
        compiled = re.compile(expression)
        ways = _ways(_parsed(expression))
    except (re.error, OverflowError, RecursionError) as error:
        raise Expected("a regular expression ({expression}: {cause})", expression=expression, cause=error) from error
    if ways > _MOST_WAYS:
        raise Expected(
            "an expression with fewer ways to match: {expression} has more than {count} at one place; lower the "
            "upper bounds of its repeats",
            expression=expression,
            count=_MOST_WAYS,
        )
    if compiled.match(""):
        raise Expected(
            "an expression that does not match the empty string, as {expression} does", expression=expression
        )
    return compiled


def _parsed(expression: str) -> Any:  # noqa: ANN401 (the parser of `re` is private, but there is no other)
    from re import _parser  # type: ignore[attr-defined]

    return _parser.parse(expression)


def _ways(part: Any) -> int:  # noqa: ANN401 (the parser's tree: operations with their arguments)
    """Return the most ways in which a parsed expression can match at one place."""
    if isinstance(part, tuple) and part and str(part[0]) in _REPEATS:
        return _repeated(*part[1])
    if isinstance(part, tuple) and part and str(part[0]) == "BRANCH":
        return sum(_ways(each) for each in part[1][1])
    if isinstance(part, tuple | list) or hasattr(part, "data"):
        return min(prod(map(_ways, part)), _MOST_WAYS + 1)
    return 1


def _repeated(least: int, most: Any, part: Any) -> int:  # noqa: ANN401
    if not isinstance(most, int) or most > _MOST_WAYS:
        raise Expected("repeats with an upper bound, such as {{1,50}} instead of + or {{0,50}} instead of *")
    lengths = most - int(least) + 1
    return min(lengths * int(_ways(part) ** most), _MOST_WAYS + 1)
