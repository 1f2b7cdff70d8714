"""What a prediction's document gives to compare: a row of features, or one for each instance of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.kinds.misfits import MISFIT
from functions.pipeline.kinds.prediction import feature_name

if TYPE_CHECKING:
    from collections.abc import Iterator

INPUT, RESULT = "input_data", "result"
_OUTPUTS = ("prediction", "probability")
_FAILED = 400  # and above: the HTTP status of a request that got no prediction
_TWO_CLASSES = 2


def rows(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the features of each prediction that a document tells of: the inputs, `prediction` and `probability`.

    A value that did not fit its field, and so is in the document's `misfit`, is a value of its feature. Where there are
    `probabilities` of two classes, `probability` is that of the second, as scikit-learn orders them.
    """
    if document.get("status_code", 0) >= _FAILED:
        return
    given, result = document.get(INPUT), document.get(RESULT)
    misfits = {name: value for name, value in document.get(MISFIT, {}).items() if name.startswith(f"{INPUT}.")}
    if isinstance(given, list):
        results = result if isinstance(result, list) and len(result) == len(given) else [None] * len(given)
        for place, (each, its) in enumerate(zip(given, results, strict=True)):
            yield _row(each, its, misfits, f"{INPUT}.{place}.")
    else:
        yield _row(given, result, misfits, f"{INPUT}.")


def feature_of(column: str) -> str:
    """Return the feature that a table's column is of: by the documents' name, without what `trilog export` adds."""
    return feature_name(column.removeprefix(f"{INPUT}.").removeprefix(f"{RESULT}."))


def is_exported(column: str) -> bool:
    """Say whether a column is named as `trilog export` names those of inputs and results."""
    return column.startswith((f"{INPUT}.", f"{RESULT}."))


def _row(given: Any, result: Any, misfits: dict[str, Any], path: str) -> dict[str, Any]:  # noqa: ANN401 (any JSON)
    row = dict(given) if isinstance(given, dict) else {}
    if misfits:
        row |= {name[len(path) :]: value for name, value in misfits.items() if name.startswith(path)}
    if isinstance(result, dict):
        row |= {name: result[name] for name in _OUTPUTS if name in result}
        classes = result.get("probabilities")
        if "probability" not in row and isinstance(classes, list) and len(classes) == _TWO_CLASSES:
            row["probability"] = classes[1]
    return row
