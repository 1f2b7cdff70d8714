"""Writes log entries as Google Cloud Logging exports them, by its client's own encoder."""

import json
import sys
from datetime import UTC, datetime

from google.cloud.logging_v2 import Resource
from google.cloud.logging_v2.entries import StructEntry, TextEntry

common = {
    "log_name": "projects/trilog-samples/logs/run.googleapis.com%2Fstderr",
    "resource": Resource(type="cloud_run_revision", labels={"service_name": "scoring", "location": "europe-west1"}),
}
entries = [
    TextEntry(payload="loading model from model.joblib", severity="DEBUG", **common),
    TextEntry(
        payload="2026-11-26 14:40:01,123 - scoring.api - ERROR - request 7f3b failed",
        severity="DEFAULT",
        trace="projects/trilog-samples/traces/5b8efff798038103d269b633813fc60c",
        **common,
    ),
    StructEntry(
        payload={"message": "request completed", "request_id": "7f3a"},
        severity="NOTICE",
        http_request={
            "requestMethod": "POST",
            "requestUrl": "https://scoring.example/predict?x=1",
            "status": 200,
            "latency": "0.0125s",
        },
        **common,
    ),
    TextEntry(
        payload='Traceback (most recent call last):\n  File "app.py", line 1\nRuntimeError: model not loaded',
        severity="ERROR",
        **common,
    ),
    TextEntry(payload="out of memory", severity="ALERT", **common),
]
for number, entry in enumerate(entries):
    written = entry._replace(insert_id=f"insert-{number}", timestamp=datetime.now(UTC)).to_api_repr()
    sys.stdout.write(json.dumps(written) + "\n")
