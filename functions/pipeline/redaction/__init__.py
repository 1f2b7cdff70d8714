"""Redaction: what the configuration names is hidden in a record before anything stores or shows it.

`fields` finds values by the names of their fields, `patterns` finds them by their form, `rules` reads the
configuration, `escapes` knows how JSON stands within text.
"""

from functions.pipeline.redaction.redaction import NO_REDACTION, Redaction, RedactionOptions

__all__ = ["NO_REDACTION", "Redaction", "RedactionOptions"]
