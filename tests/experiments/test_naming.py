"""Run names are printed from fields, exactly as published."""

import json
from dataclasses import replace

import pytest

from experiments import STUDIES
from mmseg.experiments import HRDA, Experiment, Masking, run_stem
from tests.config.legacy.published_form import published
from tests.parity.records import reference_folder

DACS = Experiment(decoder="dlv2red", encoder="r101v1c")


def published_names() -> dict[int, list[str]]:
    """Names of the runs of every id; empty without the records."""
    folder = reference_folder()
    file = folder and folder / "experiments" / "mic_names.json"
    names: dict[int, list[str]] = {}
    for full, _ in published():
        number, _, name = full.partition("-")
        names.setdefault(int(number), []).append(name)
    if file and file.is_file():
        names |= {int(number): group for number, group in json.loads(file.read_text()).items()}
    return names


PUBLISHED = published_names()
OUR_TABLES = {50: ("daformer", "dlv2")}
"""Tables of a paper's study that are ours."""
REASON = "no folder experiments (set MMSEG_REFERENCE to the reference records)"


@pytest.mark.parametrize("number", sorted(PUBLISHED) or [pytest.param(None, marks=pytest.mark.skip(reason=REASON))])
def test_names_of_a_study_map_one_to_one(number):
    study = STUDIES[number]
    tables = [table for table in study.tables if table.key not in OUR_TABLES.get(number, ())]
    rows = [row for table in tables for row in table.rows if row.shared_with is None]
    own = [f"{run_stem(row.setup)}_s{seed}" for row in rows for seed in study.seeds]
    assert sorted(own) == sorted(PUBLISHED[number])


@pytest.mark.skipif(not PUBLISHED, reason=REASON)
def test_all_428_runs_are_there():
    others = {0, 60, 61, *range(65, 68), *range(70, 79), 110, 120, 130, 131}
    assert sum(map(len, PUBLISHED.values())) == 428 and set(PUBLISHED) == set(STUDIES) - others


@pytest.mark.parametrize(
    ("experiment", "name"),
    [
        (DACS, "gta2cs_dacs_dlv2red_r101v1c_poly10warm"),
        (replace(DACS, warm_up=False), "gta2cs_dacs_dlv2red_r101v1c_poly10"),
        (replace(DACS, rare_class_temperature=float("inf")), "gta2cs_dacs_rcsinf_dlv2red_r101v1c_poly10warm"),
        (replace(DACS, full_resolution=True, rare_class_temperature=0.01), "gtaHR2csHR_dacs_rcs001-20_dlv2red_r101v1c_poly10warm"),
        (replace(DACS, method="minent", distorted=True, optimizer="sgd"), "gtaCAug2cs_minent_dlv2red_r101v1c_poly10warm_sgd_00025_pmF"),
        (
            replace(DACS, hrda=HRDA(detail_crop=256, detail_loss=0, learned_attention=False, overlapping=False)),
            "gta2cs_dacs_hrda1-256-0-fixedatt-nooverlap_dlv2red_r101v1c_poly10warm",
        ),
        (replace(DACS, hrda=HRDA(scale=0.75)), "gta2cs_dacs_hrda1-512-01-sc075_dlv2red_r101v1c_poly10warm"),
        (
            replace(DACS, masking=Masking(block=32, alpha=0, threshold=None)),
            "gta2cs_dacs_m32-07-a0-pN-spta_dlv2red_r101v1c_poly10warm",
        ),
        (
            Experiment(source="cs", method="source-only", masking=Masking(domains="source", color_augmentation=False)),
            "cs2cs_dacs_srconly_m64-07-sps_segformer_mitb5_poly10warm",
        ),
        (
            Experiment(source=None, method="target-only", crop=128, sliding_test=True),
            "2cs_128x128_target-only_segformer_sl_mitb5_poly10warm",
        ),
    ],
)
def test_fields_print_as_published(experiment, name):
    assert run_stem(experiment) == name
