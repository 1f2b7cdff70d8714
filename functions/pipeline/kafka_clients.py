"""What every client of Kafka is told, and what its errors mean. The library itself is imported by whoever makes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.errors import ConfigError, PermanentError, TransientError, TrilogError

if TYPE_CHECKING:
    from functions.pipeline.kafka_options import KafkaOptions

SECONDS = 10.0  # that one answer of a broker may take
_QUIET = 0  # the library writes of nothing less to the standard error than that a system is unusable


def settings(options: KafkaOptions) -> dict[str, Any]:
    """Return the settings of the library that all clients share.

    Raises:
        ConfigError: no brokers are named, or a sign-in has no user or no password.
    """
    if not options.servers:
        raise ConfigError("KAFKA_BOOTSTRAP_SERVERS: not set; expected the address of a broker, such as localhost:9092")
    found = {
        "bootstrap.servers": options.servers,
        "client.id": "trilog",
        "security.protocol": options.protocol,
        "ssl.ca.location": options.ca,
        "ssl.certificate.location": options.certificate,
        "ssl.key.location": options.key,
        "ssl.key.password": options.key_password,
        "reconnect.backoff.max.ms": 1000,  # a broker that is back is found soon
        "log_level": _QUIET,
    }
    if options.protocol.startswith("sasl"):
        if not options.user or not options.password:
            raise ConfigError(
                "KAFKA_SECURITY_PROTOCOL asks for a sign-in; set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
            )
        found |= {"sasl.username": options.user, "sasl.password": options.password}
        found["sasl.mechanism"] = options.mechanism.upper()
    return {name: value for name, value in found.items() if value is not None}


def library() -> Any:  # noqa: ANN401 (a module)
    """Import confluent_kafka.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import confluent_kafka
    except ImportError as error:
        from functions.pipeline.extras import not_installed

        raise not_installed("confluent_kafka") from error
    return confluent_kafka


def meaning(error: Any, options: KafkaOptions, reason: str = "") -> TrilogError:  # noqa: ANN401 (a KafkaError)
    """Say what an error of the library means.

    Args:
        error: the library's KafkaError.
        options: of the client; secrets in them are not shown.
        reason: what the client said before, where the error itself only says that nothing is reached.
    """
    codes = type(error)
    values = {"address": options.address, "reason": _shown(reason or str(error.str()), options)}
    if error.code() in {codes._AUTHENTICATION, codes.SASL_AUTHENTICATION_FAILED, codes._SSL}:  # noqa: SLF001 (public)
        return PermanentError(
            "Kafka refuses the sign-in. Address: {address} ({reason}). Check KAFKA_SECURITY_PROTOCOL, "
            "KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and the KAFKA_SSL_… files.",
            **values,
        )
    refusals = {codes.TOPIC_AUTHORIZATION_FAILED, codes.GROUP_AUTHORIZATION_FAILED, codes.CLUSTER_AUTHORIZATION_FAILED}
    if error.code() in refusals:
        return PermanentError(
            "Kafka forbids this user the topic or the group. Address: {address} ({reason}). Ask for the rights "
            "that docs/kafka.md lists.",
            **values,
        )
    if error.code() in {codes.UNKNOWN_TOPIC_OR_PART, codes._UNKNOWN_TOPIC, codes._UNKNOWN_PARTITION}:  # noqa: SLF001
        return TransientError(
            "Kafka has no such topic yet. Address: {address} ({reason}). Check KAFKA_TOPIC, or create the topic.",
            **values,
        )
    return TransientError(
        "Cannot reach Kafka. Address: {address} ({reason}). Check KAFKA_BOOTSTRAP_SERVERS, and that the broker runs.",
        **values,
    )


def _shown(text: str, options: KafkaOptions) -> str:
    for secret in (options.password, options.key_password):
        text = text.replace(secret, "***") if secret else text
    return text
