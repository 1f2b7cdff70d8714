"""Logs with loguru: its default text, coloured or not, or serialize=True."""

import sys

from loguru import logger

how = sys.argv[1]
logger.remove()
logger.add(sys.stderr, level="TRACE", colorize=how == "color", serialize=how == "json")


def main():
    logger.trace("entering")
    logger.debug("loading model from {}", "model.joblib")
    logger.bind(request_id="7f3a", duration_ms=12.5).info("2 rows scored")
    logger.success("model is warm")
    logger.warning("feature AGE is missing, using the median")
    try:
        int("n/a")
    except ValueError:
        logger.exception("request 7f3b failed")
    logger.critical("two lines:\nthe second line")


main()
