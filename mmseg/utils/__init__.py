"""Configs, errors, files and randomness."""

from mmseg.utils.config import load_config

__all__ = ["load_config"]
