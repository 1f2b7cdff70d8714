"""Vector: the line in `message`, and in `source_type` the source that it came by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, line_of, without
from functions.pipeline.levels import level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_SOURCES = (
    *("amqp", "aws_kinesis_firehose", "aws_s3", "aws_sqs", "datadog_agent", "demo_logs", "docker_logs", "exec", "file"),
    *("file_descriptor", "fluent", "gcp_pubsub", "heroku_logs", "http_client", "http_server", "journald", "kafka"),
    *("kubernetes_logs", "logstash", "mqtt", "nats", "okta", "opentelemetry", "pulsar", "redis", "socket"),
    *("splunk_hec", "stdin", "syslog", "vector", "websocket"),
)
_OWN = ("message", "timestamp", "severity", "PRIORITY")
_STREAM = ("file", "stream", "container_id", "host", "appname", "procid")


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    line = line_of(sent["message"])
    if line is None or sent["source_type"] not in _SOURCES or "level" in sent:  # which transforms have taken out of it
        return None
    stream = " ".join((*(str(sent.get(name, "")) for name in _STREAM), _pod(sent.get("kubernetes"))))
    time = clock.read(str(sent.get("timestamp", "")))
    return [Carried(line, time, without(sent, _OWN), stream, level=level(str(sent.get("severity", ""))))]


def _pod(kubernetes: object) -> str:
    return str(kubernetes.get("pod_uid") or kubernetes.get("pod_name")) if isinstance(kubernetes, dict) else ""


ENVELOPE = Envelope(
    name="vector",
    description="Vector",
    source="https://vector.dev/docs/reference/configuration/sources/file/#output-data",
    members=("source_type", "message"),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"file":"/var/log/a.log","host":"api-1","message":"INFO:     a","source_type":"file",'
                b'"timestamp":"2025-01-20T11:00:00.123Z"}'
            ),
            (b"INFO:     a",),
        ),
        (
            (
                b'{"file":"/var/log/pods/ml_api-1_7b1d/api/0.log","kubernetes":{"pod_name":"api-1","pod_namespace":"ml",'
                b'"container_name":"api"},"message":"INFO:     a","source_type":"kubernetes_logs","stream":"stderr",'
                b'"timestamp":"2025-01-20T11:00:00.123Z"}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
