"""What LocalStack finds by name: LAMBDA_RUNTIME_EXECUTOR=process and GATEWAY_SERVER=loopback."""

from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Runs Lambda functions as processes."""

    name = "process"

    def load(self, *_: object, **__: object) -> type:
        """Return the class of which LocalStack makes one for each execution environment."""
        from .executor import ProcessExecutor

        return ProcessExecutor


class LoopbackServerPlugin(RuntimeServerPlugin):
    """Listens where GATEWAY_LISTEN says."""

    name = "loopback"

    def load(self, *_: object, **__: object) -> RuntimeServer:
        """Return the server."""
        from .server import LoopbackServer

        return LoopbackServer()
