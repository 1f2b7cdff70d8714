"""Times as programs write them, read into the instants that documents carry.

`spellings` has the spellings as regular expressions, `forms` those that a strptime-like format names, `dates` the
rules for dates that leave something open, `zones` the offsets of zones; `clock` reads the times of one log.
"""

from functions.pipeline.times.clock import Clock
from functions.pipeline.times.dates import day_first_in
from functions.pipeline.times.forms import form_regex
from functions.pipeline.times.spellings import TIME, ungrouped

__all__ = ["TIME", "Clock", "day_first_in", "form_regex", "ungrouped"]
