"""What serverless.yml asks AWS for: read from the CloudFormation template that `osls package` makes of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from functions.collector.collect import CollectorOptions
from functions.ingest.ingest import IngestOptions
from functions.pipeline.config import variables
from functions.pipeline.wiring import all_options

ROOT = Path(__file__).parents[2]
STAGES = ["local", "dev", "prod"]
SPACE, ELASTICSEARCH = "https://space.example", "https://elasticsearch.example:9243"
LOKI, OTLP = "https://loki.example", "https://otlp.example:4318"
# Packaging must not speak to anybody: neither to AWS nor home.
OFFLINE = """require("net").Socket.prototype.connect = () => { throw new Error("packaging connects to something") }"""

Template = dict[str, Any]
Package = Callable[..., Template]


def need_osls() -> None:
    """Install osls as the user does; without npm, skip the test."""
    if shutil.which("npm") is None:
        pytest.skip("npm not found: osls packages. Install Node.js 20 or newer")
    done = subprocess.run(["make", "node_modules"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what osls reads, with empty packages: without a .env, or anything else of this machine's."""
    need_osls()
    folder = tmp_path_factory.mktemp("service")
    shutil.copy(ROOT / "serverless.yml", folder)
    shutil.copytree(ROOT / "infra" / "aws", folder / "infra" / "aws")
    for architecture in ("arm64", "x86_64"):
        packages = folder / ".serverless-packages" / f"python3.13-{architecture}"
        packages.mkdir(parents=True)
        for function in ("collector", "indexer", "ingest", "traces"):
            (packages / f"{function}.zip").write_bytes(b"")
    (folder / "offline.js").write_text(OFFLINE)
    return folder


