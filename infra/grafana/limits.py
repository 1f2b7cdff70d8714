"""From where on figures are bad, as the alerts have it; see docs/ingestion-runs.md."""

FAILURE_RATE = 0.02
DURATION = CPU = 60.0  # seconds
MEMORY = 150.0 * (1 << 20)  # bytes
FRESHNESS = 75  # minutes since the last run
