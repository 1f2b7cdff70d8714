"""The indexer on functions-framework, in a package that has what writes protobuf; see `functions.indexer.main`."""

from functions.indexer.main import index

__all__ = ["index"]
