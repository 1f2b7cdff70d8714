"""Where alerts are told: the variables that Alertmanager's script reads, and two with secrets themselves."""

from __future__ import annotations

from functions.pipeline.config import Options, http_url, one_of, setting, text


def _addresses(value: str) -> str:
    """Take addresses of e-mail, with commas between them."""
    parts = [each.strip() for each in value.split(",")]
    if not all("@" in each and each.isprintable() and " " not in each for each in parts):
        raise ValueError("addresses of e-mail, with commas between them")
    return ", ".join(parts)


def _server(value: str) -> str:
    """Take HOST:PORT."""
    host, _, port = value.strip().rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 (the last port)
        raise ValueError("HOST:PORT of a mail server")
    return value.strip()


class AlertOptions(Options):
    """Slack, e-mail, and how they are told. A secret is in a file, or in a variable that may refer to it."""

    slack_url: str | None = setting("ALERT_SLACK_URL", http_url, None, secret=True)
    slack_url_file: str | None = setting("ALERT_SLACK_URL_FILE", text, None)
    email_to: str | None = setting("ALERT_EMAIL_TO", _addresses, None)
    email_from: str | None = setting("ALERT_EMAIL_FROM", _addresses, None)
    smtp_server: str | None = setting("ALERT_SMTP_SERVER", _server, None)
    smtp_tls: str = setting("ALERT_SMTP_TLS", one_of("true", "false"), "true")
    smtp_user: str | None = setting("ALERT_SMTP_USER", text, None)
    smtp_password: str | None = setting("ALERT_SMTP_PASSWORD", text, None, secret=True)
    smtp_password_file: str | None = setting("ALERT_SMTP_PASSWORD_FILE", text, None)
    language: str = setting("ALERT_LANGUAGE", one_of("fr", "en"), "fr")
    runbooks_url: str | None = setting("RUNBOOKS_URL", http_url, None)

    @property
    def anybody(self) -> bool:
        """Whether somebody is to be told."""
        return bool(self.slack_url or self.slack_url_file or self.email_to)
