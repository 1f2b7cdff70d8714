"""A FastAPI service: a prediction, a page that is not there, and an error."""

from fastapi import FastAPI

app = FastAPI()


@app.post("/predict")
async def predict() -> dict:
    return {"prediction": "YES", "probability": 0.81}


@app.get("/fail")
async def fail() -> dict:
    raise RuntimeError("model not loaded")
