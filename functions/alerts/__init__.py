"""Alerts without Prometheus: its rules on the indexes, and messages to people."""
