"""Where a Kafka topic is, and how to sign in; apart from the clients, for a configuration is checked without them."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from functions.pipeline.config import Options, one_of, setting, text, whole
from functions.pipeline.errors import ConfigError

_PORT = 9092
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")  # what Kafka takes
_SERVER = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")


def _servers(value: str) -> str:
    """Take the addresses of brokers, separated by commas; a port that is left out is Kafka's own."""
    found = [_SERVER.fullmatch(each.strip()) for each in value.split(",")]
    if not all(found):
        raise ValueError("addresses of brokers such as host:9092, separated by commas")
    return ",".join(each[0] if each[2] else f"{each[0]}:{_PORT}" for each in found if each)


def _topic(value: str) -> str:
    if not _TOPIC.fullmatch(value.strip()) or value.strip() in {".", ".."}:
        raise ValueError("the name of a topic: letters, digits, dots, hyphens and underscores, 249 at most")
    return value.strip()


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9.-]{1,100}", value.strip()):
        raise ValueError("lower-case letters, digits, dots and hyphens, 100 at most")
    return value.strip()


class KafkaOptions(Options):
    """The brokers, the topic, the group that reads it, and the way in.

    `name` is what the topic's batches and cursors are called, with the number of the partition; `session_s` is after
    how many seconds a reader that died loses its partitions to others.
    """

    servers: str = setting("KAFKA_BOOTSTRAP_SERVERS", _servers, "")
    topic: str = setting("KAFKA_TOPIC", _topic, "ingestion-logs")
    group: str = setting("KAFKA_GROUP_ID", text, "ingestion-consumer-group")
    given_name: str | None = setting("KAFKA_SOURCE_NAME", _name, None)
    session_s: int = setting("KAFKA_SESSION_TIMEOUT", whole(1, 1800, "seconds"), 10)
    protocol: str = setting(
        "KAFKA_SECURITY_PROTOCOL", one_of("plaintext", "ssl", "sasl_plaintext", "sasl_ssl"), "plaintext"
    )
    mechanism: str = setting("KAFKA_SASL_MECHANISM", one_of("plain", "scram-sha-256", "scram-sha-512"), "plain")
    user: str | None = setting("KAFKA_SASL_USERNAME", text, None)
    password: str | None = setting("KAFKA_SASL_PASSWORD", str, None, secret=True)
    ca: str | None = setting("KAFKA_SSL_CA_LOCATION", text, None)
    certificate: str | None = setting("KAFKA_SSL_CERTIFICATE_LOCATION", text, None)
    key: str | None = setting("KAFKA_SSL_KEY_LOCATION", text, None)
    key_password: str | None = setting("KAFKA_SSL_KEY_PASSWORD", str, None, secret=True)

    @property
    def address(self) -> str:
        """The topic, as `at` reads it."""
        return f"kafka://{self.servers}/{self.topic}"

    def at(self, address: str) -> Self:
        """Return these options, changed by an address: `kafka://host:9092,other:9092/topic?group=GROUP&name=NAME`.

        What the address leaves out stays.

        Raises:
            ConfigError: it is not of that form. What is in it is not repeated, for it may hold a password.
        """
        try:
            return type(self)(**{**vars(self), **_given(address)})
        except ValueError as error:
            raise ConfigError(
                "--source: expected an address such as kafka://host:9092/topic?group=GROUP. A user and a password have "
                "variables of their own: KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD"
            ) from error


def _given(address: str) -> dict[str, str]:
    """Read what an address says; raise ValueError where it cannot be one of Kafka."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    found = {"servers": _servers(parts.netloc)}
    if parts.path.strip("/"):
        found["topic"] = _topic(unquote(parts.path.strip("/")))
    if "group" in query:
        found["group"] = query.pop("group")
    if "name" in query:
        found["given_name"] = _name(query.pop("name"))
    if query:
        raise ValueError
    return found
