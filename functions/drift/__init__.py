"""Drift: how far a model's inputs and outputs are from those that it was trained on, on a schedule."""
