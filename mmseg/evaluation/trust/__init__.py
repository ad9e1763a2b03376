"""Reliability: whether a network knows when it is wrong (docs/trust.md)."""
