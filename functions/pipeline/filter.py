"""The filter: which events are looked at for predictions, besides being logs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from functions.pipeline.config import Options, setting, text
from functions.pipeline.expressions import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_REMEMBERED = 4096  # paths
PREDICTION_PATHS = "/predict"  # the first users' own
SERVING_PATHS = (  # those of servers; there, a request is a prediction if its input and its result are known
    "/predict_proba",
    "/invocations",  # SageMaker, MLflow
    *("/v1/models/*:predict", "/v2/models/*/infer"),  # TensorFlow Serving; KServe, Triton
    "/v1/chat/completions",  # vLLM and others
    *("/run/*", "/gradio_api/call/*"),  # Gradio
)


class FilterOptions(Options):
    """What is taken for a prediction."""

    filter_pattern: str = setting("PIPELINE_FILTER_PATTERN", text, "API Call - POST /predict")
    prediction_paths: str = setting("PIPELINE_PREDICTION_PATHS", text, PREDICTION_PATHS)


class Filter:
    """Lets pass requests to a model, messages with the pattern, and performance metrics."""

    def __init__(self, options: FilterOptions) -> None:
        self._pattern = options.filter_pattern.encode()
        self._predicts = lru_cache(_REMEMBERED)(_matcher(options.prediction_paths.split(",")))
        known = SERVING_PATHS if options.prediction_paths == PREDICTION_PATHS else ()
        self._serves = lru_cache(_REMEMBERED)(_matcher(known))

    def passes(self, fields: dict[str, Any], message: bytes) -> bool:
        """Say whether an event passes, given its fields and its message."""
        path = fields.get("http_path")
        if path is None or fields.get("http_method", "POST") != "POST":
            return self._pattern in message or b"performance_metrics" in message
        return (
            self._predicts(path) is not None
            or self._pattern in message
            or b"performance_metrics" in message
            or ("result" in fields and "input_data" in fields and self._serves(path) is not None)
        )


def _matcher(globs: Iterable[str]) -> Callable[[str], object]:
    """Return what matches paths by globs, in which `*` stands for any characters; a query does not matter."""
    either = "|".join(re.escape(each.strip()).replace(r"\*", "[^?#]*") for each in globs) or r"(?!)"  # or nothing
    expression = rf"(?s:(?:{either})/?(?:[?#].*)?)"
    return lambda path: compiled(expression).fullmatch(path)
