"""Elasticsearch, 8.19 or newer and 9: `sink.py` writes documents in bulk, `indexes.py` administers and reads.

The two share a connection of our own, not a client: writing is what a serverless function starts up for, and imports
next to nothing; the rest uses the official client over that connection.
"""
