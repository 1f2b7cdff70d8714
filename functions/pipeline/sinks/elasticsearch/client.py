"""The official client, over the sink's own connection."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from functions.pipeline.connection import Connection
from functions.pipeline.sinks.elasticsearch.failures import not_elasticsearch, refused, words
from functions.pipeline.sinks.elasticsearch.server import server_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elastic_transport import ApiError, BaseNode
    from elasticsearch import Elasticsearch

    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions

_TIMEOUT = 60.0  # seconds for one answer: a search or a deletion may take longer than a bulk request


@contextmanager
def open_client(options: ElasticsearchOptions) -> Iterator[Elasticsearch]:
    """Open the client for as long as the context lasts.

    Raises:
        ConfigError: the client is not installed.
        TransientError: the server does not answer, or cannot for now; also from within the context.
        PermanentError: it refuses the credentials or a request, or is no Elasticsearch; also from within the context.
    """
    try:
        from elastic_transport import NodeConfig, TransportError
        from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError
    except ModuleNotFoundError as error:
        from functions.pipeline.extras import not_installed

        raise not_installed("elasticsearch") from error

    node = NodeConfig("http", "the-connection-knows", 1)  # where it really goes, `_node` knows
    try:
        with Elasticsearch([node], node_class=_node(Connection(server_of(options), _TIMEOUT))) as client:
            yield client
    except (UnsupportedProductError, TransportError) as error:
        raise not_elasticsearch(options, error) from error
    except ApiError as error:
        raise refused(options, error.meta.status, _reason(error)) from error


def _reason(error: ApiError) -> str:
    body: Any = error.body
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return words(body["error"])
    return error.message


def _node(connection: Connection) -> type[BaseNode]:
    """Make the class through which the client sends its requests over our connection.

    So there is one way to trust a server and to sign in, one set of errors, and plain JSON: the client's own content
    types name its major version, which an older server that we support (8.19) refuses.
    """
    from elastic_transport import ApiResponseMeta, BaseNode, HttpHeaders, TransportApiResponse

    class Node(BaseNode):
        _CLIENT_META_HTTP_CLIENT = ("hc", "1")

        def perform_request(self, method: str, target: str, body: bytes | None = None, *_: object, **__: object) -> Any:  # noqa: ANN401 (the class that it should be is not public; this one has the same fields)
            response = connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
            headers = HttpHeaders(response.headers)
            meta = ApiResponseMeta(response.status, "1.1", headers, 0.0, self.config)
            return TransportApiResponse(meta, response.body)

        def close(self) -> None:
            connection.close()

    return Node
