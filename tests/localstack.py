"""A real LocalStack for tests, without Docker: installed once into .tools, started on a free port, empty."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.notifications import object_created
from tests.scripts import alone, free_port, install, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_SCRIPT = _ROOT / "infra" / "localstack" / "localstack.sh"
_WAITING = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
_HOME = _ROOT / ".tools" / "localstack"

LAMBDA_PYTHON = _HOME / "functions" / "bin" / "python"


def install_localstack() -> None:
    """Install it; without a Python that it runs on, skip the test."""
    install(_SCRIPT, _HOME)


@contextmanager
def start_localstack() -> Iterator[str]:
    """Run a LocalStack and yield its address; install it first."""
    install_localstack()
    port = free_port()
    run(_SCRIPT, "start-background", _HOME, port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        run(_SCRIPT, "stop", _HOME, port)


def need_npm() -> None:
    """Skip the test where osls cannot be had."""
    if not shutil.which("npm"):
        pytest.skip("npm not found: osls deploys. Install Node.js 20 or newer")


def deploy(url: str, params: str, **settings: str) -> None:
    """Deploy as a user does: `make deploy`, with some params of serverless.yml and variables of the environment."""
    command = ["make", "deploy", "STAGE=local", f"RUNTIME={lambda_runtime()}", f"PARAMS={params}"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", "MFLAGS"))}
    environment = {**inherited, **settings, "AWS_ENDPOINT_URL": url}
    with alone(_ROOT / ".serverless-packages"):
        done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def put_parameter(url: str, name: str, value: str) -> None:
    """Keep a secret in Parameter Store."""
    client = client_of(url, "ssm")
    client.put_parameter(Name=name, Value=value, Type="SecureString")
    client.close()


def client_of(url: str, service: str) -> Any:
    """Open a client as anybody does, with nothing but the endpoint set."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 (LocalStack takes any)
    )


class Stack:
    """What was deployed, by the names that the deployment prints."""

    def __init__(self, url: str) -> None:
        """Look at the stack in a LocalStack."""
        self.url = url
        outputs = self.client("cloudformation").describe_stacks(StackName="trilog-local")["Stacks"][0]["Outputs"]
        found = {each["OutputKey"]: each["OutputValue"] for each in outputs}
        self.bucket, self.queue = found["BatchesBucketName"], found["QueueUrl"]
        self.dead_letters, self.ingest = found["DeadLetterQueueUrl"], found["IngestUrl"]
        self.s3, self.sqs, self.logs = self.client("s3"), self.client("sqs"), self.client("logs")

    def client(self, service: str) -> Any:
        """Open a client as anybody does, with nothing but the endpoint set."""
        return client_of(self.url, service)

    def notification(self, key: str) -> str:
        """Say that an object was put, as S3 does."""
        return json.dumps(object_created(self.bucket, key))

    def waiting(self, queue: str) -> int:
        """Count a queue's messages: those that wait, are under way, or will wait."""
        found = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=_WAITING)["Attributes"]
        return sum(int(found[name]) for name in _WAITING)

    def printed(self, function: str) -> Iterator[dict[str, Any]]:
        """Yield all the lines that a function's log has, as CloudWatch gives them."""
        pages = self.logs.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=f"/aws/lambda/trilog-local-{function}"):
            yield from page["events"]

    def said(self, function: str) -> list[dict[str, Any]]:
        """Return what a function logged in JSON."""
        lines = [event["message"] for event in self.printed(function)]
        return [json.loads(line) for line in lines if line.startswith("{")]


def lambda_runtime() -> str:
    """Name the runtime that functions have to be packaged for, such as python3.13."""
    command = [LAMBDA_PYTHON, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
