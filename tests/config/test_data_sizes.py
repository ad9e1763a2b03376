"""``scale`` and ``crop_size``: two variables of a config that decide all sizes of its data."""

import pytest
from mmengine.config import Config

from mmseg.config import load_config
from mmseg.config.data_sizes import resolve_sizes
from mmseg.utils.errors import UserError

CONFIG = "configs/hrda/gtaHR2csHR_hrda.py"


def sizes(cfg: Config) -> tuple:
    data = cfg.train_dataloader.dataset
    scales = data.source_crop.img_scale, data.target_crop.img_scale, cfg.val_dataloader.dataset.test_scale
    return (*map(tuple, scales), tuple(data.source_crop.crop_size), tuple(data.target_crop.crop_size))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ((2560, 1440), (2048, 1024), (2048, 1024), (1024, 1024), (1024, 1024))),
        ({"scale": 0.5, "crop_size": (512, 512)}, ((1280, 720), (1024, 512), (1024, 512), (512, 512), (512, 512))),
        ({"crop_size": [768, 896]}, ((2560, 1440), (2048, 1024), (2048, 1024), (768, 896), (768, 896))),
        # What a config says outright is not scaled.
        (
            {"scale": 0.75, "train_dataloader.dataset.source_crop.img_scale": (1920, 1080)},
            ((1920, 1080), (1536, 768), (1536, 768), (1024, 1024), (1024, 1024)),
        ),
    ],
    ids=["as it is", "half", "another crop", "own size"],
)
def test_two_variables_decide_all_sizes(options, expected):
    assert sizes(load_config(CONFIG, options)) == expected


def test_a_resolved_config_is_resolved_only_once(tmp_path):
    cfg = load_config(CONFIG, {"scale": 0.5, "crop_size": (512, 512)})
    cfg.dump(tmp_path / "config.py")
    again = load_config(tmp_path / "config.py")
    assert sizes(again) == sizes(cfg) and again.scale == 0.5


def test_one_size_per_source():
    crop = {"full_size": [(2560, 1440), (2560, 1520)]}
    cfg = Config({"scale": 0.5, "crop_size": (8, 8), "train_dataloader": {"dataset": {"source_crop": crop}}})
    assert resolve_sizes(cfg).train_dataloader.dataset.source_crop == {"img_scale": ((1280, 720), (1280, 760)), "crop_size": (8, 8)}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"scale": 0}, "scale=0 "),
        ({"scale": "half"}, "scale='half'"),
        ({"crop_size": 512}, "crop_size=512 "),
        ({"crop_size": (1.5, 2)}, "crop_size="),
    ],
)
def test_other_values_are_refused(options, named):
    with pytest.raises(UserError, match=named.replace("(", r"\(")):
        load_config(CONFIG, options)
