"""The embedded default sink: one DuckDB file, a table for each kind of document.

`sink.py` writes, `indexes.py` administers and reads, `tables.py` derives the tables from the index templates, and
`database.py` opens the file: for one process at a time.
"""
