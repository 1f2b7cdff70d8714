"""Logs with `logging.basicConfig` and the format that is given, as a service does that scores requests."""

import logging
import sys

arguments = dict(zip(("format", "datefmt"), sys.argv[1:], strict=False))
logging.basicConfig(level=logging.DEBUG, **arguments)
log = logging.getLogger("scoring.api")

log.debug("loading model from %s", "model.joblib")
log.info("request 7f3a: 2 rows scored in 12.5 ms")
log.warning("feature AGE is missing, using the median")
try:
    int("n/a")
except ValueError:
    log.exception("request 7f3b failed")
log.critical("two lines:\nthe second line")
logging.info("from the root logger")
