"""What only some users need is installed by extras of the package: `pip install 'trilog[aws]'`."""

from __future__ import annotations

from functions.pipeline.errors import ConfigError

EXTRAS = {
    "boto3": "aws",
    "botocore": "aws",
    "functions_framework": "gcp",
    "elasticsearch": "elasticsearch",
    "elastic_transport": "elasticsearch",
    "gradio_client": "gradio",
    "huggingface_hub": "gradio",
    "redis": "redis",
    "confluent_kafka": "kafka",
    "prometheus_client": "metrics",
    "google": "traces",  # protobuf, which has no module of its own
    "numpy": "drift",
    "scipy": "drift",
    "yaml": "drift",
    "xlsxwriter": "excel",
    "watchfiles": "watch",
}
"""The extra that brings a library, by the name that it is imported by."""


def not_installed(module: str) -> ConfigError:
    """Say that a library is lacking, and how it is installed.

    Args:
        module: what could not be imported, `opentelemetry.proto` say.
    """
    name = module.partition(".")[0]
    extra = EXTRAS.get(name, _opentelemetry(module) if name == "opentelemetry" else None)
    command = f"pip install 'trilog[{extra}]'" if extra else "pip install trilog"
    return ConfigError("{names} not installed. Run: {command}", names=name, command=command)


def _opentelemetry(module: str) -> str:
    return "traces" if module.startswith("opentelemetry.proto") else "tracing"
