"""Study 110 on made-up streets and photographs: every row runs, small."""

from pathlib import Path

import numpy as np
import pytest

from experiments import STUDIES
from mmseg.apis.checking.data import check_data
from mmseg.apis.launching.rows import row_configs, small_rows
from mmseg.apis.launching.smoke import smoke
from mmseg.datasets.base import class_info
from mmseg.datasets.choosing.labeled import drawn, number_of
from mmseg.datasets.conversion.camvid import CAMVID
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.kinds.camvid import CAMVID_CLASSES
from tests.datasets.toy import write_png

STUDY = STUDIES[110]
HEIGHT, WIDTH = 90, 120
TRAIN_IDS = [*range(19), 255]
"""Of the labels of streets."""


def stripes(ids: list[int]) -> np.ndarray:
    return np.ascontiguousarray(np.tile(np.repeat(np.uint8(ids), WIDTH // len(ids)), (HEIGHT, 1)))


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """data/streets and data/camvid below the working folder."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)

    def photograph() -> np.ndarray:
        return random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)

    for number in range(3):
        write_png(tmp_path / f"data/streets/streets/images/{number:05}.png", photograph())
        write_png(tmp_path / f"data/streets/streets/labels/{number:05}.png", np.full((HEIGHT, WIDTH), 7, np.uint8))
        write_png(tmp_path / f"data/streets/streets/labels/{number:05}_labelTrainIds.png", stripes(TRAIN_IDS))
    for split in ("train", "val"):
        for number in range(2):
            write_png(tmp_path / f"data/camvid/{split}/{split}_{number}.png", photograph())
            write_png(tmp_path / f"data/camvid/{split}annot/{split}_{number}.png", stripes([*range(12)]))
    convert_dataset(root=tmp_path / "data/camvid", raw=CAMVID, nproc=1)
    return tmp_path / "data"


def test_every_row_runs(data, capsys):
    assert smoke(small_rows(STUDY, [], 0)) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in printed[:-1]] == [["works", address] for address in STUDY.rows]
    assert printed[-1].startswith("10 of 10 trainings work")


def test_the_data_check_finds_nothing_but_their_number(data):
    (((_, cfg),),) = [row_configs(STUDY.rows["real.4"], 0).values()]
    report, _ = check_data(cfg)
    assert {finding.kind for finding in report.findings} == {"file count"} and not report.fatal
    source, *_ = report.splits
    per_class = WIDTH // len(TRAIN_IDS) * HEIGHT * 3
    counts = {name: pixels // per_class for name, pixels in source.class_pixels.items()}
    assert counts == dict(zip(CAMVID_CLASSES, [1, 2, 1, 1, 1, 2, 2, 1, 4, 1, 3], strict=True))


def test_all_rows_have_the_classes_of_camvid_and_the_normalisation_of_the_weights():
    for row in STUDY.rows.values():
        ((_, cfg),) = row_configs(row, 0).values()
        assert class_info(cfg.train_dataloader.dataset.source)["classes"] == CAMVID_CLASSES
        assert len(cfg.uda.source_class_weight) == cfg.model.decode_head.num_classes == 11
        assert cfg.uda.data_preprocessor.mean == [127.0] * 3 and cfg.uda.data_preprocessor.std == [128.0] * 3


def test_only_adaptation_sees_photographs_without_labels():
    for row in STUDY.rows.values():
        ((_, cfg),) = row_configs(row, 0).values()
        target = cfg.train_dataloader.dataset.get("target")
        assert (target is None) == (cfg.uda.type in ("SourceOnly", "TargetOnly"))
        assert ("ann_dir" in (target or {})) == ("labeled" in (target or {})) == ("labeled" in cfg.uda)


def test_rows_of_few_labels_have_18_and_37_photographs_in_common():
    shares = []
    for number in range(7, 11):
        ((_, cfg),) = row_configs(STUDY.rows[f"real.{number}"], 0).values()
        dataset = cfg.train_dataloader.dataset
        shares.append((dataset.target or dataset.source).labeled)
    assert shares == [0.05, 0.05, 0.1, 0.1] and [number_of(share, 367, "") for share in shares[1:3]] == [18, 37]
    assert set(drawn(367, 18, 0)) < set(drawn(367, 37, 0))
