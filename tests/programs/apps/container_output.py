"""Writes what a container does: lines with and without a time, a traceback, and a line too long for a log driver."""

import logging
import sys

print("starting", file=sys.stderr)
logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
log = logging.getLogger("scoring.api")

log.info("loading model from model.joblib")
try:
    int("n/a")
except ValueError:
    log.exception("request 7f3b failed")
log.info("scored %s", list(range(int(sys.argv[1]))))
log.warning("feature AGE is missing")
