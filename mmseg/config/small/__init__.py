"""Configs shrunk for smoke tests and the demo domains."""
