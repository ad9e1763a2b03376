"""Target images that are labelled: the data check reads them, and a study looks for them before it starts."""

import shutil
from dataclasses import replace

import pytest

from mmseg.apis.checking.browse import build_browser
from mmseg.apis.checking.data import check_data
from mmseg.apis.launching.needs import check_data as check_needed
from mmseg.config.config import load_config
from mmseg.config.small.shrink import demo
from mmseg.datasets.choosing.labeled import labeled_config
from mmseg.utils.errors import UserError
from mmseg.visualization.pictures.training_sample import draw_training_sample
from tests import tiny

FEW = {"train_dataloader.dataset.target.ann_dir": "gtFine/train", "train_dataloader.dataset.target.labeled": 2, "uda.labeled": {}}


@pytest.fixture
def cfg(tiny_data, tmp_path):
    data = shutil.copytree(tiny_data, tmp_path / "data")
    return load_config(tiny.ROOT / tiny.CONFIG, {**tiny.values(data), **FEW})


def labels(cfg) -> tuple[set, set]:
    """Files of the labelled images, and those of the others."""
    dataset = build_browser(cfg).dataset.labeled.data
    own = {dataset.label_path(index) for index in range(len(dataset))}
    return own, {*dataset.label_folder.rglob("*_labelTrainIds.png")} - own


def test_the_check_reads_the_labels_of_the_labelled_alone(cfg):
    report, _ = check_data(cfg)
    assert [split.name for split in report.splits] == ["source", "target", "labeled", "val"] and not report.fatal
    target, labeled = report.splits[1:3]
    assert (target.files, target.labelled) == (4, False) and (labeled.files, labeled.labelled, labeled.known) == (2, True, None)
    assert not [finding for finding in report.findings if finding.kind in ("label without image", "file count")]
    own, others = labels(cfg)
    for path in others:
        path.write_bytes(b"no image")
    assert not check_data(cfg)[0].fatal
    broken, missing = sorted(own)
    broken.write_bytes(b"no image")
    assert {(finding.split, finding.path) for finding in check_data(cfg)[0].findings if finding.fatal} >= {("labeled", str(broken))}
    missing.unlink()
    found = [finding for finding in check_data(cfg)[0].findings if finding.kind == "missing label"]
    assert [(finding.split, finding.path) for finding in found] == [("labeled", str(missing))]


def test_a_study_looks_for_the_labels(cfg):
    few = labeled_config(cfg.train_dataloader.dataset.target.to_dict())
    check_needed(few, None)
    sorted(labels(cfg)[0])[0].unlink()
    with pytest.raises(UserError, match="1 of 2 images have no label"):
        check_needed(few, None)


def test_a_sample_shows_the_labelled_crop(cfg):
    (sample,) = build_browser(cfg).samples(1)
    assert sample.labeled.image.shape == (64, 64, 3) and sample.labeled.label.shape == (64, 64)
    names, palette = [f"class {number}" for number in range(19)], [(number, 0, 0) for number in range(19)]
    with_row, without = (draw_training_sample(one, palette=palette, names=names) for one in (sample, replace(sample, labeled=None)))
    assert with_row.shape[0] > without.shape[0]


def test_a_list_is_a_share_in_the_demo():
    """Whose images have other names; a number stays."""
    few = demo(load_config(tiny.ROOT / "configs/few_labels/gtaHR2csHR_hrda_1_16.py"))
    assert few.train_dataloader.dataset.target.labeled == 1 / 16
    few = demo(load_config(tiny.ROOT / "configs/few_labels/gtaHR2csHR_hrda_1_16.py", {"train_dataloader.dataset.target.labeled": 9}))
    assert few.train_dataloader.dataset.target.labeled == 9
