"""One invocation of the drift function, the same on every platform."""

from __future__ import annotations

import time
from typing import Any

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
        environment = resolved(process_environment(), indexer_options())
        (options,) = load(environment, DriftOptions)
        found = run(environment, load_config(environment, options.config), Window())
    except Exception as error:
        log_failure(error, function="drift", ms=ms_since(begun))
        raise
    verdict = {name: found[name] for name in ("model", "dataset_drift", "share", "rows")}
    verdict["drifted"] = [name for name, each in found["features"].items() if each["drift"]]
    worse = [name for name, each in found.get("quality", {}).items() if each["result"] == "worse"]
    if "quality" in found:
        verdict["worse"] = worse
    log(
        "WARNING" if found["dataset_drift"] or worse else "INFO",
        "compared",
        function="drift",
        **verdict,
        ms=ms_since(begun),
    )
    return verdict
