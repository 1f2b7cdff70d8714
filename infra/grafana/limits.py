"""From where on figures are bad, as the alerts have it: docs/ingestion-runs.md, docs/monitoring.md, docs/drift.md."""

FAILURE_RATE = 0.02
DURATION = CPU = 60.0  # seconds
MEMORY = 150.0 * (1 << 20)  # bytes
FRESHNESS = 75  # minutes since the last run

RESPONSE = 2.0  # seconds
SERVER_ERRORS, CLIENT_ERRORS = 0.05, 0.2  # of the requests: 5xx, 4xx
OBJECTIVE = 0.99  # of the requests, for availability and for latency
FAST_BURN = 14.4  # times as fast as the error budget allows
BUSY, FULL = 0.9, 0.85  # of processors and memory; of a file system
DRIFTED = 0.3  # of a model's features
