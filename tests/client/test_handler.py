"""What an application logs is sent with all its fields, and never by a way back into itself."""

from __future__ import annotations

import logging
import logging.config
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from trilog_client import TrilogHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.client.server import Ingest
    from trilog_client import Client

    Sent = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def root(client: Client) -> Iterator[logging.Logger]:
    """The root logger with the handler, as applications set it up."""
    logger = logging.getLogger()
    handler = TrilogHandler(client=client, application="shop")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.setLevel(level)
    logger.removeHandler(handler)


@pytest.fixture
def alone(client: Client) -> logging.Logger:
    """A logger that has the handler and no other: pytest's read records, too."""
    logger = logging.Logger("alone")  # noqa: LOG001 - so that pytest does not find it
    logger.addHandler(TrilogHandler(client=client))
    return logger


@pytest.mark.usefixtures("root")
def test_a_record_has_its_fields(sent: Sent):
    logging.getLogger("shop.basket").warning("%d items", 3, extra={"user": "u-1", "basket": {"a": 1}})
    (record,) = sent()
    assert abs(datetime.fromisoformat(record.pop("timestamp")) - datetime.now(UTC)) < timedelta(seconds=10)
    assert record.pop("line") > 0
    assert record.pop("process") > 0
    assert record == {
        "application_name": "shop",
        "log_level": "WARNING",
        "logger": "shop.basket",
        "message": "3 items",
        "module": "test_handler",
        "function": "test_a_record_has_its_fields",
        "thread": "MainThread",
        "user": "u-1",
        "basket": {"a": 1},
    }


def test_an_exception_is_sent_with_its_traceback(root: logging.Logger, sent: Sent):
    try:
        {}["boom"]
    except KeyError:
        root.exception("failed", stack_info=True)
    (record,) = sent()
    assert record["error_message"] == "'boom'"
    assert record["exc_info"].startswith("Traceback (most recent call last):")
    assert record["exc_info"].endswith("KeyError: 'boom'")
    assert record["stack_info"].startswith("Stack (most recent call last):")


def test_a_field_whose_name_is_taken_is_kept_beside(root: logging.Logger, sent: Sent):
    root.info("a", extra={"timestamp": "mine", "logger": "mine too", "free": 1})
    (record,) = sent()
    assert record["extra"] == {"timestamp": "mine", "logger": "mine too"}
    assert (record["logger"], record["free"]) == ("root", 1)


def test_arguments_that_do_not_fit_are_sent_beside_the_message(alone: logging.Logger, sent: Sent):
    alone.info("%d items", "three")
    assert sent()[0]["message"] == "%d items ('three',)"


def test_what_is_logged_while_a_record_is_read_is_left_out(alone: logging.Logger, sent: Sent):
    class Chatty:
        def __str__(self) -> str:
            alone.info("being read")
            return "chatty"

    alone.info("%s", Chatty(), extra={"value": Chatty()})
    alone.info("after")
    assert [record["message"] for record in sent()] == ["chatty", "after"]


@pytest.mark.usefixtures("root")
def test_what_the_client_says_itself_is_left_to_other_handlers(
    server: Ingest, client: Client, sent: Sent, caplog: pytest.LogCaptureFixture
):
    from tests.client.server import Answer

    server.answers.append(Answer(422))
    logging.getLogger("shop").info("dropped")
    assert client.flush(10)
    logging.getLogger("shop").info("kept")
    assert [record["message"] for record in sent()] == ["kept"]
    client.close()
    assert "were dropped" in caplog.text


def test_a_level_and_a_filter_hold(alone: logging.Logger, sent: Sent):
    (handler,) = alone.handlers
    handler.setLevel("ERROR")
    handler.addFilter(lambda record: "secret" not in record.getMessage())
    alone.warning("no")
    alone.error("secret")
    alone.error("yes")
    assert [record["message"] for record in sent()] == ["yes"]


def test_it_can_be_set_up_by_a_dictionary(client: Client, sent: Sent):
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"trilog": {"class": "trilog_client.TrilogHandler", "level": "INFO", "client": client}},
            "loggers": {"configured": {"handlers": ["trilog"], "level": "DEBUG"}},
        }
    )
    logging.getLogger("configured").debug("no")
    logging.getLogger("configured").info("yes")
    logging.getLogger("configured").handlers.clear()
    assert [record["message"] for record in sent()] == ["yes"]


def test_threads_log_together(root: logging.Logger, sent: Sent):
    def work(number: int) -> None:
        for each in range(200):
            root.info("%d-%d", number, each)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({record["message"] for record in sent()}) == 1000
