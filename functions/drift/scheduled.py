"""One invocation of the drift function, the same on every platform."""

from __future__ import annotations

import time
from typing import Any

from functions.alerts.options import AlertOptions
from functions.alerts.run import tell_drift
from functions.drift.config import Window
from functions.drift.options import DriftOptions
from functions.drift.run import load_config, run
from functions.pipeline.config import environment as process_environment
from functions.pipeline.config import load
from functions.pipeline.secrets import resolved
from functions.pipeline.telemetry import log, log_failure, ms_since
from functions.pipeline.wiring import indexer_options


def run_scheduled() -> dict[str, Any]:
    """Compare the predictions of the configured window with the reference, and put the report into the store.

    Then people are told of what has drifted, where the environment says whom to tell.

    Returns:
        The verdict: `model`, `dataset_drift`, `share`, `rows`, and the names of the features that have `drifted`; with
        a target, those of the measures that are `worse`.

    Raises:
        ConfigError: the configuration cannot work.
        TransientError: something outside is down; a later run may do better.
        PermanentError: the index or the store refuses.
    """
    begun = time.perf_counter()
    try:
        environment = resolved(process_environment(), (*indexer_options(), AlertOptions))
        options, alerts = load(environment, DriftOptions, AlertOptions)
        found = run(environment, load_config(environment, options.config), Window())
        verdict = _verdict(found)
        severity = "WARNING" if verdict["dataset_drift"] or verdict.get("worse") else "INFO"
        log(severity, "compared", function="drift", **verdict, ms=ms_since(begun))
        if alerts.anybody:
            tell_drift(environment)
    except Exception as error:
        log_failure(error, function="drift", ms=ms_since(begun))
        raise
    return verdict


def _verdict(found: dict[str, Any]) -> dict[str, Any]:
    verdict = {name: found[name] for name in ("model", "dataset_drift", "share", "rows")}
    verdict["drifted"] = [name for name, each in found["features"].items() if each["drift"]]
    if "quality" in found:
        verdict["worse"] = [name for name, each in found["quality"].items() if each["result"] == "worse"]
    return verdict
