"""The process executor: Lambda functions as processes of this machine, as LocalStack without Docker runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from infra.localstack.process_executor.environment import Environment, Function, Invocation
from tests.localstack import LAMBDA_PYTHON, install_localstack

pytestmark = pytest.mark.timeout(300)  # the first one may have to install LocalStack
ROOT = Path(__file__).parents[2]
REPORT = re.compile(
    r"REPORT RequestId: (?P<id>\S+)\tDuration: (?P<ms>[\d.]+) ms\tBilled Duration: (?P<billed>\d+) ms"
    r"\tMemory Size: (?P<size>\d+) MB\tMax Memory Used: (?P<used>\d+) MB"
    r"(\tInit Duration: (?P<init>[\d.]+) ms)?(\tStatus: (?P<status>.+))?"
)


@pytest.fixture(scope="module", autouse=True)
def runtime():
    """The Python that functions run on, with what Lambda's runtime has."""
    install_localstack()


@pytest.fixture
def started(tmp_path):
    """Starts environments of a function given by the text of its module, and stops them at the end."""
    environments = []

    def start(code: str, handler: str = "function.handler", init_limit_s: float = 10, **limits: float) -> Environment:
        (tmp_path / "function.py").write_text(dedent(code))
        variables = {"GREETING": "hello", "AWS_LAMBDA_FUNCTION_NAME": "test"}
        limits = {"timeout_s": 5, "memory_mb": 128, **limits}
        function = Function(handler, tmp_path, "$LATEST", variables=variables, **limits)
        environments.append(Environment(function, LAMBDA_PYTHON, init_limit_s))
        environments[-1].start()
        return environments[-1]

    yield start
    for each in environments:
        each.stop()


def invoke(environment, event=None, name="request-1"):
    outcome = environment.invoke(
        Invocation(name, "arn:aws:lambda:us-east-1:1:function:test", json.dumps(event).encode())
    )
    return json.loads(outcome.body), outcome


