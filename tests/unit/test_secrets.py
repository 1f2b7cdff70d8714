"""Secrets stay out of the environment: it only refers to them."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from functions.pipeline.errors import ConfigError, TransientError
from functions.pipeline.secrets import resolved
from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions
from functions.pipeline.sources.gradio_options import GradioOptions

CLASSES = (GradioOptions, ElasticsearchOptions)
REGION = {"AWS_REGION": "us-east-1"}


@pytest.fixture
def ssm(aws: str) -> Iterator[Any]:
    client = boto3.client("ssm", region_name="us-east-1", endpoint_url=aws)
    yield client
    client.close()


@pytest.fixture
def secretsmanager(aws: str) -> Iterator[Any]:
    client = boto3.client("secretsmanager", region_name="us-east-1", endpoint_url=aws)
    yield client
    client.close()


def token(reference: str) -> str | None:
    return resolved({"HF_TOKEN": reference, **REGION}, CLASSES).get("HF_TOKEN")


def test_a_parameter_is_decrypted(ssm: Any):
    ssm.put_parameter(Name="/trilog/hf-token", Value="hf_secret", Type="SecureString")
    assert token("ssm:/trilog/hf-token") == "hf_secret"


def test_a_secret_is_found_by_name_and_by_arn(secretsmanager: Any):
    arn = secretsmanager.create_secret(Name="trilog-key", SecretString="c2VjcmV0")["ARN"]
    references = {
        "ELASTICSEARCH_API_KEY": "secretsmanager:trilog-key",
        "ELASTICSEARCH_PASSWORD": f"secretsmanager:{arn}",
    }
    values = resolved({**references, **REGION}, CLASSES)
    assert [values[name] for name in references] == ["c2VjcmV0", "c2VjcmV0"]


def test_a_secret_is_asked_for_once(ssm: Any):
    ssm.put_parameter(Name="/trilog/once", Value="first", Type="SecureString")
    assert token("ssm:/trilog/once") == "first"
    ssm.put_parameter(Name="/trilog/once", Value="second", Type="SecureString", Overwrite=True)
    assert token("ssm:/trilog/once") == "first"


def test_only_secrets_are_looked_up():
    values = {"ELASTICSEARCH_USER": "ssm:/trilog/nothing", "HF_TOKEN": "hf_plain", "OTHER": "ssm:x"}
    assert resolved(values, CLASSES) == values


def test_every_reference_that_leads_nowhere_is_named(secretsmanager: Any):
    secretsmanager.create_secret(Name="trilog-binary", SecretBinary=b"\x00\x01")
    references = {
        "HF_TOKEN": "ssm:/trilog/none",
        "ELASTICSEARCH_API_KEY": "secretsmanager:trilog-none",
        "ELASTICSEARCH_PASSWORD": "secretsmanager:trilog-binary",
    }
    with pytest.raises(ConfigError) as error:
        resolved({**references, **REGION}, CLASSES)
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    for name, reference in references.items():
        assert any(line.startswith(f"{name}: {reference} cannot be read") for line in lines)


def test_without_a_region_that_is_what_is_said(aws: str, monkeypatch: pytest.MonkeyPatch):  # noqa: ARG001
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(ConfigError, match=r"HF_TOKEN: ssm:/trilog/x cannot be read: .*region"):
        resolved({"HF_TOKEN": "ssm:/trilog/x"}, CLASSES)


def test_a_service_that_is_down_is_tried_again_later(aws: str, monkeypatch: pytest.MonkeyPatch):  # noqa: ARG001
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(TransientError, match="HF_TOKEN: ssm:/trilog/down: no answer"):
        resolved({"HF_TOKEN": "ssm:/trilog/down", **REGION}, CLASSES)
