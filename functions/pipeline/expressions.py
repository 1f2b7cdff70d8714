"""Regular expressions that few lines need: compiled when the first one does, for a cold start does without them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any


@cache
def compiled(expression: Any) -> re.Pattern[Any]:  # noqa: ANN401 (text or bytes, and what it matches likewise)
    """Compile an expression, once."""
    return re.compile(expression)
