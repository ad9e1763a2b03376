"""Which images something is prepared from, and in which size they are looked at."""

import pytest

from mmseg.apis.preparing.images import images_of
from mmseg.utils.errors import UserError
from tests.apis.data_config import data_config


def test_the_domains_of_a_training_in_the_size_of_its_crops(tiny_data):
    cfg = data_config(tiny_data, **{"train_dataloader.dataset.source_crop.img_scale": (96, 48)})
    target, source, val = (images_of(cfg, split) for split in ("target", "source", "val"))
    assert not (target.labelled or source.labelled or val.labelled)
    assert (len(target), len(source), len(val)) == (4, 6, 2)
    assert (target.test_scale, source.test_scale, val.test_scale) == ((128, 64), (96, 48), (128, 64))
    assert source[0]["image"].shape == (3, 48, 96) and source[0]["native_size"].tolist() == [64, 128]


def test_a_size_that_a_training_draws_is_that_of_an_evaluation(tiny_data):
    cfg = data_config(tiny_data)
    cfg.train_dataloader.dataset.target_crop.update(img_scale=(192, 96), ratio_range=(0.5, 1.5), interpolation="bicubic")
    target = images_of(cfg, "target")
    assert target.test_scale == (128, 64) and target.test_interpolation == "bilinear"
    del cfg.val_dataloader.dataset["test_scale"]
    assert images_of(cfg, "target").test_scale is None


def test_several_domains_have_a_size_each(tiny_data):
    cfg = data_config(tiny_data)
    dataset = cfg.train_dataloader.dataset
    both = [dataset.source.to_dict(), dataset.target.to_dict()]
    dataset.source = {"type": "SeveralDatasets", "datasets": both}
    assert [part.test_scale for part in images_of(cfg, "source").parts] == [(128, 64), (128, 64)]
    dataset.source_crop.img_scale = [(128, 64), (64, 32)]
    several = images_of(cfg, "source")
    assert [part.test_scale for part in several.parts] == [(128, 64), (64, 32)] and len(several) == 10


def test_a_folder_is_looked_at_in_the_size_of_an_evaluation(tiny_data):
    found = images_of(data_config(tiny_data), "target", tiny_data / "gta/images")
    assert len(found) == 6 and found.test_scale == (128, 64) and not found.labelled


@pytest.mark.parametrize(
    ("split", "text"),
    [("test", "--split test: the config has no test_dataloader."), ("target", "--split target: the training of the config has no target.")],
)
def test_images_that_a_config_has_not(tiny_data, split, text):
    cfg = data_config(tiny_data)
    cfg.train_dataloader.dataset.pop("target")
    with pytest.raises(UserError, match=f"{text} Use --images FOLDER, or another split"):
        images_of(cfg, split)
