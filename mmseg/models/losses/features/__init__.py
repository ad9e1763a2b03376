"""Losses of features against those of a frozen encoder."""
