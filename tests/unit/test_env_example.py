"""`.env.example` names every variable that the code reads, with its default."""

import re
from pathlib import Path

from functions.cli.language import LanguageOptions
from functions.local import ALL_OPTIONS
from functions.pipeline.callers import CallerOptions
from functions.pipeline.config import environment, load, variables

EXAMPLE = Path(__file__).parents[2] / ".env.example"
CLASSES = (*ALL_OPTIONS, LanguageOptions, CallerOptions)
SHOWN = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


def test_the_example_names_every_variable_and_no_other():
    assert set(SHOWN) == {variable.name for variable in variables(CLASSES)}


def test_the_example_shows_the_defaults():
    assert {variable.name: SHOWN[variable.name] for variable in variables(CLASSES) if variable.default} == {
        variable.name: variable.default for variable in variables(CLASSES) if variable.default
    }


def test_a_secret_has_no_value():
    assert all(
        not SHOWN[each]
        for each in (
            "HF_TOKEN",
            "GRADIO_AUTH",
            "REDIS_PASSWORD",
            "KAFKA_SASL_PASSWORD",
            "KAFKA_SSL_KEY_PASSWORD",
            "ELASTICSEARCH_API_KEY",
            "ELASTICSEARCH_PASSWORD",
            "LOKI_PASSWORD",
            "LOKI_BEARER_TOKEN",
            "OTEL_EXPORTER_OTLP_HEADERS",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "PIPELINE_HTTP_TOKEN",
            "PIPELINE_INGEST_TOKENS",
            "PIPELINE_REDACT_KEY",
            "ALERT_SLACK_URL",
            "ALERT_SMTP_PASSWORD",
        )
    )


def test_what_the_example_shows_is_accepted(tmp_path: Path):
    certificate = tmp_path / "ca.pem"
    certificate.touch()
    text = EXAMPLE.read_text().replace("/path/to/ca.pem", str(certificate))
    (tmp_path / ".env").write_text(re.sub(r"^# ([A-Z_]+=)", r"\1", text, flags=re.MULTILINE))
    assert load(environment(tmp_path / ".env"), *CLASSES)
