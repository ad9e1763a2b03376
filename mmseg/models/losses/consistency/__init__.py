"""Losses of predictions that should agree."""
