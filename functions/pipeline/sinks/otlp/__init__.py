"""Traces, to whatever takes OTLP over HTTP (Jaeger, a collector): `sink.py` sends each transaction's spans.

`spans.py` makes the same spans of the same documents each time, with the same ids: a span that is sent again takes the
place of itself, and spans of one transaction belong together whichever batches they come from (docs/traces.md).
"""
