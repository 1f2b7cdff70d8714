"""The benchmark's input: the log of an ML API, the same bytes each time, about 314 of them a line.

Of the lines, 40 % are predictions with their input and result, 40 % performance metrics, 20 % anything else.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEED = 42
_START = datetime(2025, 1, 20, 10, 30)  # noqa: DTZ001 (a log's times have no zone)
_LINES_A_SECOND = 7
_FEATURES = (
    *("SMOKING", "YELLOW_FINGERS", "ANXIETY", "PEER_PRESSURE", "CHRONIC_DISEASE", "FATIGUE", "ALLERGY", "WHEEZING"),
    *("ALCOHOL", "COUGHING", "SHORTNESS_OF_BREATH", "SWALLOWING_DIFFICULTY", "CHEST_PAIN"),
)
_FUNCTIONS = ("predict", "predict_proba", "transform", "validate", "_check_array", "decision_function", "preprocess")
_OTHERS = (
    ("INFO", "API démarrée avec succès"),
    ("INFO", "Modèle chargé depuis /models/model.pkl"),
    ("INFO", "Connexion Redis établie"),
    ("INFO", "[{call}] GET /health - 200 - {ms}ms"),
    ("INFO", "[{call}] GET / - 200 - {ms}ms"),
    ("WARNING", "[{call}] Données manquantes dans la requête"),
    ("ERROR", "[{call}] Erreur lors de la prédiction: could not convert string to float"),
    ("ERROR", '[{call}] POST /predict - 422 - {ms}ms - {{"detail": "champ AGE invalide"}}'),
)


def lines(count: int) -> Iterator[str]:
    """Yield the lines of a log; a shorter log is the beginning of a longer one."""
    chance = Random(_SEED)  # noqa: S311 (no secret)
    call = _call(chance)
    for number in range(count):
        time = _START + timedelta(seconds=number // _LINES_A_SECOND)
        kind = chance.random()
        if kind < 0.4:
            call = _call(chance)
            yield f"{time} - api - INFO - {_prediction(chance, call)}"
        elif kind < 0.8:
            yield f"{time} - api - INFO - {_performance(chance, call)}"
        else:
            level, text = chance.choice(_OTHERS)
            yield f"{time} - api - {level} - {text.format(call=call, ms=chance.randint(1, 20))}"


def json_entry(line: str) -> str:
    """Write a line as the Space's API gives it, and as the collector puts it into a batch: compact JSON."""
    time, _, level, message = line.split(" - ", 3)
    sent = {"timestamp": time, "level": level, "message": message, "data": None}
    return json.dumps(sent, ensure_ascii=False, separators=(",", ":"))


def gunicorn(line: str) -> str:
    """Write a line as gunicorn's error log has it."""
    time, _, level, message = line.split(" - ", 3)
    return f"[{time} +0000] [7] [{level}] {message}"


def loguru(line: str) -> str:
    """Write a line as loguru does by default."""
    time, logger, level, message = line.split(" - ", 3)
    return f"{time}.000 | {level:<8} | {logger}:predict:42 - {message}"


def blanks(line: str) -> str:
    """Write a line as Python's `logging` does in the format that its documentation shows most: with blanks between."""
    time, logger, level, message = line.split(" - ", 3)
    return f"{time},000 {level} {logger}: {message}"


def docker(line: str) -> str:
    """Write a line as Docker's json-file driver keeps it."""
    sent = {"log": f"{line}\n", "stream": "stderr", "time": f"{line[:10]}T{line[11:19]}.000000000Z"}
    return json.dumps(sent, ensure_ascii=False, separators=(",", ":"))


OTHERS = {"gunicorn": gunicorn, "loguru": loguru, "blanks": blanks, "docker": docker}
"""The same lines in three other layouts, and in an envelope."""


def _call(chance: Random) -> str:
    return f"{chance.getrandbits(32):08x}-{chance.getrandbits(16):04x}"


def _prediction(chance: Random, call: str) -> str:
    bits = chance.getrandbits(len(_FEATURES))
    features = {"AGE": chance.randint(20, 90), "GENDER": chance.randint(0, 1)}
    features |= {name: bits >> place & 1 for place, name in enumerate(_FEATURES)}
    answer, words = chance.choice((("YES", "Prédiction positive"), ("NO", "Prédiction négative")))
    result = {"prediction": answer, "probability": round(chance.random(), 4), "message": words}
    sent, given = json.dumps(features), json.dumps(result, ensure_ascii=False)
    return f"[{call}] POST /predict - 200 - {chance.randint(5, 250)}ms - {sent} - {given}"


def _performance(chance: Random, call: str) -> str:
    slowest = {
        "function": chance.choice(_FUNCTIONS),
        "cumulative_time": round(chance.uniform(0.001, 0.1), 4),
        "calls": chance.randint(1, 50),
    }
    metrics = {
        "transaction_id": call,
        "inference_time_ms": round(chance.uniform(5, 90), 2),
        "cpu_time_ms": round(chance.uniform(5, 80), 2),
        "memory_mb": round(chance.uniform(100, 300), 1),
        "memory_delta_mb": round(chance.uniform(0, 5), 2),
        "function_calls": chance.randint(500, 5000),
        "latency_ms": round(chance.uniform(10, 250), 1),
        "top_functions": [slowest],
    }
    return json.dumps({"performance_metrics": metrics})
