"""`trilog queue-dead-letters`: the messages that the indexer gave up on: list them, and send them back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

from functions.cli.language import told
from functions.cli.tables import readable
from functions.local import LogsPipeline
from functions.pipeline.errors import PermanentError
from functions.pipeline.instants import instant
from functions.pipeline.wiring import open_queue

if TYPE_CHECKING:
    from argparse import Namespace


def list_first(given: Namespace, environment: dict[str, str]) -> int:
    """Print the oldest messages, each with the objects that it is about."""
    found = LogsPipeline(environment).given_up(given.n)
    for held, message in found:
        told_of = {
            "id": held.id,
            "received": held.received,
            "sent_at": instant(datetime.fromtimestamp(held.sent_ms / 1000, UTC)),
            "objects": [f"{drop.bucket}/{drop.key}" for drop in message.drops],
            "error": told(message.error) if message.error else None,
        }
        print(json.dumps({**told_of, "body": held.body}) if given.json else _described(told_of))
    if not found and not given.json:
        print(_("no messages in the dead letter queue"))
    return 0


def redrive(_given: Namespace, environment: dict[str, str]) -> int:
    """Send all the messages back to the indexer's queue; return 1 when SQS could not."""
    move = open_queue(environment).redrive()
    if move.going_on:
        print(_("{count} messages moved back so far; SQS goes on with the rest").format(count=move.moved))
        return 0
    print(_("{count} messages moved back: the indexer takes them again").format(count=move.moved))
    if move.status != "COMPLETED":
        raise PermanentError("SQS moves no more messages ({status}, {cause})", status=move.status, cause=move.failure)
    return 0


def _described(message: dict[str, Any]) -> str:
    about = message["objects"] or [message["error"] or _("about no object")]
    sent = message["sent_at"][:19].replace("T", " ")
    head = _("{id}, received {count} times, sent {time}").format(id=message["id"], count=message["received"], time=sent)
    return "\n  ".join((head, *map(readable, about)))
