"""Odd files, built by code, and what has to become of each: the right values or one line."""
