"""Each function's role allows exactly what its code asks of AWS: requests are recorded and compared with the role."""

from __future__ import annotations

import json
import re
import threading
from fnmatch import fnmatchcase
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from functions.collector.collect import Collection, CollectorOptions
from functions.drift.scheduled import run_scheduled
from functions.indexer import handler as indexer
from functions.indexer.marks import Mark
from functions.indexer.resumption import Resumption
from functions.local import LogsPipeline
from functions.pipeline.sources.file import FileSource
from functions.pipeline.store import Store
from tests.drift.predictions import features, results, write_log, write_table
from tests.fakes import LambdaContext
from tests.ingest import opened, sent
from tests.receivers import web
from tests.unit.test_serverless import CHOSEN, WITH_DRIFT, Package, Template, granted, package, service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["package", "service"]  # fixtures

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
BUCKET, KEY = "batches", "raw/api logs/2025-01-20.log"
# Resources with a pattern in them, and why it is not narrower.
PATTERNS = {
    "${BatchesBucket.Arn}/cursors/*": "a source's name is known only when it is read",
    "${BatchesBucket.Arn}/progress/*": "so is an object's, of which a hash is in it",
    "${BatchesBucket.Arn}/versions/*": "and here",
    "${BatchesBucket.Arn}/raw/*": "so is a batch's, which has its time in it",
    "${BatchesBucket.Arn}/raw/ingest/*": "a pushed batch's has a hash in it",
    "${BatchesBucket.Arn}/uploads/*": "strangers name their objects (a param)",
    "${BatchesBucket.Arn}/drift/*": "users name their configurations and training sets",
    "${BatchesBucket.Arn}/reports/*": "a report has its day in it",
    "secret:trilog/api-key-??????": "Secrets Manager adds six characters of its own to a name",
}
# What is granted and not asked for by a request of its own.
NOT_REQUESTED = {"s3:ListBucket": "with it S3 answers 404 of a missing object; without, 403, as of a forbidden one"}
# What AWS asks in the role's name: Lambda writes what a function prints, and takes messages for it.
BY_LAMBDA = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
}


# Opened by a user's own commands, with a user's own rights.
BY_USERS = {"functions/pipeline/queue.py"}
Statement = tuple[list[str], list[Any]]


class Asked(NamedTuple):
    """A request to S3, as a policy sees it."""

    action: str
    resource: str


def asked(method: str, path: str, query: str, body: str) -> Asked:
    """Name the permission that a request needs."""
    _, _, key = path.lstrip("/").partition("/")
    if query == "delete":
        (deleted,) = re.findall("<Key>(.*?)</Key>", body)
        return Asked("s3:DeleteObject", f"${{BatchesBucket.Arn}}/{deleted}")
    if not key:
        assert method == "GET", f"{method} of the bucket"
        return Asked("s3:ListBucket", "${BatchesBucket.Arn}")
    actions = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "POST": "s3:PutObject"}
    assert not query.startswith(("acl", "tagging")), query
    return Asked(actions.get(method, f"s3:{method}"), f"${{BatchesBucket.Arn}}/{key}")


