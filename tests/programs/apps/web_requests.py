"""A FastAPI service that writes a line for each call itself, beside uvicorn's access lines: `PORT before|after`.

`before`: by a middleware of FastAPI, before uvicorn writes its line; `after`: by one of ASGI, once the answer was sent.
"""

import asyncio
import logging
import sys
import time
import uuid

import uvicorn
from fastapi import FastAPI, HTTPException, Request

logging.basicConfig(format="%(asctime)s - api - %(levelname)s - %(message)s", level=logging.INFO)
app = FastAPI()


@app.post("/predict")
async def predict(request: Request) -> dict:
    await asyncio.sleep(float(request.query_params.get("seconds", 0)))
    return {"prediction": 1, "probability": 0.81}


@app.get("/users/{number}")
async def user(number: int) -> dict:
    if number % 7 == 0:
        raise HTTPException(404)
    return {"number": number}


@app.get("/health")
async def health() -> dict:
    return {}


@app.get("/fail")
async def fail() -> dict:
    raise RuntimeError("model not loaded")


def told(method: str, path: str, status: int, begun: float) -> None:
    if path != "/health":  # as services do
        spent = (time.perf_counter() - begun) * 1000
        logging.info("[%s] API Call - %s %s - Status: %d - Time: %.2fms", uuid.uuid4(), method, path, status, spent)


async def before(request: Request, call_next):
    begun = time.perf_counter()
    answer = await call_next(request)
    told(request.method, request.url.path, answer.status_code, begun)
    return answer


class After:
    """A middleware of ASGI."""

    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        begun, statuses = time.perf_counter(), []

        async def sent(message):
            statuses.append(message.get("status"))
            await send(message)

        await self.inner(scope, receive, sent)
        if scope["type"] == "http":
            told(scope["method"], scope["path"], statuses[0], begun)


if __name__ == "__main__":
    if sys.argv[2] == "before":
        app.middleware("http")(before)
    else:
        app.add_middleware(After)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]))
