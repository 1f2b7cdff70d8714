"""Where messages go: Slack and e-mail. Both take a message, or raise; no error shows an address that is secret."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import orjson

from functions.alerts.messages import Words
from functions.pipeline.connection import Connection, Server
from functions.pipeline.errors import ConfigError, PermanentError, TransientError

if TYPE_CHECKING:
    import smtplib
    import ssl
    from collections.abc import Callable
    from email.message import EmailMessage

    from functions.alerts.messages import Message
    from functions.alerts.options import AlertOptions
    from functions.pipeline.errors import TrilogError

_TIMEOUT = 10.0  # seconds, for connecting and for each answer
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500
_TLS_PORT = 465  # of submission with TLS from the beginning (RFC 8314)
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}  # https://api.slack.com/reference/surfaces/formatting#escaping


class Place(Protocol):
    """Somewhere that people look."""

    @property
    def name(self) -> str:
        """What was told there is remembered by this name."""

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            TransientError: it was not taken; a later run may do better.
            PermanentError: it never will be: the address or the sign-in is wrong.
        """


def open_places(options: AlertOptions, translate: Callable[[str], str]) -> list[Place]:
    """Return the places that are configured.

    Raises:
        ConfigError: one of them lacks something, or the file of a secret cannot be read.
    """
    words, places = Words(translate, options.runbooks_url), list[Place]()
    if options.slack_url or options.slack_url_file:
        places.append(Slack(options.slack_url or _address_in(options.slack_url_file), words))
    if options.email_to:
        places.append(Mail(options, words))
    return places


class Slack:
    """An incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks)."""

    name = "slack"

    def __init__(self, address: str, words: Words) -> None:
        self._words = words
        parts = urlsplit(address)
        self._host, self._path = parts.netloc.rpartition("@")[2], parts.path or "/"
        self._path += f"?{parts.query}" if parts.query else ""
        self._server = Server(
            "Slack", f"{parts.scheme}://{parts.netloc}", None, {}, partial(_no_answer, self._host), _tls_context
        )

    def send(self, message: Message) -> None:
        """Send a message; see `Place.send`."""
        connection = Connection(self._server, _TIMEOUT)
        try:
            body, headers = orjson.dumps(self._content(message)), {"Content-Type": "application/json"}
            status = connection.request("POST", self._path, body, headers).status
        finally:
            connection.close()
        if status != _OK:
            raise _refused(self._host, status)

    def _content(self, message: Message) -> dict[str, object]:
        """Return what Alertmanager sends, too: nothing of a text is taken for a link, a mention or a format."""
        title = _escaped(self._words.title(message))
        attachment = {
            "title": title,
            "fallback": title,
            "text": _escaped(self._words.text(message, titles=False)),
            "color": _color(message),
            "mrkdwn_in": ["pretext"],
        }
        return {"attachments": [attachment]}


class Mail:
    """A mail server, which takes messages for others."""

    name = "email"

    def __init__(self, options: AlertOptions, words: Words) -> None:
        """Take whom to tell.

        Raises:
            ConfigError: something is missing for that.
        """
        self._options, self._words = options, words
        for value, variable in ((options.email_from, "ALERT_EMAIL_FROM"), (options.smtp_server, "ALERT_SMTP_SERVER")):
            if not value:
                raise ConfigError("ALERT_EMAIL_TO needs {variable} as well. Set it", variable=variable)
        self._host, _, self._port = str(options.smtp_server).rpartition(":")
        self._password = options.smtp_password or ""
        if options.smtp_user and not self._password:
            if not options.smtp_password_file:
                raise ConfigError(
                    "ALERT_SMTP_USER needs a password: set ALERT_SMTP_PASSWORD_FILE or ALERT_SMTP_PASSWORD"
                )
            self._password = _secret_in("ALERT_SMTP_PASSWORD_FILE", options.smtp_password_file)

    def send(self, message: Message) -> None:
        """Send a message; see `Place.send`."""
        import smtplib

        try:
            with self._connected() as server:
                if self._options.smtp_user:
                    server.login(self._options.smtp_user, self._password)
                server.send_message(self._content(message))
        except (smtplib.SMTPException, OSError) as error:
            raise _not_sent(str(self._options.smtp_server), error) from None  # an error may quote the sign-in

    def _connected(self) -> smtplib.SMTP:
        import smtplib

        if int(self._port) == _TLS_PORT:
            return smtplib.SMTP_SSL(self._host, _TLS_PORT, timeout=_TIMEOUT, context=_tls_context())
        server = smtplib.SMTP(self._host, int(self._port), timeout=_TIMEOUT)
        try:
            if self._options.smtp_tls == "true":
                server.starttls(context=_tls_context())
        except BaseException:
            server.close()
            raise
        return server

    def _content(self, message: Message) -> EmailMessage:
        from email.message import EmailMessage
        from email.utils import formatdate, make_msgid

        content = EmailMessage()
        content["Subject"] = self._words.subject(message)
        content["From"], content["To"] = self._options.email_from, self._options.email_to
        content["Date"], content["Message-ID"] = formatdate(), make_msgid(domain="trilog")
        content.set_content(self._words.text(message, titles=True))
        return content


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(each, each) for each in text)


def _color(message: Message) -> str:
    if not message.firing:
        return "good"
    return "danger" if message.firing[0].rule.severity == "critical" else "warning"


def _address_in(path: str | None) -> str:
    address = _secret_in("ALERT_SLACK_URL_FILE", path or "")
    if not address.startswith(("http://", "https://")):
        raise ConfigError("ALERT_SLACK_URL_FILE: {file} holds no address that starts with https://", file=path)
    return address


def _secret_in(variable: str, path: str) -> str:
    from pathlib import Path

    try:
        return Path(path).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(
            "{variable}: {file} cannot be read: {cause}", variable=variable, file=path, cause=cause
        ) from error


def _tls_context() -> ssl.SSLContext:
    import ssl

    return ssl.create_default_context()


def _no_answer(host: str, error: Exception) -> TrilogError:
    return TransientError(
        "Slack at {host} does not answer: {cause}. The alerts are told by the next run", host=host, cause=_cause(error)
    )


def _refused(host: str, status: int) -> TrilogError:
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return TransientError(
            "Slack at {host} takes no message now ({status}). The alerts are told by the next run",
            host=host,
            status=status,
        )
    return PermanentError(
        "Slack at {host} refuses the message ({status}). Check the address in ALERT_SLACK_URL_FILE or "
        "ALERT_SLACK_URL; a webhook that was removed has to be made anew",
        host=host,
        status=status,
    )


def _not_sent(server: str, error: Exception) -> TrilogError:
    """Make the error for an e-mail that was not taken: a sign-in or a receiver that is refused is so for good."""
    import smtplib
    import ssl

    wrong = (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError)
    if isinstance(error, wrong):
        return PermanentError(
            "{server} does not take e-mail as it is configured: {cause}. Check ALERT_SMTP_USER, its password and "
            "ALERT_SMTP_TLS",
            server=server,
            cause=_cause(error),
        )
    return TransientError(
        "{server} takes no e-mail now: {cause}. The alerts are told by the next run", server=server, cause=_cause(error)
    )


def _cause(error: Exception) -> str:
    """Return what an error says in one line; of an answer its code alone, for the text may quote what was sent."""
    code = getattr(error, "smtp_code", None)
    if code is not None:
        return str(code)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "verify_message", None) or getattr(error, "strerror", None) or type(error).__name__)
