"""A secret that is replaced while a container goes on: the collector; the fault suite has the indexer."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from functions.collector import run
from functions.collector.handler import handler
from functions.pipeline import secrets
from functions.pipeline.errors import Unauthorized
from functions.pipeline.sources.gradio_options import GradioOptions
from tests.fakes import LambdaContext
from tests.space import start_space

TOKEN = "hf_s3cr3tT0k3n"  # noqa: S105 (opens a Space of these tests only)
NAME = "/trilog/replaced"


@pytest.fixture
def ssm(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A parameter whose old value this container has read, and a private Space that takes another."""
    client = boto3.client("ssm", region_name="us-east-1", endpoint_url=aws)
    client.put_parameter(Name=NAME, Value="hf_0ldT0k3n", Type="SecureString")
    monkeypatch.setattr(run, "renewal", secrets.Renewal())
    monkeypatch.setenv("HF_TOKEN", f"ssm:{NAME}")
    monkeypatch.setenv("PIPELINE_STORE", "memory://")
    secrets.forget()
    secrets.resolved({"HF_TOKEN": f"ssm:{NAME}", "AWS_REGION": "us-east-1"}, [GradioOptions])
    with start_space("--private", TOKEN) as space:
        monkeypatch.setenv("GRADIO_URL", space.url)
        yield client
    client.close()
    secrets.forget()


def test_a_token_that_was_replaced_is_read_again(ssm: Any):
    with pytest.raises(Unauthorized):
        handler({}, LambdaContext())  # the secret was read again, and is still the old one
    ssm.put_parameter(Name=NAME, Value=TOKEN, Type="SecureString", Overwrite=True)
    with pytest.raises(Unauthorized):
        handler({}, LambdaContext())  # it was read less than a minute ago
    run.renewal = secrets.Renewal()
    assert handler({}, LambdaContext())["lines"] > 0
