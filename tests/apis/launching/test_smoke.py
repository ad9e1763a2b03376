"""Rows of studies for two small iterations."""

import re
import tempfile

import numpy as np
import pytest
from mmengine.config import Config

from experiments import STUDIES
from mmseg.apis.launching import smoke
from mmseg.apis.launching.rows import row_configs
from mmseg.config.config import load_config
from tests import tiny
from tests.datasets.toy import position_image, write_png


@pytest.fixture
def data(tiny_data, monkeypatch):
    """The demo domains that are drawn already, and one thread."""
    monkeypatch.chdir(tiny.ROOT)
    monkeypatch.setattr(smoke, "DATA", tiny_data)


def broken(folder) -> tuple[str, dict[str, Config]]:
    path = folder / "broken.py"
    path.write_text(f"_base_ = [{str(tiny.ROOT / tiny.CONFIG)!r}]\nuda = dict(alfa=0.9)\n")
    return "broken", {"": load_config(path)}


def row(address: str, seed: int = 0, options: dict | None = None) -> tuple[str, dict[str, Config]]:
    """Of study 44."""
    found = STUDIES[44].rows[address]
    return found.title, {name: cfg for name, (_, cfg) in row_configs(found, seed, options).items()}


def test_each_distinct_row_is_trained_and_a_failure_stops_none(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "runs"))
    (tmp_path / "runs").mkdir()
    code = smoke.smoke({"a.1": broken(tmp_path), "7.6": row("7.6"), "5.3": row("5.3")})
    printed = capsys.readouterr()
    assert code == 1
    assert re.search(r"^failed  a\.1 +[\d.]+ s  broken$", printed.out, re.MULTILINE)
    assert re.search(r"^works   7\.6 +[\d.]+ s  \+ detail loss$", printed.out, re.MULTILINE)
    assert printed.out.endswith("1 of 2 trainings work; 1 rows repeat one.\n")
    assert printed.err == "        DACS got an unexpected option 'alfa'. Did you mean 'alpha'?\n"
    assert not list((tmp_path / "runs").iterdir())


def test_a_bug_shows_its_traceback(data, capsys, monkeypatch):
    monkeypatch.setattr(smoke, "train", lambda *_: 1 / 0)
    assert smoke.smoke({"7.6": row("7.6")}) == 1
    assert capsys.readouterr().err.endswith("ZeroDivisionError: division by zero\n")


def test_all_works(data, capsys):
    assert smoke.smoke({"7.2": row("7.2", 1, {"uda.blur": False})}) == 0
    assert "1 of 1 trainings work; 0 rows repeat one." in capsys.readouterr().out


def test_a_config_of_ones_own_is_tried_on_its_own_data(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(smoke, "make_demo_data", lambda *_: pytest.fail("no demo domain is needed"))
    for number in range(2):
        write_png(tmp_path / f"images/{number}.png", np.tile(position_image(number), (4, 4, 1)))
        write_png(tmp_path / f"labels/{number}.png", np.zeros(np.tile(position_image(number), (4, 4, 1)).shape[:2], np.uint8))
    labelled = {"images": str(tmp_path / "images"), "labels": str(tmp_path / "labels"), "classes": ["a", "b"]}
    own = tmp_path / "own.py"
    own.write_text(
        f"""_base_ = [{str(tiny.ROOT / tiny.CONFIG)!r}]
_labelled = dict(_delete_=True, type="FolderDataset", **{labelled!r})
_crop = dict(_delete_=True, img_scale=(1024, 512), crop_size=(256, 256))
_target = dict(_delete_=True, type="FolderDataset", images={labelled["images"]!r})
train_dataloader = dict(dataset=dict(source=_labelled, target=_target, source_crop=_crop, target_crop=_crop, rare_class_sampling=None))
val_dataloader = dict(dataset=_labelled)
val_evaluator = dict(_delete_=True, type="IoUMetric")
model = dict(decode_head=dict(num_classes=2))
uda = dict(source_class_weight=None)
"""
    )
    cfg = load_config(own)
    code = smoke.smoke({"own": ("own.py", {"": cfg})})
    printed = capsys.readouterr()
    assert code == 0 and "1 of 1 trainings work" in printed.out, printed.err


def test_options_that_a_small_network_does_without_are_compared_as_well(data, capsys):
    title, cfg = "styles", load_config("configs/dg/gta_daformer.py", {"model.backbone.style_hallucination_cfg.concentration_coeff": 0})
    assert smoke.smoke({"7.2": row("7.2", 1, {"model.backbone.drop_path": 0.1}), "shade.1": (title, {"": cfg})}) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "unexpected option 'drop_path'" in first
    assert second.strip() == "StyleHallucination: concentration_coeff is 0. It should be greater than 0."
