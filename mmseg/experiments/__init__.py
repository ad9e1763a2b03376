"""Experiments as values: their fields, their names, their configs."""

from mmseg.experiments.fields import HRDA, Experiment, Masking
from mmseg.experiments.naming import run_stem
from mmseg.experiments.resolve import resolve
from mmseg.experiments.study import ConfigFile, Published, Row, Study, Table

__all__ = ["HRDA", "ConfigFile", "Experiment", "Masking", "Published", "Row", "Study", "Table", "resolve", "run_stem"]
