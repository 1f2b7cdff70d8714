"""Secrets that the environment only refers to: `ssm:NAME` (Parameter Store), `secretsmanager:NAME` (or an ARN).

A container asks for each once, and again after a server refused one: it may have been replaced. No error shows a
secret's value.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.pipeline.config import variables
from functions.pipeline.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

_SERVICES = ("ssm:", "secretsmanager:")
_TIMEOUT = 5  # seconds; a network that drops packets to the service must not use up the function's time
_PAUSE = 60  # seconds between two looks at secrets that are refused
_SERVER_ERROR = 500


def resolved(environment: Mapping[str, str], classes: Iterable[type[Any]]) -> dict[str, str]:
    """Return the environment with the values that its secret variables refer to.

    Args:
        environment: the variables, and AWS_REGION where something is referred to.
        classes: the options classes whose secret settings are looked at.

    Raises:
        ConfigError: references lead nowhere, or may not be followed; names all of them.
        TransientError: the service that keeps a secret does not answer now.
    """
    values, problems = dict(environment), dict[str, ConfigError]()
    for variable in sorted({each.name for each in variables(classes) if each.secret}):
        reference = values.get(variable, "").strip()
        if not reference.startswith(_SERVICES):
            continue
        try:
            values[variable] = _secret(reference, environment.get("AWS_REGION"))
        except ConfigError as error:
            problems[variable] = ConfigError("{variable}: {cause}", variable=variable, cause=error)
        except TransientError as error:
            raise TransientError("{variable}: {cause}", variable=variable, cause=error) from error
    if problems:
        a_line_each = "\n".join(f"{{{variable}}}" for variable in problems)
        raise ConfigError(a_line_each, **problems)
    return values


def forget() -> None:
    """Ask for every secret anew, the next time that it is needed."""
    _secret.cache_clear()


class Renewal:
    """Secrets that a server refuses may have been replaced: they are asked for again, at most once a minute."""

    def __init__(self) -> None:
        self._next = time.monotonic()

    def due(self) -> bool:
        """Forget all secrets, unless that was done within the last minute; return whether it was done now."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _PAUSE
        forget()
        return True


@cache  # for the container's life; errors are not kept
def _secret(reference: str, region: str | None) -> str:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

    service, _, name = reference.partition(":")
    try:
        return _asked(service, name, region)
    except ClientError as error:
        raise _refused(reference, error) from error
    except (KeyError, NoCredentialsError, NoRegionError) as error:
        cause = ConfigError("it is not a text") if isinstance(error, KeyError) else error
        raise ConfigError("{reference} cannot be read: {cause}", reference=reference, cause=cause) from error
    except BotoCoreError as error:
        raise TransientError("{reference}: no answer: {cause}", reference=reference, cause=error) from error


def _asked(service: str, name: str, region: str | None) -> str:
    """Ask the service for a secret; raise what its client raises, and KeyError for one that is not a text."""
    import boto3  # type: ignore[import-untyped]  # slow to import, and only functions on AWS have references
    from botocore.config import Config  # type: ignore[import-untyped]

    config = Config(connect_timeout=_TIMEOUT, read_timeout=_TIMEOUT, retries={"mode": "standard"})
    client = boto3.client(service, region_name=region, config=config)
    try:
        if service == "ssm":
            return str(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        return str(client.get_secret_value(SecretId=name)["SecretString"])
    finally:
        client.close()


def _refused(reference: str, error: ClientError) -> ConfigError | TransientError:
    code = error.response["Error"]["Code"]
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR or "Throttl" in code:
        return TransientError("{reference}: refused for now ({code})", reference=reference, code=code)
    return ConfigError(
        "{reference} cannot be read ({code}). Correct the name, or let the function's role read it",
        reference=reference,
        code=code,
    )
