"""LocalStack's server on the address that GATEWAY_LISTEN names: its own would listen on all of the machine's."""

from localstack import config
from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.gateway import Gateway
from rolo.serving.twisted import TwistedGateway
from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint


class LoopbackServer(TwistedRuntimeServer):
    """The Twisted server, without TLS: nothing leaves the machine."""

    def register(
        self, gateway: Gateway, listen: list[config.HostAndPort], _ssl_creds: tuple[str, str] | None = None
    ) -> None:
        """Serve the gateway on each address."""
        for address in listen:
            endpoint = TCP4ServerEndpoint(reactor, address.port, interface=address.host)
            endpoint.listen(TwistedGateway(gateway)).addErrback(self._give_up)

    def _give_up(self, failure: object) -> None:
        raise SystemExit(f"LocalStack cannot listen: {failure}")
