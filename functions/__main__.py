"""`python -m functions`, also installed as `trilog`: the pipeline on one machine."""

from __future__ import annotations

import sys

from functions.cli import main

if __name__ == "__main__":
    sys.exit(main())
