"""Checkpoints: files, and how weights find their networks."""
