"""A container's first invocation of the collector, until it needs the Gradio client. Runs beside a package.

python cold_collector.py
"""

import sys

_CLIENT = {"gradio_client", "httpx", "huggingface_hub"}  # and what it is made of


class Needed(BaseException):
    """The Gradio client is needed."""


class Watch:
    """Ends the invocation where it is about to import the Gradio client."""

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        """Look at an import that Python is about to do."""
        if name in _CLIENT:
            raise Needed


def main() -> None:
    """Invoke the collector."""
    from functions.collector.handler import handler  # the package's

    sys.meta_path.insert(0, Watch())
    try:
        handler({}, None)
    except Needed:
        return
    raise SystemExit("the collector did not need the Gradio client")


main()