def alive(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def wait_until(condition, seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def report(log: str) -> dict[str, str | None]:
    return REPORT.fullmatch(log.splitlines()[-1]).groupdict()


def test_a_function_gets_its_event_its_context_and_its_variables(started):
    environment = started("""
        import os
        def handler(event, context):
            left = context.get_remaining_time_in_millis()
            return [event, context.aws_request_id, context.invoked_function_arn, left, os.environ["GREETING"]]
    """)
    answer, outcome = invoke(environment, {"ü": [1, None]})
    event, request, arn, left, greeting = answer
    assert not outcome.failed
    assert (event, request, greeting) == ({"ü": [1, None]}, "request-1", "hello")
    assert arn.endswith(":function:test")
    assert 4000 < left <= 5000


def test_a_warm_process_is_used_again_and_only_the_first_report_has_an_init_duration(started):
    environment = started("""
        import os
        print("starting")
        def handler(event, context):
            print("invoked")
            return os.getpid()
    """)
    (first, cold), (second, warm) = invoke(environment, name="a"), invoke(environment, name="b")
    assert first == second
    assert cold.log.splitlines()[:-1] == [
        "START RequestId: a Version: $LATEST",
        "starting",
        "invoked",
        "END RequestId: a",
    ]
    assert warm.log.splitlines()[:-1] == ["START RequestId: b Version: $LATEST", "invoked", "END RequestId: b"]
    assert float(report(cold.log)["init"]) > 0
    assert report(warm.log)["init"] is None


def test_the_report_says_time_memory_and_what_is_billed(started):
    environment = started(
        """
        import time
        def handler(event, context):
            kept = bytearray(b"x" * (50 << 20))
            time.sleep(0.2)
            return len(kept)
        """,
        memory_mb=256,
    )
    _, outcome = invoke(environment)
    said = report(outcome.log)
    assert 200 <= float(said["ms"]) < 1000
    assert float(said["ms"]) + float(said["init"]) <= int(said["billed"]) < float(said["ms"]) + float(said["init"]) + 1
    assert said["size"] == "256"
    assert 50 < int(said["used"]) < 150
    assert said["status"] is None


def test_an_exception_of_the_handler_is_the_answer_and_the_process_stays(started):
    environment = started("""
        import os
        def handler(event, context):
            if event == "fail":
                raise ValueError("no such luck")
            return os.getpid()
    """)
    before, _ = invoke(environment)
    error, outcome = invoke(environment, "fail")
    after, _ = invoke(environment)
    assert outcome.failed
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such luck")
    assert "no such luck" in outcome.log
    assert report(outcome.log)["status"] == "error\tError Type: ValueError"
    assert before == after


@pytest.mark.parametrize(
    ("code", "handler", "error", "text"),
    [
        ("import nothing_like_it", "function.handler", "Runtime.ImportModuleError", "nothing_like_it"),
        ("def handler(:", "function.handler", "Runtime.UserCodeSyntaxError", "function"),
        ("", "function.handler", "Runtime.HandlerNotFound", "handler"),
        ("raise KeyError('setting')", "function.handler", "KeyError", "setting"),
        ("raise SystemExit(7)", "function.handler", "Runtime.ExitError", "exit status 7"),
    ],
)
def test_a_function_that_fails_to_initialize_says_why_in_its_first_invocation(started, code, handler, error, text):
    answer, outcome = invoke(started(code, handler))
    assert outcome.failed
    assert answer["errorType"] == error
    assert text in answer["errorMessage"]
    assert report(outcome.log)["status"] == f"error\tError Type: {error}"


def test_initialization_is_tried_again_by_the_invocation_after_the_one_that_reported_it(started, tmp_path):
    environment = started("raise KeyError('setting')")
    _, first = invoke(environment)
    (tmp_path / "function.py").write_text("def handler(event, context): return 'mended'")
    answer, second = invoke(environment)
    assert (first.failed, second.failed, answer) == (True, False, "mended")


def test_a_start_that_takes_too_long_begins_anew_in_the_invocation(started, tmp_path):
    environment = started(
        f"""
        import pathlib, time
        slow = pathlib.Path({str(tmp_path)!r}, "slow")
        if not slow.exists():
            slow.touch()
            time.sleep(60)
        def handler(event, context):
            return "ready"
        """,
        init_limit_s=0.5,
    )
    answer, outcome = invoke(environment)
    assert (answer, outcome.failed) == ("ready", False)
    assert report(outcome.log)["init"] is None


def test_a_function_that_takes_too_long_is_killed_with_lambdas_own_message_and_the_next_one_starts_anew(started):
    environment = started(
        """
        import os, time
        def handler(event, context):
            print("process", os.getpid())
            if event == "hang":
                time.sleep(60)
            return os.getpid()
        """,
        timeout_s=0.6,
    )
    first, _ = invoke(environment)
    begun = time.monotonic()
    error, outcome = invoke(environment, "hang", name="slow")
    assert time.monotonic() - begun < 2
    message = "RequestId: slow Error: Task timed out after 0.60 seconds"
    assert error == {"errorType": "Sandbox.Timedout", "errorMessage": message}
    assert outcome.failed
    assert f"process {first}" in outcome.log
    assert report(outcome.log)["status"] == "timeout"
    assert not alive(first)
    second, _ = invoke(environment)
    assert second != first


def test_a_timeout_kills_what_the_function_started_too(started, tmp_path):
    environment = started(
        """
        import pathlib, subprocess, sys, time
        def handler(event, context):
            process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            pathlib.Path(event).write_text(str(process.pid))
            time.sleep(60)
        """,
        timeout_s=0.8,
    )
    invoke(environment, str(tmp_path / "started"))
    started_by_it = int((tmp_path / "started").read_text())
    assert wait_until(lambda: not alive(started_by_it))


@pytest.mark.parametrize(
    ("crash", "how"),
    [
        ("os._exit(3)", "exit status 3"),
        ("raise SystemExit(4)", "exit status 4"),
        ("os.kill(os.getpid(), 9)", "signal: killed"),
        ("os.kill(os.getpid(), 11)", "signal: segmentation fault"),
    ],
)
def test_a_crash_is_an_error_that_says_how_the_process_ended_and_the_next_one_starts_anew(started, crash, how):
    environment = started(f"""
        import os
        def handler(event, context):
            print("the last words")
            if event == "crash":
                {crash}
            return os.getpid()
    """)
    first, _ = invoke(environment)
    error, outcome = invoke(environment, "crash")
    second, _ = invoke(environment)
    assert error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: request-1 Error: Runtime exited with error: {how}",
    }
    assert "the last words" in outcome.log
    assert int(report(outcome.log)["used"]) > 0
    assert second != first


def test_a_process_that_dies_between_two_invocations_is_replaced(started):
    environment = started("import os\ndef handler(event, context): return os.getpid()")
    first, _ = invoke(environment)
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: not alive(first))
    second, outcome = invoke(environment)
    assert not outcome.failed
    assert second != first