def osls(
    service: Path, stage: str, params: dict[str, object], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `osls package` without credentials, a home or a network."""
    given = [f"--param={name}={value}" for name, value in params.items()]
    return subprocess.run(
        [ROOT / "node_modules" / ".bin" / "osls", "package", "--stage", stage, *given],
        cwd=service,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(service),
            "NODE_OPTIONS": f"--require {service}/offline.js",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def package(service: Path) -> Package:
    """Package a stage, with params and with variables of the shell; each combination once."""
    made: dict[str, Template] = {}

    def template(stage: str, params: dict[str, object] | None = None, **environment: str) -> Template:
        key = repr((stage, params, environment))
        if key not in made:
            shell = {"GRADIO_URL": SPACE, "ELASTICSEARCH_URL": ELASTICSEARCH, **environment}
            done = osls(service, stage, params or {}, shell)
            assert done.returncode == 0, done.stdout
            made[key] = json.loads((service / ".serverless/cloudformation-template-update-stack.json").read_text())
        return made[key]

    return template


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """Each stage in turn."""
    return request.param


@pytest.fixture
def template(package: Package, stage: str) -> Template:
    """Each stage's template, with the params that serverless.yml has."""
    return package(stage)


CHOSEN: dict[str, object] = {
    "hf-token": "ssm:/trilog/hf-token",
    "gradio-auth": "ssm:/trilog/gradio-auth",
    "redis-password": "ssm:/trilog/redis-password",
    "elasticsearch-api-key": "secretsmanager:trilog/api-key",
    "kms-key": "arn:aws:kms:eu-west-3:123456789012:key/0f6b2c3e-1c1f-4a55-9d3e-000000000000",
    "prefixes": "raw/,uploads/",
    "keep-batches-days": 7,
    "keep-logs-days": 14,
    "collector-minutes": 10,
    "collector-memory": 300,
    "collector-timeout": 45,
    "ingest-tokens": "ssm:/trilog/ingest",
    "ingest-memory": 300,
    "ingest-timeout": 20,
    "ingest-concurrency": 3,
    "indexer-memory": 400,
    "indexer-timeout": 70,
    "indexer-batch-size": 4,
    "indexer-concurrency": 3,
    "max-receives": 6,
    "oldest-message-seconds": 120,
    "alarm-topic": "arn:aws:sns:eu-west-3:123456789012:alarms",
    "snapstart": "true",
}

WITH_LOKI: dict[str, object] = {**CHOSEN, "loki-url": LOKI, "loki-bearer-token": "ssm:/trilog/loki"}
WITH_TRACES: dict[str, object] = {**CHOSEN, "otlp-endpoint": OTLP, "otlp-headers": "ssm:/trilog/traces"}
IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/trilog-drift@sha256:{'0' * 64}"
WITH_DRIFT: dict[str, object] = {"drift-image": IMAGE}
ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:url-a1b2c3"
URL_BY_REFERENCE: dict[str, object] = {"elasticsearch-url": f"secretsmanager:{ARN}"}
EMBEDDED = {
    "PIPELINE_DATA",
    "PIPELINE_CONFIG",
    "ELASTICSEARCH_HOST",
    "ELASTICSEARCH_PORT",
    "ELASTICSEARCH_CA_CERT",
    "PIPELINE_INGEST_CONCURRENCY",  # on AWS, each container has one request at once
}
SET_BY_PARAMS = {"PIPELINE_STORE", "GRADIO_URL", "ELASTICSEARCH_URL", "LOKI_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"}
SET_BY_FUNCTION = {"PIPELINE_SINK", "PIPELINE_TRACING"}
VARIABLES = [
    each
    for each in variables([*all_options(), CollectorOptions, IngestOptions])
    if not each.name.startswith("KAFKA_")  # on AWS, a topic invokes a function of its own
]
PLAIN = {each.name for each in VARIABLES if not each.secret} - EMBEDDED - SET_BY_PARAMS - SET_BY_FUNCTION
SECRET = {each.name for each in VARIABLES if each.secret} - EMBEDDED - SET_BY_PARAMS
SHELL = dict.fromkeys(PLAIN, "7") | dict.fromkeys(SECRET, "plain-secret")


@pytest.fixture
def chosen(package: Package) -> Template:
    """A template for which everything was chosen that can be."""
    return package("prod", CHOSEN)


def properties(template: Template, name: str) -> dict[str, Any]:
    return template["Resources"][name]["Properties"]


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    found = {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}
    assert found
    return found


def get(name: str, attribute: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def granted(template: Template, role: str) -> list[tuple[list[str], list[Any]]]:
    """List what a role allows: actions and resources of each statement."""
    policies = [each for each in properties(template, role)["Policies"] if each != {"Ref": "AWS::NoValue"}]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    assert all(each["Effect"] == "Allow" for each in statements)
    return [(as_list(each["Action"]), as_list(each["Resource"])) for each in statements]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def environment_of(template: Template, function: str) -> dict[str, Any]:
    return properties(template, f"{function}LambdaFunction")["Environment"]["Variables"]


# --- What osls checks


def test_a_misspelt_setting_is_refused(service: Path, tmp_path: Path):
    copy = shutil.copytree(service, tmp_path / "service")
    text = (copy / "serverless.yml").read_text()
    (copy / "serverless.yml").write_text(text.replace("memorySize:", "memmorySize:", 1))
    done = osls(copy, "local", {}, {})
    assert done.returncode == 1
    assert "memmorySize" in done.stdout


def test_without_a_space_nothing_is_deployed(service: Path):
    done = osls(service, "prod", {}, {"ELASTICSEARCH_URL": ELASTICSEARCH})
    assert done.returncode == 1
    assert "GRADIO_URL" in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("max-receives", "4", "from 5 to 1000"),
        ("indexer-timeout", "901", "from 1 to 900"),
        ("collector-minutes", "0.5", "from 1 to 480"),
        ("prefixes", "raw", "expected folders"),
        ("prefixes", "raw/,", "expected folders"),
        ("prefixes", "raw/,cursors/", "none that Trilog"),
        ("prefixes", "raw/,reindex/", "none that Trilog"),
        ("prefixes", "raw/,progress/", "none that Trilog"),
        ("prefixes", "raw/,versions/", "none that Trilog"),
        ("prefixes", "raw/,reports/", "none that Trilog"),
        ("prefixes", "raw/,drift/", "none that Trilog"),
        ("prefixes", "raw/,raw/more/", "within another"),
        ("prefixes", "raw/,raw/", "within another"),
        ("hf-token", "hf_plain", "by reference"),
        ("hf-token", "ssm:/*", "by reference"),
        ("gradio-auth", "ada:secret", "by reference"),
        ("redis-password", "secret", "by reference"),
        ("elasticsearch-password", "ssm:without-a-slash", "by reference"),
        ("ingest-tokens", "a-token-of-16-characters", "by reference"),
        ("elasticsearch-url", "https://elastic:secret@host:9200", "no password"),
        ("loki-url", "https://ada:secret@host:3100", "no password"),
        ("otlp-endpoint", "https://ada:secret@host:4318", "no password"),
        ("otlp-headers", "api-key=secret", "by reference"),
        ("tracing-layer", "arn:aws:lambda:eu-west-3:123456789012:layer:tracing:1", "otlp-endpoint is needed"),
    ],
)
def test_a_param_that_cannot_be_is_named(name: str, value: str, expected: str):
    need_osls()
    exported = {
        "max-receives": "receives",
        "indexer-timeout": "visibility",
        "collector-minutes": "schedule",
        "prefixes": "notifications",
        "ingest-tokens": "ingestSecrets",
        "loki-url": "lokiSecrets",
        **dict.fromkeys(("otlp-endpoint", "otlp-headers"), "tracesSecrets"),
        "tracing-layer": "layers",
        **dict.fromkeys(("hf-token", "gradio-auth", "redis-password"), "collectorSecrets"),
    }.get(name, "indexerSecrets")
    code = f"""
        const params = {json.dumps({f"param:{name}, null": value})};
        const osls = {{ resolveVariable: async (variable) => params[variable] ?? null }};
        require("./infra/aws/derived.js").{exported}(osls).catch((error) => console.log(error.message));
    """
    said = subprocess.run(["node", "-e", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said.startswith(f"param {name}: ")
    assert expected in said


def test_aws_would_take_the_templates(package: Package, chosen: Template, tmp_path: Path):
    lint([*map(package, STAGES), chosen], tmp_path)


def lint(templates: list[Template], folder: Path) -> None:
    """Let cfn-lint look for what AWS would refuse."""
    files = []
    for number, template in enumerate(templates):
        files.append(folder / f"{number}.json")
        files[-1].write_text(json.dumps(template))
    cfn_lint = Path(sys.executable).with_name("cfn-lint")  # comes with moto
    osls_own = "W3005"  # a dependency named twice
    command = [cfn_lint, "--ignore-checks", osls_own, "--template", *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- Functions


def test_there_are_three_functions_with_handlers_and_packages_of_their_own(template: Template, stage: str):
    functions = of_type(template, "AWS::Lambda::Function")
    assert {each["FunctionName"] for each in functions.values()} == {
        f"trilog-{stage}-collector",
        f"trilog-{stage}-indexer",
        f"trilog-{stage}-ingest",
    }
    for each in functions.values():
        function = each["FunctionName"].rsplit("-", 1)[1]
        assert each["Handler"] == f"functions/{function}/handler.handler"
        assert (ROOT / "functions" / function / "handler.py").is_file()
        assert each["Code"]["S3Key"].endswith(f"/{function}.zip")
        assert each["Runtime"] == "python3.13"


def test_functions_run_on_arm_by_default(package: Package):
    for stage in ("dev", "prod"):
        for each in of_type(package(stage), "AWS::Lambda::Function").values():
            assert each["Architectures"] == ["arm64"]


def test_memory_and_time_are_chosen_by_params(chosen: Template):
    collector, indexer = properties(chosen, "CollectorLambdaFunction"), properties(chosen, "IndexerLambdaFunction")
    assert (collector["MemorySize"], collector["Timeout"]) == (300, 45)
    assert (indexer["MemorySize"], indexer["Timeout"]) == (400, 70)
    ingest = properties(chosen, "IngestLambdaFunction")
    assert (ingest["MemorySize"], ingest["Timeout"], ingest["ReservedConcurrentExecutions"]) == (300, 20, 3)


def test_the_collector_runs_by_schedule_one_at_a_time_and_is_not_repeated(template: Template, chosen: Template):
    (rule,) = of_type(template, "AWS::Events::Rule").values()
    assert rule["ScheduleExpression"] in ("rate(1 minute)", "rate(5 minutes)")
    assert rule["Targets"][0]["Arn"] == get("CollectorLambdaFunction")
    assert properties(template, "CollectorLambdaFunction")["ReservedConcurrentExecutions"] == 1
    assert properties(template, "CollectorLambdaEvConf")["MaximumRetryAttempts"] == 0
    (rule,) = of_type(chosen, "AWS::Events::Rule").values()
    assert rule["ScheduleExpression"] == "rate(10 minutes)"


def test_a_space_that_does_not_answer_is_reported_before_the_collector_is_ended(template: Template):
    gradio_timeout = next(float(each.default) for each in VARIABLES if each.name == "GRADIO_TIMEOUT")
    assert properties(template, "CollectorLambdaFunction")["Timeout"] > gradio_timeout


def test_the_queue_triggers_the_indexer_which_hands_back_single_messages(template: Template, chosen: Template):
    (mapping,) = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["EventSourceArn"] == get("Queue")
    assert mapping["FunctionName"] == get("IndexerLambdaFunction")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (10, {"MaximumConcurrency": 5})
    (mapping,) = of_type(chosen, "AWS::Lambda::EventSourceMapping").values()
    assert (mapping["BatchSize"], mapping["ScalingConfig"]) == (4, {"MaximumConcurrency": 3})


def test_snapstart_is_an_option(template: Template, chosen: Template):
    assert "SnapStart" not in properties(template, "IndexerLambdaFunction")
    assert properties(chosen, "IndexerLambdaFunction")["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    (mapping,) = of_type(chosen, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["FunctionName"] == {"Fn::Join": [":", [get("IndexerLambdaFunction"), "snapstart"]]}


def test_the_functions_have_the_addresses_that_they_need(template: Template, stage: str):
    bucket = properties(template, "BatchesBucket")["BucketName"]["Fn::Sub"]
    assert environment_of(template, "Collector") == {"PIPELINE_STORE": sub(f"s3://{bucket}"), "GRADIO_URL": SPACE}
    assert environment_of(template, "Indexer") == {"ELASTICSEARCH_URL": ELASTICSEARCH}
    assert environment_of(template, "Ingest") == {
        "PIPELINE_STORE": sub(f"s3://{bucket}"),
        "PIPELINE_HTTP_CHECKED_BY": "platform",
    }
    assert bucket == f"trilog-{stage}-batches-${{AWS::AccountId}}-${{AWS::Region}}"


def test_the_settings_of_the_shell_reach_the_functions(package: Package):
    """All settings that trilog has, but for those that only one machine can use, and for secrets."""
    template = package("dev", URL_BY_REFERENCE, **SHELL, LOKI_URL=LOKI, OTEL_EXPORTER_OTLP_ENDPOINT=OTLP)
    reached = {
        name: value
        for each in ("Collector", "Indexer", "Ingest", "Loki", "Traces")
        for name, value in environment_of(template, each).items()
    }
    assert {name for name, value in reached.items() if value == "7"} == PLAIN


# --- Secrets


def test_secrets_are_references_never_values(package: Package, chosen: Template):
    assert environment_of(chosen, "Collector")["HF_TOKEN"] == CHOSEN["hf-token"]
    assert environment_of(chosen, "Indexer")["ELASTICSEARCH_API_KEY"] == CHOSEN["elasticsearch-api-key"]
    assert "plain-secret" not in json.dumps(
        package("dev", URL_BY_REFERENCE, **SHELL, LOKI_URL=LOKI, OTEL_EXPORTER_OTLP_ENDPOINT=OTLP)
    )


def test_a_function_may_read_its_own_secrets_and_no_others(chosen: Template):
    place = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}"
    key = (["kms:Decrypt"], [CHOSEN["kms-key"]])
    own = [
        (["ssm:GetParameter"], [sub(place % "ssm" + f":parameter/trilog/{name}")])
        for name in ("hf-token", "gradio-auth", "redis-password")
    ]
    assert granted(chosen, "CollectorRole")[-4:] == [*own, key]
    api_key = sub(place % "secretsmanager" + ":secret:trilog/api-key-??????")
    assert granted(chosen, "IndexerRole")[-2:] == [(["secretsmanager:GetSecretValue"], [api_key]), key]


def test_with_tokens_anybody_may_ask_for_the_url_and_without_who_signs_for_aws(template: Template, chosen: Template):
    assert properties(template, "IngestLambdaFunctionUrl")["AuthType"] == "AWS_IAM"
    assert "AWS::Lambda::Permission" not in {
        each["Type"] for each in template["Resources"].values() if each.get("Properties", {}).get("Principal") == "*"
    }
    assert properties(chosen, "IngestLambdaFunctionUrl")["AuthType"] == "NONE"
    variables = environment_of(chosen, "Ingest")
    assert (variables["PIPELINE_INGEST_TOKENS"], variables["PIPELINE_HTTP_CHECKED_BY"]) == (
        "ssm:/trilog/ingest",
        "function",
    )
    parameter = sub("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/trilog/ingest")
    key = (["kms:Decrypt"], [CHOSEN["kms-key"]])
    assert granted(chosen, "IngestRole")[-2:] == [(["ssm:GetParameter"], [parameter]), key]


def test_all_functions_get_the_key_of_the_redaction(package: Package):
    template = package("dev", {"redact-key": "ssm:/trilog/redact-key"})
    parameter = sub("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/trilog/redact-key")
    for function in ("Collector", "Indexer", "Ingest"):
        assert environment_of(template, function)["PIPELINE_REDACT_KEY"] == "ssm:/trilog/redact-key"
        assert granted(template, f"{function}Role")[-1] == (["ssm:GetParameter"], [parameter])


def test_a_secret_may_be_named_by_its_arn_and_the_whole_url_may_be_one(package: Package):
    template = package("dev", URL_BY_REFERENCE, **SHELL)
    assert environment_of(template, "Indexer")["ELASTICSEARCH_URL"] == f"secretsmanager:{ARN}"
    assert granted(template, "IndexerRole")[-1] == (["secretsmanager:GetSecretValue"], [ARN])


# --- Roles


def test_each_function_may_do_what_it_does_and_nothing_else(template: Template):
    logs = ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert granted(template, "CollectorRole") == [
        (logs, [get("CollectorLogGroup")]),
        (["s3:GetObject", "s3:PutObject"], [sub("${BatchesBucket.Arn}/cursors/*")]),
        (["s3:PutObject"], [sub("${BatchesBucket.Arn}/raw/*")]),
        (["s3:ListBucket"], [get("BatchesBucket")]),
    ]
    assert granted(template, "IndexerRole") == [
        (logs, [get("IndexerLogGroup")]),
        (["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [get("Queue")]),
        (["s3:GetObject"], [sub("${BatchesBucket.Arn}/raw/*")]),
        (["s3:GetObject", "s3:PutObject"], [sub("${BatchesBucket.Arn}/versions/*")]),
        (["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [sub("${BatchesBucket.Arn}/progress/*")]),
        (["s3:ListBucket"], [get("BatchesBucket")]),
    ]
    assert granted(template, "IngestRole") == [
        (logs, [get("IngestLogGroup")]),
        (["s3:GetObject", "s3:PutObject"], [sub("${BatchesBucket.Arn}/raw/ingest/*")]),
    ]


def test_each_function_has_its_own_role_and_there_is_no_other(template: Template):
    assert set(of_type(template, "AWS::IAM::Role")) == {"CollectorRole", "IndexerRole", "IngestRole"}
    for function in ("Collector", "Indexer", "Ingest"):
        assert properties(template, f"{function}LambdaFunction")["Role"] == get(f"{function}Role")
        trusted = properties(template, f"{function}Role")["AssumeRolePolicyDocument"]["Statement"]
        assert [each["Principal"] for each in trusted] == [{"Service": "lambda.amazonaws.com"}]
        assert "ManagedPolicyArns" not in properties(template, f"{function}Role")


def test_nothing_is_granted_on_everything(template: Template, chosen: Template):
    for each in (template, chosen):
        for role in ("CollectorRole", "IndexerRole", "IngestRole"):
            for actions, resources in granted(each, role):
                assert "*" not in "".join(actions)
                assert "*" not in resources


# --- Bucket and queue


def test_the_bucket_is_encrypted_and_closed_and_speaks_tls_only(template: Template):
    bucket = properties(template, "BatchesBucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(closed, True)
    policy = properties(template, "BatchesBucketPolicy")
    assert policy["Bucket"] == {"Ref": "BatchesBucket"}
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Resource"] == [get("BatchesBucket"), sub("${BatchesBucket.Arn}/*")]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_batches_expire_by_param_and_cursors_never(package: Package, chosen: Template):
    assert expiring(package("prod")) == {"progress/": 30}
    assert expiring(package("dev")) == {"progress/": 30, "raw/": 30}
    assert expiring(chosen) == {"progress/": 30, "raw/": 7, "uploads/": 7}


def expiring(template: Template) -> dict[str, int]:
    rules = properties(template, "BatchesBucket")["LifecycleConfiguration"]["Rules"]
    assert all(each["Status"] == "Enabled" for each in rules)
    assert rules[0]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    return {each["Prefix"]: each["ExpirationInDays"] for each in rules[1:]}


def test_what_is_put_under_a_configured_prefix_is_told_to_the_queue(template: Template, chosen: Template):
    assert notified(template) == ["raw/"]
    assert notified(chosen) == ["raw/", "uploads/"]
    read = [resources for actions, resources in granted(chosen, "IndexerRole") if actions == ["s3:GetObject"]]
    assert read == [[sub("${BatchesBucket.Arn}/raw/*"), sub("${BatchesBucket.Arn}/uploads/*")]]


def notified(template: Template) -> list[str]:
    configured = properties(template, "BatchesBucket")["NotificationConfiguration"]["QueueConfigurations"]
    assert all((each["Event"], each["Queue"]) == ("s3:ObjectCreated:*", get("Queue")) for each in configured)
    rules = [each["Filter"]["S3Key"]["Rules"] for each in configured]
    assert all(len(each) == 1 and each[0]["Name"] == "prefix" for each in rules)
    return [each[0]["Value"] for each in rules]


def test_only_the_bucket_may_write_to_the_queue_and_before_it_is_asked_to(template: Template):
    (statement,) = properties(template, "QueuePolicy")["PolicyDocument"]["Statement"]
    bucket = properties(template, "BatchesBucket")["BucketName"]["Fn::Sub"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", get("Queue"))
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": sub(f"arn:${{AWS::Partition}}:s3:::{bucket}")},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }
    assert "QueuePolicy" in template["Resources"]["BatchesBucket"]["DependsOn"]


def test_a_message_waits_six_timeouts_and_dies_after_five_receives_or_more(template: Template, chosen: Template):
    for each in (template, chosen):
        queue = properties(each, "Queue")
        assert queue["VisibilityTimeout"] >= 6 * properties(each, "IndexerLambdaFunction")["Timeout"]
        assert queue["RedrivePolicy"]["deadLetterTargetArn"] == get("DeadLetterQueue")
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
        assert properties(each, "DeadLetterQueue")["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert properties(chosen, "Queue")["RedrivePolicy"]["maxReceiveCount"] == 6


def test_the_queues_are_encrypted(template: Template):
    assert all(each["SqsManagedSseEnabled"] for each in of_type(template, "AWS::SQS::Queue").values())


# --- Loki, and what takes traces, which are told of the same batches

PLACE = "${AWS::Region}:${AWS::AccountId}"
FUNCTION_OF = {"Loki": ("indexer", "indexer.zip"), "Traces": ("traces", "traces.zip")}
VARIABLES_OF = {
    "Loki": {"PIPELINE_SINK": "loki", "LOKI_URL": LOKI, "LOKI_BEARER_TOKEN": "ssm:/trilog/loki"},
    "Traces": {
        "PIPELINE_SINK": "traces",
        "OTEL_EXPORTER_OTLP_ENDPOINT": OTLP,
        "OTEL_EXPORTER_OTLP_HEADERS": "ssm:/trilog/traces",
    },
}


@pytest.fixture(params=["Loki", "Traces"])
def other(request: pytest.FixtureRequest) -> str:
    """What is told beside the index, as its resources are called."""
    return request.param


@pytest.fixture
def told(package: Package, other: str) -> Template:
    """A template for which everything was chosen, and that one."""
    return package("prod", {"Loki": WITH_LOKI, "Traces": WITH_TRACES}[other])


def test_without_an_address_there_is_nothing_of_it(template: Template, chosen: Template):
    for each in (template, chosen):
        assert not [name for name in each["Resources"] if any(word in name for word in ("Loki", "Traces", "Topic"))]


def test_it_has_the_indexer_once_more_with_a_queue_of_its_own(told: Template, other: str):
    function, indexer = (properties(told, f"{each}LambdaFunction") for each in (other, "Indexer"))
    for each in ("MemorySize", "Timeout", "Runtime", "Architectures"):
        assert function[each] == indexer[each]
    folder, package = FUNCTION_OF[other]
    assert function["Handler"] == f"functions/{folder}/handler.handler"
    assert function["Code"]["S3Key"].endswith(f"/{package}")
    assert function["Environment"]["Variables"] == VARIABLES_OF[other]
    assert VARIABLES_OF[other].keys().isdisjoint(environment_of(told, "Indexer"))
    mappings = of_type(told, "AWS::Lambda::EventSourceMapping").values()
    own = next(each for each in mappings if each["FunctionName"] == get(f"{other}LambdaFunction"))
    assert (own["EventSourceArn"], own["FunctionResponseTypes"]) == (get(f"{other}Queue"), ["ReportBatchItemFailures"])
    queue = properties(told, f"{other}Queue")
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == get(f"{other}DeadLetterQueue")
    for name, value in properties(told, "Queue").items():
        assert name == "RedrivePolicy" or queue[name] == value


def test_aws_would_take_that_too(package: Package, told: Template, tmp_path: Path):
    lint([told, package("prod", WITH_LOKI | WITH_TRACES)], tmp_path)


def test_with_a_layer_the_functions_send_traces_of_their_own(package: Package, told: Template, tmp_path: Path):
    layer = "arn:aws:lambda:eu-west-3:123456789012:layer:tracing:1"
    template = package("prod", WITH_TRACES | {"tracing-layer": layer})
    lint([template], tmp_path)
    expected = {name: value for name, value in VARIABLES_OF["Traces"].items() if name.startswith("OTEL_")}
    headers = (["ssm:GetParameter"], [sub(f"arn:${{AWS::Partition}}:ssm:{PLACE}:parameter/trilog/traces")])
    for each in ("Collector", "Indexer"):
        variables = environment_of(template, each)
        assert variables["PIPELINE_TRACING"] == "on"
        assert variables.items() >= expected.items()
        assert properties(template, f"{each}LambdaFunction")["Layers"] == [layer]
        assert headers in granted(template, f"{each}Role")
        assert "Layers" not in properties(told, f"{each}LambdaFunction")
        assert "PIPELINE_TRACING" not in environment_of(told, each)


def test_all_queues_are_told_what_the_bucket_says(package: Package, told: Template, other: str):
    """S3 tells one of each prefix: here the topic, which gives all queues S3's own words."""
    both = package("prod", WITH_LOKI | WITH_TRACES)
    for template, others in ((told, [other]), (both, ["Loki", "Traces"])):
        notified = properties(template, "BatchesBucket")["NotificationConfiguration"]
        assert list(notified) == ["TopicConfigurations"]
        assert [each["Topic"] for each in notified["TopicConfigurations"]] == [{"Ref": "Topic"}] * 2
        subscriptions = of_type(template, "AWS::SNS::Subscription")
        queues = [get("Queue"), *(get(f"{each}Queue") for each in others)]
        assert [each["Endpoint"] for each in subscriptions.values()] == queues
        for each in subscriptions.values():
            assert (each["TopicArn"], each["Protocol"], each["RawMessageDelivery"]) == ({"Ref": "Topic"}, "sqs", True)
        before = template["Resources"]["BatchesBucket"]["DependsOn"]
        assert {"TopicPolicy", "QueuePolicy", *subscriptions} <= set(before)


def test_the_topic_takes_from_the_bucket_and_the_queues_from_the_topic(told: Template, other: str):
    [published] = properties(told, "TopicPolicy")["PolicyDocument"]["Statement"]
    bucket = properties(told, "BatchesBucket")["BucketName"]["Fn::Sub"]
    from_bucket = {
        "ArnEquals": {"aws:SourceArn": sub(f"arn:${{AWS::Partition}}:s3:::{bucket}")},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }
    assert (published["Principal"], published["Action"]) == ({"Service": "s3.amazonaws.com"}, "sns:Publish")
    assert (published["Resource"], published["Condition"]) == ({"Ref": "Topic"}, from_bucket)
    from_topic = {"ArnEquals": {"aws:SourceArn": {"Ref": "Topic"}}}
    for queue, conditions in (("Queue", [from_bucket, from_topic]), (f"{other}Queue", [from_topic])):
        statements = properties(told, f"{queue}Policy")["PolicyDocument"]["Statement"]
        assert [each["Condition"] for each in statements] == conditions
        assert {(each["Action"], str(each["Resource"])) for each in statements} == {
            ("sqs:SendMessage", str(get(queue)))
        }


def test_it_may_do_what_the_indexer_may_with_its_own_queue_and_secrets(told: Template, other: str):
    place = f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter/trilog/{other.lower()}"
    mine, theirs = granted(told, f"{other}Role"), granted(told, "IndexerRole")
    theirs = [each for each in theirs if "versions" not in str(each)]  # which are of documents in an index
    own = json.dumps(theirs[:5]).replace("IndexerLogGroup", f"{other}LogGroup").replace('"Queue"', f'"{other}Queue"')
    assert json.loads(json.dumps(mine[:5])) == json.loads(own)
    assert mine[5:] == [(["ssm:GetParameter"], [sub(place)]), (["kms:Decrypt"], [CHOSEN["kms-key"]])]
    assert ["*" for actions, resources in mine if "*" in actions or "*" in resources] == []


def test_what_goes_wrong_with_it_rings_as_it_does_with_the_index(told: Template, other: str):
    alarms = watched(told)
    own = {f"{other}{name}": name for name in alarms if f"{other}{name}" in alarms}
    own |= {f"{other}LambdaFunction {each}": f"IndexerLambdaFunction {each}" for each in ("Errors", *COUNTED)}
    assert len(own) == 5
    for mine, theirs in own.items():
        differing = {name for name, value in alarms[mine].items() if value != alarms[theirs][name]}
        assert differing == {"AlarmDescription", "Dimensions"}
    outputs = {name: each["Value"] for name, each in told["Outputs"].items()}
    assert outputs[f"{other}DeadLetterQueueUrl"] == {"Ref": f"{other}DeadLetterQueue"}
    assert outputs[f"{other}QueueUrl"] == {"Ref": f"{other}Queue"}


# --- Watching


COUNTED = ("Unaccounted", "DeadLetters")


def watched(template: Template) -> dict[str, dict[str, Any]]:
    """Return each alarm, by what it watches."""
    found = {}
    for each in of_type(template, "AWS::CloudWatch::Alarm").values():
        (dimension,) = each["Dimensions"]
        of = dimension["Value"].get("Ref") or dimension["Value"]["Fn::GetAtt"][0]
        found[f"{of} {each['MetricName']}"] = each
    return found


def test_what_goes_wrong_rings(template: Template):
    alarms = watched(template)
    assert set(alarms) == {
        "DeadLetterQueue ApproximateNumberOfMessagesVisible",
        "Queue ApproximateAgeOfOldestMessage",
        "CollectorLambdaFunction Errors",
        "CollectorLambdaFunction Invocations",
        "IndexerLambdaFunction Errors",
        "IngestLambdaFunction Url5xxCount",
        "IndexerLambdaFunction Unaccounted",
        "IndexerLambdaFunction DeadLetters",
    }
    for name, each in alarms.items():
        if "Invocations" not in name:
            assert each["ComparisonOperator"] == "GreaterThanThreshold"
            assert each["TreatMissingData"] == "notBreaching"
    assert alarms["DeadLetterQueue ApproximateNumberOfMessagesVisible"]["Threshold"] == 0


@pytest.mark.parametrize("metric", COUNTED)
def test_what_the_indexer_counts_rings_when_a_record_is_missing_or_refused(template: Template, metric: str):
    """Under the name and the dimension that the line has, which the indexer logs."""
    alarm = watched(template)[f"IndexerLambdaFunction {metric}"]
    assert (alarm["Namespace"], alarm["Dimensions"][0]["Name"]) == ("Trilog", "FunctionName")
    assert (alarm["Statistic"], alarm["Threshold"], alarm["EvaluationPeriods"]) == ("Sum", 0, 1)


def test_a_collector_that_has_not_run_for_three_periods_rings(package: Package, chosen: Template):
    for template, seconds in ((package("prod"), 60), (package("dev"), 300), (chosen, 600)):
        silent = watched(template)["CollectorLambdaFunction Invocations"]
        assert (silent["Period"], silent["EvaluationPeriods"]) == (seconds, 3)
        assert (silent["Statistic"], silent["ComparisonOperator"], silent["Threshold"]) == (
            "Sum",
            "LessThanThreshold",
            1,
        )
        assert silent["TreatMissingData"] == "breaching"


def test_alarms_go_to_the_topic_if_there_is_one(template: Template, chosen: Template):
    assert all(each["AlarmActions"] == [] for each in watched(template).values())
    assert all(each["AlarmActions"] == [CHOSEN["alarm-topic"]] for each in watched(chosen).values())
    assert watched(chosen)["Queue ApproximateAgeOfOldestMessage"]["Threshold"] == 120


def test_logs_are_kept_for_a_time(template: Template, chosen: Template, stage: str):
    groups = of_type(template, "AWS::Logs::LogGroup")
    assert {each["LogGroupName"] for each in groups.values()} == {
        f"/aws/lambda/trilog-{stage}-collector",
        f"/aws/lambda/trilog-{stage}-indexer",
        f"/aws/lambda/trilog-{stage}-ingest",
    }
    assert {each["RetentionInDays"] for each in groups.values()} == {90 if stage == "prod" else 30}
    assert {each["RetentionInDays"] for each in of_type(chosen, "AWS::Logs::LogGroup").values()} == {14}


def test_the_stack_says_where_things_are(template: Template):
    outputs = {name: each["Value"] for name, each in template["Outputs"].items()}
    assert outputs["BatchesBucketName"] == {"Ref": "BatchesBucket"}
    assert outputs["IngestUrl"] == get("IngestLambdaFunctionUrl", "FunctionUrl")
    assert outputs["QueueUrl"] == {"Ref": "Queue"}
    assert outputs["DeadLetterQueueUrl"] == {"Ref": "DeadLetterQueue"}


# --- Invoked here


@pytest.mark.slow
def test_a_function_can_be_invoked_here_without_a_cloud(tmp_path: Path):
    """In the virtual environment, with the store beside the event and the embedded index."""
    need_osls()
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PIPELINE_DATA": str(tmp_path),
    }
    event = ["--path", "tests/events/sqs-s3.json"]
    done = subprocess.run(
        [ROOT / "node_modules" / ".bin" / "osls", "invoke", "local", "--function", "indexer", *event],
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout[done.stdout.index("\n{\n") :]) == {"batchItemFailures": []}
    assert (tmp_path / "index.duckdb").exists()


KAFKA = re.compile(r"(?:^  #.*\n)+", re.MULTILINE)


def with_kafka(text: str) -> str:
    """Uncomment what serverless.yml has for Kafka topics."""
    [block] = [each for each in KAFKA.findall(text) if "\n  # kafka:\n" in each]
    function = block[block.index("  # kafka:\n") :]
    return text.replace(function, function.replace("  # ", "  "))


@pytest.mark.parametrize("stage", ["dev"])
def test_a_kafka_topic_can_be_an_event_source(service: Path, tmp_path: Path, stage: str):
    folder = tmp_path / "service"
    shutil.copytree(service, folder)
    (folder / "serverless.yml").write_text(with_kafka((ROOT / "serverless.yml").read_text()))
    done = osls(folder, stage, {}, {"GRADIO_URL": "https://space.example", "ELASTICSEARCH_URL": "https://es.example"})
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads((folder / ".serverless" / "cloudformation-template-update-stack.json").read_text())
    function = made["Resources"]["KafkaLambdaFunction"]["Properties"]
    assert function["Handler"] == "functions/collector/kafka_handler.handler"
    assert (ROOT / "functions" / "collector" / "kafka_handler.py").is_file()
    mappings = [
        each["Properties"]
        for each in made["Resources"].values()
        if each["Type"] == "AWS::Lambda::EventSourceMapping" and "Topics" in each["Properties"]
    ]
    assert [each["Topics"] for each in mappings] == [["ingestion-logs"]] * 2
    own = next(each for each in mappings if "SelfManagedEventSource" in each)
    assert own["SelfManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": "ingestion-lambda"}
    assert own["StartingPosition"] == "TRIM_HORIZON"


# --- Drift, which an image brings


def test_without_an_image_there_is_no_drift_function(template: Template, chosen: Template):
    for each in (template, chosen):
        assert not [name for name in each["Resources"] if "Drift" in name]


def test_with_an_image_predictions_are_compared_on_a_schedule(package: Package, tmp_path: Path):
    template = package("prod", CHOSEN | WITH_DRIFT | {"drift-memory": 3000, "drift-timeout": 200})
    lint([template], tmp_path)
    function = properties(template, "DriftLambdaFunction")
    assert (function["PackageType"], function["Code"]) == ("Image", {"ImageUri": IMAGE})
    assert (function["MemorySize"], function["Timeout"]) == (3000, 200)
    assert environment_of(template, "Drift") == {
        "PIPELINE_STORE": sub("s3://trilog-prod-batches-${AWS::AccountId}-${AWS::Region}"),
        "DRIFT_CONFIG": "drift/config_drift.yaml",
        "ELASTICSEARCH_URL": ELASTICSEARCH,
        "ELASTICSEARCH_API_KEY": "secretsmanager:trilog/api-key",
    }
    (rule,) = (each for each in of_type(template, "AWS::Events::Rule").values() if "cron" in each["ScheduleExpression"])
    assert [each["Arn"] for each in rule["Targets"]] == [get("DriftLambdaFunction")]


def test_the_drift_function_may_read_the_secrets_of_elasticsearch_and_no_others(package: Package):
    asked = granted(package("prod", CHOSEN | WITH_DRIFT), "DriftRole")
    secrets = [resources for actions, resources in asked if actions == ["secretsmanager:GetSecretValue"]]
    assert secrets == [[sub(f"arn:${{AWS::Partition}}:secretsmanager:{PLACE}:secret:trilog/api-key-??????")]]
    assert not [actions for actions, _ in asked if "ssm:GetParameter" in actions]
    told = package("prod", CHOSEN | WITH_DRIFT | {"alert-slack-url": "ssm:/trilog/slack"})
    assert environment_of(told, "Drift")["ALERT_SLACK_URL"] == "ssm:/trilog/slack"
    slack = sub(f"arn:${{AWS::Partition}}:ssm:{PLACE}:parameter/trilog/slack")
    assert (["ssm:GetParameter"], [slack]) in granted(told, "DriftRole")


def test_a_failed_comparison_rings(package: Package):
    alarm = properties(package("prod", CHOSEN | WITH_DRIFT), "DriftErrorsAlarm")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "DriftLambdaFunction"}}]
    assert alarm["AlarmActions"] == [CHOSEN["alarm-topic"]]
