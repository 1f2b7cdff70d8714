"""LocalStack without Docker: infra/localstack/localstack.sh, and Lambda through it."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import WaiterError

from tests.localstack import lambda_runtime, start_localstack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.timeout(300)  # the first one may have to install LocalStack
ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "infra" / "localstack" / "localstack.sh"
HOME = ROOT / ".tools" / "localstack"
ROLE = "arn:aws:iam::000000000000:role/any"
SLOW = """
    import os, time
    def handler(event, context):
        print("in process", os.getpid())
        time.sleep(event)
        return os.getpid()
"""


@pytest.fixture(scope="module")
def localstack() -> Iterator[str]:
    with start_localstack() as url:
        yield url


def client(service: str, url: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys)


def create(url: str, name: str, code: str, **settings: Any) -> Callable[[Any], Any]:
    """Create a function of one module; return what invokes it and reads its answer."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("function.py", dedent(code))
    machine = "arm64" if os.uname().machine in ("arm64", "aarch64") else "x86_64"
    wanted = {"Runtime": lambda_runtime(), "Architectures": [machine], "Timeout": 20, **settings}
    functions = client("lambda", url)
    functions.create_function(
        FunctionName=name, Role=ROLE, Handler="function.handler", Code={"ZipFile": package.getvalue()}, **wanted
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1})
    return lambda event: json.load(functions.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"])


def alive(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def wait_until(condition: Callable[[], Any], seconds: float = 5) -> Any:
    until = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def run(action: str, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, action, HOME, str(port)], capture_output=True, text=True, check=False)


def test_invocations_at_once_have_a_process_each_and_one_after_the_other_share_one(localstack: str):
    invoke = create(localstack, "at-once", SLOW)
    with ThreadPoolExecutor() as pool:
        processes = set(pool.map(invoke, [0.8] * 3))
    assert len(processes) == 3
    assert invoke(0) in processes


def test_what_a_function_prints_is_in_cloudwatch_between_lambdas_lines(localstack: str):
    process = create(localstack, "printing", SLOW)(0)
    group = "/aws/lambda/printing"

    def lines() -> list[str]:
        logs = client("logs", localstack)
        groups = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        return [each["message"] for each in logs.filter_log_events(logGroupName=group)["events"]] if groups else []

    start, printed, end, report = wait_until(lambda: len(found := lines()) == 4 and found)
    assert start.startswith("START RequestId: ")
    assert printed.strip() == f"in process {process}"
    assert end.startswith("END RequestId: ")
    assert "\tMemory Size: 128 MB\tMax Memory Used: " in report


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"Runtime": "python3.9"}, "The function's runtime is python3.9"), ({"Architectures": None}, "architecture")],
)
def test_a_function_for_another_python_or_another_machine_is_refused_with_the_reason(localstack, settings, reason):
    if "Architectures" in settings:
        settings = {"Architectures": ["x86_64" if os.uname().machine in ("arm64", "aarch64") else "arm64"]}
    with pytest.raises(WaiterError) as failure:
        create(localstack, f"refused-{len(reason)}", SLOW, **settings)
    state = failure.value.last_response["Configuration"]
    assert state["State"] == "Failed"
    assert reason in state["StateReason"]
    assert "Deploy it for" in state["StateReason"]


def test_it_listens_on_the_loopback_address_only(localstack: str):
    others = {"127.0.0.2", *(each[4][0] for each in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET))}
    for address in others - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out|assign"):
            socket.create_connection((address, urlsplit(localstack).port), timeout=1)


def test_a_second_one_on_the_same_port_is_refused(localstack: str):
    done = run("start-background", urlsplit(localstack).port)
    assert done.returncode == 1
    assert "runs on port" in done.stderr


@pytest.mark.parametrize("killed", [False, True])
def test_functions_end_with_localstack_whether_it_is_stopped_or_killed(killed: bool):  # noqa: FBT001
    with start_localstack() as url:
        port = urlsplit(url).port
        invoke = create(url, "ending", SLOW)
        process = invoke(0)
        with ThreadPoolExecutor() as pool:
            busy = pool.submit(invoke, 15)  # and another that is in the midst of its work
            assert alive(process)
            if killed:
                os.kill(int((HOME / "run" / f"{port}.pid").read_text()), signal.SIGKILL)
            else:
                assert run("stop", port).returncode == 0
            assert wait_until(lambda: not alive(process))
            assert busy.exception(timeout=30) or "errorType" in busy.result()
        assert run("status", port).returncode == 1
    shutil.rmtree(HOME / f"state-{port}", ignore_errors=True)  # kept after a crash, for its log
