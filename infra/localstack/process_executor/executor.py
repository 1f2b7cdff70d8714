"""LocalStack's side: one executor for each execution environment that LocalStack asks for."""

import os
import platform
import subprocess
from functools import cache
from pathlib import Path

from localstack import config
from localstack.aws.api.lambda_ import PackageType
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from .environment import Environment, Function, Invocation

_ADDRESS = "127.0.0.1"
_ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}


class ProcessExecutor(RuntimeExecutor):
    """One execution environment: a process on this machine.

    LocalStack keeps several at once for concurrent invocations, uses each again while it is warm, and stops it when
    it has been idle (LAMBDA_KEEPALIVE_MS), when the function changes, and at the end.
    """

    _environment: Environment | None = None

    def start(self, env_vars: dict[str, object]) -> None:
        """Start the process."""
        settings = self.function_version.config
        function = Function(
            handler=settings.handler,
            folder=Path(settings.code.get_unzipped_code_location()),
            version=self.function_version.id.qualifier,
            timeout_s=settings.timeout,
            memory_mb=settings.memory_size,
            variables={name: str(value) for name, value in env_vars.items()},
        )
        self._environment = Environment(function, _python())
        self._environment.start()

    def stop(self) -> None:
        """Stop the process and all that it started."""
        if self._environment:
            self._environment.stop()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run the function on one event."""
        invocation = Invocation(
            id=payload["invoke-id"],
            function_arn=payload["invoked-function-arn"],
            event=payload["payload"].encode(),
            trace=payload["trace-id"],
        )
        outcome = self._environment.invoke(invocation)
        return InvocationResult(invocation.id, outcome.body, is_error=outcome.failed, logs=outcome.log)

    def get_logs(self) -> str:
        """Return what the function printed since its last invocation ended."""
        return self._environment.printed() if self._environment else ""

    def get_address(self) -> str:
        """Return where the environment is, as LocalStack sees it."""
        return _ADDRESS

    def get_endpoint_from_executor(self) -> str:
        """Return where LocalStack is, as the function sees it: AWS_ENDPOINT_URL is made of it."""
        return _ADDRESS

    def get_runtime_endpoint(self) -> str:
        """Return where LocalStack would serve the runtime, if the environment did not do so itself."""
        return f"http://{_ADDRESS}:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unzip the code; refuse what cannot run here. LocalStack makes the reason the function's state."""
        settings = function_version.config
        if settings.package_type != PackageType.Zip or settings.layers:
            raise LambdaRuntimeException("The process executor runs zip packages without layers only")
        machine = _ARCHITECTURES.get(platform.machine(), platform.machine())
        _require("architecture", settings.architectures[0], machine)
        _require("runtime", settings.runtime, _runtime())
        settings.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Leave the unzipped code: another version may share it. LocalStack deletes it at the end."""


def _require(name: str, wanted: str, found: str) -> None:
    if wanted != found:
        raise LambdaRuntimeException(
            f"The function's {name} is {wanted}, and here processes run on {found}. Deploy it for {found}"
        )


def _python() -> Path:
    return Path(os.environ["LAMBDA_PYTHON"])


@cache
def _runtime() -> str:
    command = [_python(), "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 (ours)
