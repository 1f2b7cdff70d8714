"""What a run of drift is told by the environment."""

from __future__ import annotations

from functions.pipeline.config import Options, setting, text


class DriftOptions(Options):
    """The configuration, as a path or a key of the store; and the Python that has Evidently, if another one does."""

    config: str | None = setting("DRIFT_CONFIG", text, None)
    evidently_python: str | None = setting("DRIFT_EVIDENTLY_PYTHON", text, None)
