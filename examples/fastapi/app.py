"""A scoring API that has metrics of its own, and writes a line for each call; README.md says how it is run.

With `SCORING_FAULTS=1` in its environment, those who ask may have it be slow, or fail, to try alerts with:
`/predict?seconds=2.5` and `/predict?fail=true`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import sys
import time
import uuid
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, FastAPI, Request
from metrics_collector import add_metrics
from pydantic import Field, create_model

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Response

WEIGHTS = {  # of a logistic score, made up for the example
    "AGE": 0.045,
    "GENDER": 0.3,
    "SMOKING": 0.7,
    "YELLOW_FINGERS": 0.5,
    "ANXIETY": 0.3,
    "PEER_PRESSURE": 0.4,
    "CHRONIC_DISEASE": 0.8,
    "FATIGUE": 0.6,
    "ALLERGY": 0.6,
    "WHEEZING": 0.5,
    "ALCOHOL": 0.5,
    "COUGHING": 0.7,
    "SHORTNESS_OF_BREATH": 0.4,
    "SWALLOWING_DIFFICULTY": 0.8,
    "CHEST_PAIN": 0.5,
}
INTERCEPT = -7.0
Patient = create_model("Patient", **{name: (float, Field(ge=0, le=120 if name == "AGE" else 1)) for name in WEIGHTS})

logging.basicConfig(stream=sys.stdout, format="%(asctime)s - api - %(levelname)s - %(message)s", level=logging.INFO)
log = logging.getLogger("api")
app = FastAPI(title="Scoring")
add_metrics(app, service="scoring")


@app.middleware("http")
async def say(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Write a line for each call, with what was given and answered where the endpoint says so."""
    begun = time.perf_counter()
    answer = await call_next(request)
    spent = (time.perf_counter() - begun) * 1000
    call = f"{request.method} {request.url.path} - Status: {answer.status_code} - Time: {spent:.2f}ms"
    said = "".join(f" - {name}: {json.dumps(value)}" for name, value in getattr(request.state, "said", {}).items())
    log.info("[%s] API Call - %s%s", uuid.uuid4(), call, said)
    return answer


async def faults(seconds: Annotated[float, Field(ge=0, le=60)] = 0, fail: bool = False) -> None:  # noqa: FBT001, FBT002
    """Be slow, or fail, if that may be asked for."""
    if os.environ.get("SCORING_FAULTS") == "1":
        await asyncio.sleep(seconds)
        if fail:
            raise RuntimeError("asked to fail")


@app.post("/predict", dependencies=[Depends(faults)])
async def predict(patient: Patient, request: Request) -> dict[str, float | int]:
    """Return the probability of the disease, 0 to 1, and the prediction at 0.5."""
    given = patient.model_dump()
    odds = INTERCEPT + sum(WEIGHTS[name] * value for name, value in given.items())
    probability = 1 / (1 + math.exp(-odds))
    result = {"prediction": int(probability >= 0.5), "probability": round(probability, 4)}  # noqa: PLR2004
    request.state.said = {"Input": given, "Result": result}
    return result


@app.get("/models/{name}")
async def model(name: str) -> dict[str, object]:
    """Return a model's weights."""
    return {"name": name, "weights": WEIGHTS}


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that the API is up."""
    return {"status": "ok"}
