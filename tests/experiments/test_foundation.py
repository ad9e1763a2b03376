"""Study 120: rows change what they are called after, students get their teachers, demo rows stay different, small rows run."""

import pytest
import torch

from experiments import STUDIES
from mmseg.apis.launching.rows import row_configs, small_rows
from mmseg.apis.launching.smoke import smoke
from mmseg.config.identity import digest
from mmseg.config.small.shrink import demo
from mmseg.engine.parts import build_method
from mmseg.models.uda import UDAMethod
from tests.experiments.test_real_photographs import data as photographs  # noqa: F401  a fixture

STUDY = STUDIES[120]
TUNINGS = {"full": "Full", "frozen": "Frozen", "LoRA": "LoRA", "Rein": "Rein", "SoMA": "SoMA"}


def last(address: str):
    return list(row_configs(STUDY.rows[address], 0).values())[-1][1]


def method(cfg) -> UDAMethod:
    with torch.device("meta"):
        return build_method(cfg)


def trained(built: UDAMethod) -> int:
    return sum(parameter.numel() for parameter in built.model.backbone.network.parameters() if parameter.requires_grad)


@pytest.mark.parametrize("address", [address for address in STUDY.rows if address.startswith(("uda.", "alone."))])
def test_a_row_trains_what_it_is_called_after(address):
    title = STUDY.rows[address].title.split(", ")[-1]
    cfg = last(address)
    built = method(cfg)
    assert type(built.model.backbone.tuning).__name__ == TUNINGS[title]
    assert (trained(built) == 0) == (title in ("frozen", "Rein")), "Rein has tokens beside the network"
    rates = [key for key in cfg.optim_wrapper.paramwise_cfg.custom_keys if key != "norm"]
    names = [name for name, value in built.named_parameters() if value.requires_grad]
    assert all(any(key in name for name in names) for key in rates), "a rate of nothing"


def test_students_are_taught_by_the_run_of_another_row():
    teacher = digest(last("uda.2"))
    (table,) = (table for table in STUDY.tables if table.key == "distilled")
    for row in table.rows:
        stages = row_configs(row, 0)
        assert digest(stages["teacher"][1]) == teacher and stages["student"][1].uda.distilled_from == "stage:teacher/checkpoint"


def test_demo_rows_differ_in_what_is_trained():
    """But for ViT-B and ViT-L, and DINOv2 and EVA-02, which become one."""
    for table, distinct in (("uda", 7), ("alone", 5)):
        small = [demo(last(address)) for address in STUDY.rows if address.startswith(f"{table}.")]
        assert len({digest(cfg) for cfg in small}) == distinct
        assert len({type(method(cfg).model.backbone.tuning) for cfg in small}) == 5
        assert all(cfg.train_dataloader.batch_size % cfg.get("micro_batches", 1) == 0 for cfg in small)


def test_photographs_are_those_of_study_110():
    shared = [row for row in STUDY.tables[-1].rows if row.shared_with == 110]
    assert [row.setup for row in shared] == [STUDIES[110].rows[f"real.{number}"].setup for number in (4, 8, 10)]
    cfg = last("camvid.4")
    assert trained(method(cfg)) == 0 and method(cfg).imnet_model is None


@pytest.mark.parametrize("rows", [["demo"], ["uda.4", "distilled.1"], ["alone.5"]], ids=lambda rows: rows[-1])
def test_small_rows_run(rows, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert smoke(small_rows(STUDY, rows, 0)) == 0, capsys.readouterr().err


def test_a_frozen_encoder_learns_from_photographs(photographs, capsys):  # noqa: F811
    assert smoke(small_rows(STUDY, ["camvid.4"], 0)) == 0, capsys.readouterr().err
