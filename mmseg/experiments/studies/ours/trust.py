"""Which adapted network can be trusted, on the demo domains (ours, not from a paper)."""

from __future__ import annotations

from mmseg.experiments import ConfigFile, Row, Study, Table
from mmseg.experiments.studies.ours.demo import DEMO, DEMO_METRICS

MIC = Row(title="MIC on HRDA", setup=ConfigFile(path="configs/demo/demoHR2demoHR_mic_hrda.py"))
*ADAPTED, ORACLE = DEMO.tables[0].rows

TRUST = Study(
    title="Demo domains: reliability, robustness and label-free choice of adapted networks, on a CPU",
    source="ours",
    tables=(Table(key="trust", title="demo source to demo target", metrics=DEMO_METRICS, rows=(*ADAPTED, MIC, ORACLE)),),
)
