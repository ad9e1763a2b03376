"""Importing this module registers all data sets and samplers."""

from mmseg.datasets import *  # noqa: F403
