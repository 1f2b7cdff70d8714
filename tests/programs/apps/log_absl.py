"""Logs with absl, as TensorFlow's and JAX's tools do."""

from absl import app, logging


def main(argv):
    logging.set_verbosity(logging.DEBUG)
    logging.debug("loading model from %s", "model.joblib")
    logging.info("2 rows scored in 12.5 ms")
    logging.warning("feature AGE is missing, using the median")
    try:
        int("n/a")
    except ValueError:
        logging.exception("request 7f3b failed")
    logging.error("no such model")


app.run(main)
