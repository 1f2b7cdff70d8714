"""An MLflow client that logs a run and asks for a model that there is not."""

import logging
import os

os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///mlflow.db"
import mlflow

mlflow.set_experiment("scoring")
with mlflow.start_run():
    mlflow.log_metric("auc", 0.81)
try:
    mlflow.pyfunc.load_model("models:/scoring/1")
except mlflow.MlflowException:
    logging.getLogger("mlflow").exception("model not loaded")
