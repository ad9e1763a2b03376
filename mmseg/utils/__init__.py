"""Errors, files, locks, randomness, precision."""
