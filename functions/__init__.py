"""Trilog: collect an ML service's logs, keep them as batches, index them three ways.

Two settings of the process make each start cheaper, above all those of functions.
"""

import gc

from functions.lazy import load_lazily

gc.set_threshold(50_000)  # what is imported is no garbage: to look for some is a thirtieth of a cold start
for _name in ("inspect", "ipaddress", "selectors"):  # a tenth of it: `dataclasses`, `urllib.parse` and `socket` import
    load_lazily(_name)  # these for what few ask of them
