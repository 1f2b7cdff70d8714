"""What clouds deliver and export logs as."""

from __future__ import annotations

from tests.programs.corpus import Record, Sample, epoch, stamp
from tests.programs.install import pip

_RAISED = ["Traceback (most recent call last):", "RuntimeError: model not loaded"]
_GOOGLE = (
    {"@timestamp": stamp("timestamp"), "level": "DEBUG", "message": "loading model from model.joblib"},
    {
        "@timestamp": "2026-11-26T14:40:01.123Z",
        "level": "ERROR",
        "logger": "scoring.api",
        "message": "request 7f3b failed",
    },
    {
        "@timestamp": stamp("timestamp"),
        "level": "INFO",
        "message": "request completed",
        "transaction_id": "7f3a",
        "http_method": "POST",
        "http_path": "/predict",
        "status_code": 200,
        "execution_time_ms": 12.5,
    },
    {"@timestamp": stamp("timestamp"), "level": "ERROR", "message_begins": _RAISED[0], "message_has": _RAISED[1:]},
    {"@timestamp": stamp("timestamp"), "level": "CRITICAL", "message": "out of memory"},
)


def _cloudwatch(plain: Record) -> tuple[Record, ...]:
    """List what apps/cloudwatch.py sends: the event's time counts where the line tells none."""
    logger = {"logger": "scoring.api"}
    return (
        logger | {"@timestamp": "2026-11-26T14:40:01.123Z", "level": "INFO", "message": "2 rows scored in 12.5 ms"},
        {"message": "plain text without a time"} | plain,
        logger
        | {
            "@timestamp": "2026-11-26T14:40:02.456Z",
            "level": "ERROR",
            "message_begins": "request 7f3b failed",
            "message_has": _RAISED,
        },
    )


def _sample(how: str, plain: Record) -> Sample:
    region = ("AWS_DEFAULT_REGION", "us-east-1")
    keys = (("AWS_ACCESS_KEY_ID", "sample"), ("AWS_SECRET_ACCESS_KEY", "sample"))
    return Sample(
        f"cloudwatch-{how}",
        "CloudWatch Logs, as moto has it",
        pip("moto[logs,firehose,s3]==5.2.5", "boto3==1.44.5"),
        ("python", "cloudwatch.py", how),
        _cloudwatch(plain),
        file="object",
        env=(region, *keys),
    )


WRITTEN = (
    Sample(
        "google-log-entries",
        "google-cloud-logging",
        pip("google-cloud-logging==3.17.0"),
        ("python", "google_entries.py"),
        _GOOGLE,
    ),
    _sample("subscription", {"@timestamp": epoch(r'"timestamp":(\d+),"message":"plain', 1000)}),
    _sample("export", {"@timestamp": stamp()}),
)