def test_several_environments_run_at_once(started):
    code = """
        import os, time
        def handler(event, context):
            time.sleep(0.5)
            return os.getpid()
    """
    environments = [started(code) for _ in range(3)]
    begun = time.monotonic()
    with ThreadPoolExecutor() as pool:
        processes = {answer for answer, _ in pool.map(invoke, environments)}
    assert len(processes) == 3
    assert time.monotonic() - begun < 1.2


def test_what_a_function_finds_is_its_package_and_lambdas_runtime_and_nothing_else(started):
    environment = started("""
        import importlib.util, os, sys
        def handler(event, context):
            names = "boto3", "awslambdaric", "localstack", "pytest"
            found = [name for name in names if importlib.util.find_spec(name)]
            return found, sys.stdin.read(), os.getcwd() == os.environ["LAMBDA_TASK_ROOT"], "HOME" in os.environ
    """)
    answer, _ = invoke(environment)
    assert answer == [["boto3", "awslambdaric"], "", True, False]


def test_no_bytecode_is_written_beside_the_code_as_lambdas_code_folder_is_read_only(started, tmp_path):
    (tmp_path / "other.py").write_text("")
    invoke(started("import other\ndef handler(event, context): return 1"))
    assert not list(tmp_path.rglob("*.pyc"))


def test_a_stopped_environment_leaves_no_process_even_in_the_midst_of_an_invocation(started, tmp_path):
    environment = started("""
        import os, pathlib, time
        def handler(event, context):
            pathlib.Path(event).write_text(str(os.getpid()))
            time.sleep(60)
    """)
    running = tmp_path / "running"
    with ThreadPoolExecutor() as pool:
        under_way = pool.submit(invoke, environment, str(running))
        assert wait_until(lambda: running.exists() and running.read_text())
        environment.stop()
        error, outcome = under_way.result(timeout=5)
    assert outcome.failed
    assert error["errorType"] == "Runtime.ExitError"
    assert not alive(int(running.read_text()))


def test_a_function_ends_with_the_process_that_started_it_even_if_that_is_killed(tmp_path):
    (tmp_path / "function.py").write_text(
        "import os, pathlib, time\n"
        f"pathlib.Path({str(tmp_path)!r}, 'running').write_text(str(os.getpid()))\n"
        "def handler(event, context): time.sleep(60)\n"
    )
    code = f"""
        import threading
        from pathlib import Path
        from infra.localstack.process_executor.environment import Environment, Function, Invocation
        function = Function("function.handler", Path({str(tmp_path)!r}), "1", 60, 128, {{}})
        environment = Environment(function, Path({str(LAMBDA_PYTHON)!r}))
        environment.start()
        print("started", flush=True)
        environment.invoke(Invocation("1", "arn", b"null"))
    """
    parent = subprocess.Popen([sys.executable, "-c", dedent(code)], cwd=ROOT, stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout.readline() == b"started\n"
        function = int((tmp_path / "running").read_text())
        assert alive(function)
        parent.kill()
    assert wait_until(lambda: not alive(function))
