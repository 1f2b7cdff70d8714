"""Predictions: ask the model, measure it, log it."""

import json
import time
import traceback
import uuid
from collections.abc import Callable
from typing import Any

import gradio as gr
from log_service import Line, LogService
from measure import measured
from model import risk

_POSITIVE = 0.5  # the probability from which a patient counts as positive


class Predictions:
    """The endpoints that ask the model. Every call leaves its lines in the log."""

    def __init__(self, log: LogService) -> None:
        self._log = log

    def predict(self, features: dict[str, Any]) -> dict[str, Any]:
        """Predict the risk of lung cancer from the 15 patient features."""
        return self._answer("/predict", features, lambda risk: {"probability": round(risk, 4)})

    def predict_proba(self, features: dict[str, Any]) -> dict[str, Any]:
        """Predict the probabilities of [no lung cancer, lung cancer] from the 15 patient features."""
        return self._answer(
            "/predict_proba", features, lambda risk: {"probabilities": [round(1 - risk, 4), round(risk, 4)]}
        )

    def _answer(self, path: str, features: dict[str, Any], show: Callable[[float], dict[str, Any]]) -> dict[str, Any]:
        call = Call(path, features)
        probability, metrics = self._ask(call)
        positive = probability >= _POSITIVE
        message = f"Prédiction {'positive' if positive else 'négative'}"
        result = {"prediction": int(positive), **show(probability), "message": message}
        self._log.extend(call.lines(result, metrics))
        return result

    def _ask(self, call: "Call") -> tuple[float, dict[str, Any]]:
        try:
            return measured(risk, call.features)
        except ValueError as error:
            self._log.append("ERROR", f"[{call.id}] Erreur de validation : {error}")
            raise gr.Error(f"Erreur de validation : {error}", print_exception=False) from error
        except ArithmeticError as error:
            self._log.append("ERROR", f"[{call.id}] Erreur interne\n{traceback.format_exc().rstrip()}")
            raise gr.Error(f"Erreur interne : {error}", print_exception=False) from error


class Call:
    """One call of an endpoint, from its start on."""

    def __init__(self, path: str, features: dict[str, Any]) -> None:
        self.id = str(uuid.uuid4())
        self.path = path
        self.features = features
        self._started = time.perf_counter()

    def lines(self, result: dict[str, Any], metrics: dict[str, Any]) -> list[Line]:
        """Write the finished call as it stands in the log."""
        ms = round((time.perf_counter() - self._started) * 1000, 2)
        performance = {"transaction_id": self.id, **metrics, "latency_ms": ms}
        return [
            {"message": f"Prédiction effectuée : {result['prediction']}"},
            {"message": _json({"performance_metrics": performance})},
            {"message": self._message(result, ms), "data": self._data(result, ms)},
        ]

    def _message(self, result: dict[str, Any], ms: float) -> str:
        sent, answered = _json(self.features), _json(result)
        what = f"API Call - POST {self.path} - Status: 200 - Time: {ms}ms"
        return f"[{self.id}] {what} - Input: {sent} - Result: {answered}"

    def _data(self, result: dict[str, Any], ms: float) -> dict[str, Any] | None:
        if self.path != "/predict":
            return None  # real Spaces, too, repeat some calls as an object and others not
        return {
            "transaction_id": self.id,
            "method": "POST",
            "path": self.path,
            "status_code": 200,
            "execution_time_ms": ms,
            "input_data": self.features,
            "result": result,
        }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