@pytest.fixture
def recorded(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Asked]]:
    """Run an S3 that remembers what it is asked; it holds what the local AWS holds."""
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=aws)
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key=KEY, Body=(EVENTS / "store" / KEY).read_bytes())
    write_table(tmp_path / "training.csv", features(50, 1))
    client.upload_file(str(tmp_path / "training.csv"), BUCKET, "drift/training.csv")
    client.put_object(Bucket=BUCKET, Key="drift/config.yaml", Body=b"reference: drift/training.csv\nminimum_rows: 20\n")
    of_batches = b"reference: drift/training.csv\nfrom: batches\n"
    client.put_object(Bucket=BUCKET, Key="drift/of-batches.yaml", Body=of_batches)
    client.close()
    requests: list[Asked] = []
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        method, path, query = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]
        requests.append(asked(method, path, query, body.decode("latin-1")))
        return moto(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield requests
    server.shutdown()
    thread.join()
    server.server_close()


def collect(folder: Path) -> None:
    """Collect twice: the second time there is a cursor."""
    log = folder / "api.log"
    for number in range(2):
        with log.open("a") as file:
            file.write(f"2025-01-20 10:30:0{number} - api - INFO - x\n")
        store = Store(f"s3://{BUCKET}")
        assert len(list(Collection(FileSource(str(log)), store, CollectorOptions()).batches())) == 1


def index(folder: Path) -> None:
    """Index an object that is there, and one that is not; go on with one, stop, go on again, and finish it."""
    event = json.loads((EVENTS / "sqs-s3.json").read_text())
    gone = json.dumps(event).replace("2025-01-20.log", "gone.log")
    with pytest.MonkeyPatch.context() as process:
        process.setenv("PIPELINE_DATA", str(folder))
        process.setenv("PIPELINE_REPLACED", "delete")
        for each in (event, json.loads(gone), event):
            indexer.handler(each, LambdaContext())
        indexer.indexer().close()
        indexer.indexer.cache_clear()
    store = Store(f"s3://{BUCKET}")
    for finished in (False, True):
        resumption = Resumption(store, "index/0123456789abcdef", again=True)
        assert resumption.begin(store.get(KEY)).done == finished
        resumption.stop(Mark(done=1 + finished))
    resumption.finish()


def push(folder: Path) -> None:
    """Push a batch twice, under a name of its sender's."""
    ingest = opened(folder, PIPELINE_STORE=f"s3://{BUCKET}")
    assert [sent(ingest, b"a", "text/plain", Idempotency_Key="a").status for _ in range(2)] == [202, 202]


def compare(folder: Path) -> None:
    """Compare predictions of an index, then of batches, with a training set in the bucket; tell Slack of drift."""
    write_log(folder / "api.log", features(30, 3, AGE=9), results(30, 2))
    with pytest.MonkeyPatch.context() as process, web() as slack:
        process.setenv("PIPELINE_DATA", str(folder))
        LogsPipeline(place=str(folder / "api.log")).run_once()
        process.setenv("PIPELINE_STORE", f"s3://{BUCKET}")
        process.setenv("DRIFT_CONFIG", "drift/config.yaml")
        process.setenv("ALERT_SLACK_URL", f"{slack.address}/slack")
        assert run_scheduled()["drifted"] == ["AGE"]
        process.setenv("DRIFT_CONFIG", "drift/of-batches.yaml")
        assert run_scheduled()["rows"]["current"] == 1
        assert [each["attachments"][0]["color"] for each in slack.at("/slack")] == ["warning", "good"]


def allows(role: list[Statement], request: Asked) -> bool:
    return any(
        request.action in actions and any(fnmatchcase(request.resource, name(each)) for each in resources)
        for actions, resources in role
    )


def name(resource: Any) -> str:
    """Write a resource as text, whatever CloudFormation makes it of."""
    match resource:
        case {"Fn::Sub": text}:
            return text
        case {"Fn::GetAtt": [thing, "Arn"]}:
            return f"${{{thing}.Arn}}"
    return resource


ROLES = {"CollectorRole": collect, "IndexerRole": index, "IngestRole": push, "DriftRole": compare}


@pytest.mark.parametrize(("role", "run"), ROLES.items())
def test_a_role_allows_exactly_what_its_function_asks_for(
    role: str, run: Callable[[Path], None], package: Package, recorded: list[Asked], tmp_path: Path
):
    run(tmp_path)
    statements = granted(package("prod", WITH_DRIFT), role)
    assert recorded
    assert [each for each in recorded if not allows(statements, each)] == []
    granted_on_s3 = {
        (action, name(resource))
        for actions, resources in statements
        for action in actions
        for resource in resources
        if action not in BY_LAMBDA | set(NOT_REQUESTED)
    }
    unused = {
        (action, pattern)
        for action, pattern in granted_on_s3
        if not any(action == each.action and fnmatchcase(each.resource, pattern) for each in recorded)
    }
    assert unused == set()


def test_every_pattern_in_a_role_has_its_reason(package: Package):
    for template in (package("prod", WITH_DRIFT), package("prod", CHOSEN | WITH_DRIFT)):
        for role in ROLES:
            for actions, resources in granted(template, role):
                assert not any("*" in each or "?" in each for each in actions)
                patterns = [name(each) for each in resources if "*" in name(each) or "?" in name(each)]
                assert all(any(each.endswith(known) for known in PATTERNS) for each in patterns)


def test_no_policy_but_the_roles_allows_anything_but_the_buckets_news(package: Package):
    """What others may do: the bucket's policy only denies, and the queue's lets the bucket send."""
    template: Template = package("prod")
    policies = [each for each in template["Resources"].values() if each["Type"].endswith("Policy")]
    assert {each["Type"] for each in policies} == {"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"}
    statements = [each for policy in policies for each in policy["Properties"]["PolicyDocument"]["Statement"]]
    assert [each["Action"] for each in statements if each["Effect"] == "Allow"] == ["sqs:SendMessage"]


def test_the_code_asks_aws_for_nothing_else():
    """The store speaks to S3; what else there is of AWS is opened by boto3, and only here."""
    opened = {
        str(path.relative_to(ROOT)): re.findall(r"client\.((?!close)[a-z_]+)\(", path.read_text())
        for path in (ROOT / "functions").rglob("*.py")
        if "import boto3" in path.read_text()
    }
    assert opened.pop("functions/pipeline/secrets.py") == ["get_parameter", "get_secret_value"]
    assert opened.pop("functions/pipeline/odd_keys.py") == ["get_object", "get_paginator"]  # of ListBucket
    assert set(opened) <= BY_USERS
