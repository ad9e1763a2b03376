"""Encoders that bring their facts: families, tokens, statistics."""
