"""Predictions agree: with their neighbours, over styles, and where blocks are hidden."""
