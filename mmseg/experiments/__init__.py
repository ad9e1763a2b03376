"""Experiments as values: their fields, their names, their configs."""

from mmseg.config.references import from_stage
from mmseg.experiments.fields import HRDA, Experiment, Masking
from mmseg.experiments.naming import run_stem
from mmseg.experiments.resolve import resolve
from mmseg.experiments.stages import Command, ConfigFile, Stage
from mmseg.experiments.study import Published, Row, Study, Table

__all__ = [
    "HRDA",
    "Command",
    "ConfigFile",
    "Experiment",
    "Masking",
    "Published",
    "Row",
    "Stage",
    "Study",
    "Table",
    "from_stage",
    "resolve",
    "run_stem",
]
