"""A WSGI service: a prediction, a warning, a page that is not there, and an error."""

import logging
import os

from flask import Flask, jsonify

app = Flask("scoring")


@app.post("/predict")
def predict():
    app.logger.warning("feature AGE is missing")
    return jsonify(prediction="YES", probability=0.81)


@app.get("/fail")
def fail():
    raise RuntimeError("model not loaded")


if __name__ == "__main__":
    logging.getLogger("werkzeug")
    app.run(port=int(os.environ["PORT"]))
