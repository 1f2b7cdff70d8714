"""Redaction: what the configuration names is hidden in a record before anything stores or shows it.

`rules` parses the configuration, `fields` finds values by the names of their fields, `patterns` finds them by their
form (`named_patterns` has the built-in ones), `escapes` and `literals` handle JSON within text, `replacements` makes
what is written instead.
"""

from functions.pipeline.redaction.matches import Matches
from functions.pipeline.redaction.redaction import NO_REDACTION, Redaction, RedactionOptions

__all__ = ["NO_REDACTION", "Matches", "Redaction", "RedactionOptions"]
