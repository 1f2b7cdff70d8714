"""`python -m functions`, also installed as `trilog`: the pipeline on one machine."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; return the exit code."""
    try:
        from functions.cli import main as run
    except ModuleNotFoundError as error:
        print(f"✗ {error.name} not installed. Run: pip install trilog", file=sys.stderr)  # noqa: T201 (nobody else can)
        return 2
    return run()


if __name__ == "__main__":
    sys.exit(main())
