"""Where OTLP is taken, and how to sign in there: by the variables of OpenTelemetry's own exporters.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from functions.pipeline.config import Options, one_of, setting, text
from functions.pipeline.errors import ConfigError

_PATH = "/v1/traces"


class OtlpOptions(Options):
    """The endpoint of traces, or that of all signals, with the headers; the service that records are of; own traces.

    What these hold is checked when traces are sent, not before: a machine may have them for other programs.
    """

    endpoint: str | None = setting("OTEL_EXPORTER_OTLP_ENDPOINT", text, None)
    traces_endpoint: str | None = setting("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", text, None)
    all_headers: str = setting("OTEL_EXPORTER_OTLP_HEADERS", text, "", secret=True)
    traces_headers: str = setting("OTEL_EXPORTER_OTLP_TRACES_HEADERS", text, "", secret=True)
    service: str = setting("OTEL_SERVICE_NAME", text, "unknown_service")
    tracing: str = setting("PIPELINE_TRACING", one_of("on", "off"), "off")

    @property
    def url(self) -> str:
        """Where requests go; raises ConfigError where that is not configured, or cannot be.

        The endpoint of all signals gets the path of traces; that of traces is taken as it is.
        """
        variable, url = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", self.traces_endpoint
        if url is None:
            variable = "OTEL_EXPORTER_OTLP_ENDPOINT"
            if self.endpoint is None:
                raise ConfigError("Nothing takes traces so far. Set {variable}", variable=variable)
            url = self.endpoint.rstrip("/") + _PATH
        if not _is_address(url):
            raise ConfigError(
                "{variable} is no address such as http://localhost:4318, of OTLP over HTTP; credentials stand in "
                "OTEL_EXPORTER_OTLP_HEADERS",
                variable=variable,
            )
        return url if urlsplit(url).path else f"{url}/"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of each request, by their names in small letters; raises ConfigError where they are none."""
        found = {}
        for pair in (self.traces_headers or self.all_headers).split(","):
            name, separator, value = (unquote(each).strip() for each in pair.partition("="))
            if pair.strip():
                found[name.lower()] = value
                if not (separator and _is_token(name) and value.isascii() and value.isprintable()):
                    raise ConfigError("OTEL_EXPORTER_OTLP_HEADERS is no list such as name=value,another=value")
        return found


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is not a number
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return known and plain and parts.username is None and not parts.query and not parts.fragment


def _is_token(name: str) -> bool:
    return bool(name) and name.isascii() and name.replace("-", "").replace("_", "").replace(".", "").isalnum()
