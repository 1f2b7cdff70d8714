"""The indexer on AWS Lambda, in a package that has what writes protobuf: with PIPELINE_SINK=traces it sends traces."""

from functions.indexer.handler import handler

__all__ = ["handler"]
