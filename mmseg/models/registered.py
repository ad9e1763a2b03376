"""Importing this module registers all networks and methods."""

from mmseg.models import *  # noqa: F403
