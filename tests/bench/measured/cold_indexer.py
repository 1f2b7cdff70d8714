"""A container's first invocation of the indexer: an object of one line. Runs beside a package, not beside this folder.

python cold_indexer.py KEY
"""

import sys

from functions.indexer.handler import handler  # the package's


def main(key: str) -> None:
    """Invoke the indexer with a notification of S3."""
    drop = {"bucket": {"name": "bench"}, "object": {"key": key}}
    event = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": drop}]}
    assert handler(event, None) == {"objects": 1}


main(sys.argv[1])
