"""A function's own traces, by OpenTelemetry's SDK, which is imported when they are on, and only then."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FLUSH = 2000  # milliseconds at the end of an invocation for what takes traces; what is not sent by then is lost


class SdkTracing:
    """Sends spans over OTLP/HTTP; see `functions.pipeline.telemetry.Tracing`."""

    def __init__(self, service: str, url: str, headers: Mapping[str, str]) -> None:
        """Take whose spans they are, where they go, and the headers of each request.

        Raises:
            ConfigError: OpenTelemetry's SDK is not installed.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ModuleNotFoundError as error:
            raise ConfigError(
                "PIPELINE_TRACING is on, but {cause}. Install requirements-tracing.txt, or switch it off", cause=error
            ) from error
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}))
        exporter = OTLPSpanExporter(endpoint=url, headers=dict(headers))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("trilog")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, str], parent: str = "") -> Iterator[str]:
        """Open a span; one that ends with an error says which."""
        context = self._propagator.extract({"traceparent": parent}) if parent else None
        with self._tracer.start_as_current_span(name, context, attributes=dict(attributes)):
            carried: dict[str, str] = {}
            self._propagator.inject(carried)
            yield carried["traceparent"]

    def flush(self) -> None:
        """Send what has not been sent, within bounds."""
        self._provider.force_flush(_FLUSH)


@cache  # for the container's life: each has a thread of its own
def sdk_tracing(service: str, url: str, headers: tuple[tuple[str, str], ...]) -> SdkTracing:
    """Return the tracing of a service; see `SdkTracing`."""
    return SdkTracing(service, url, dict(headers))
