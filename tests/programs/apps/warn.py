"""Warns as libraries do: on standard error, then through logging."""

import logging
import warnings

warnings.warn("X does not have valid feature names")
warnings.simplefilter("always")


def old():
    warnings.warn("predict_raw is deprecated", DeprecationWarning, stacklevel=2)


old()
logging.basicConfig()
logging.captureWarnings(True)
warnings.warn("overflow in exp", RuntimeWarning, stacklevel=1)
