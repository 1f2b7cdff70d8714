"""Documents asked by SQL: DuckDB's, for it answers for the embedded index, and for what another one cannot answer."""
