"""Advice about class priors and pseudo-labels, and about the images that they are made from."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg.apis.predicting.inference import init_model
from mmseg.apis.preparing.images import images_of
from mmseg.apis.preparing.label_folder import new_header, open_folder
from mmseg.apis.preparing.priors import make_priors, source_of
from mmseg.utils.storage.files import write_json
from tests.advice.following import advice
from tests.apis.data_config import data_config
from tests.datasets.toy import write_png
from tests.models.networks import plain

CLASSES = ["road", "sky", "car", "tree", "pole"]


def label(*ids: int) -> np.ndarray:
    """Stripes of these classes."""
    return np.repeat(np.array(ids, np.uint8), 40 * 80 // len(ids)).reshape(40, 80)


@pytest.fixture
def source(tmp_path) -> Path:
    """A folder with one image and its label, which shows all classes."""
    write_png(tmp_path / "images/a.png", np.random.default_rng(0).integers(0, 256, (40, 80, 3), dtype=np.uint8))
    write_png(tmp_path / "labels/a.png", label(0, 1, 2, 3, 4))
    return tmp_path


@pytest.fixture
def cfg(source) -> Config:
    """A training on it, as far as what is prepared reads of one."""
    labelled = {
        "type": "FolderDataset",
        "images": str(source / "images"),
        "labels": str(source / "labels"),
        "classes": CLASSES,
        "ignore": [255],
    }
    target = {"type": "FolderDataset", "images": str(source / "images")}
    crop = {"img_scale": (80, 40), "crop_size": (32, 32)}
    loader = {"batch_size": 1, "num_workers": 0, "dataset": {**labelled, "test_scale": (80, 40)}}
    training = {"source": labelled, "target": target, "source_crop": crop, "target_crop": crop}
    return Config(
        {"model": plain(), "uda": {"type": "DACS"}, "seed": 0, "val_dataloader": loader, "train_dataloader": {"dataset": training}}
    )


def checkpoint(cfg: Config, path: Path, only: int | None = None) -> Path:
    """A network that knows nothing; it is sure of one class everywhere if that is given."""
    state = init_model(cfg).model.state_dict()
    if only is not None:
        state["decode_head.conv_seg.bias"][only] = 1e4
    torch.save({"state_dict": {f"model.{key}": value for key, value in state.items()}}, path)
    return path


def priors(cfg: Config, path: Path, **options: object) -> dict:
    """The content of a file of priors."""
    known = {"min_pixels": 3, "as_drawn": False, "target_labels": False, **options}
    method = init_model(cfg, path)
    return make_priors(cfg, method, path, images_of(cfg, "target"), source=source_of(cfg), options=known, command="a test")


# Images


def test_images_of_a_split_that_a_config_has_not(cfg, source):
    advice("the config has no test_dataloader. Use --images FOLDER, or another split.", lambda: images_of(cfg, "test"))
    cfg.train_dataloader.dataset.target = None
    advice("--split {}: the training of the config has no {}. Use --images FOLDER, or another split.", lambda: images_of(cfg, "target"))
    for split, folder in {"test": source / "images", "target": source / "images", "source": None, "val": None}.items():
        assert len(images_of(cfg, split, folder)) == 1


# Priors


def test_priors_without_a_source(cfg, tiny_data):
    advice("whose labels are counted. Use the config of a training.", lambda: source_of(Config({"val_dataloader": cfg.val_dataloader})))
    assert len(source_of(data_config(tiny_data))) == 6


def test_counts_of_what_a_training_draws(cfg, source):
    path = checkpoint(cfg, source / "a.pth")
    advice("which the config does not have. Leave it out.", lambda: priors(cfg, path, as_drawn=True))
    assert priors(cfg, path)["source"]["images"] == 1


def test_priors_of_other_classes(cfg, source):
    """The labels of the source are read as others than those of the validation, which are the network's."""
    path, other = checkpoint(cfg, source / "a.pth"), copy.deepcopy(cfg)
    other.train_dataloader.dataset.source.classes = CLASSES[::-1]
    (text,) = advice("{}. Use the config that it was trained with.", lambda: priors(other, path), file="preparing/priors.py")
    assert text == f"The source has the classes {', '.join(CLASSES[::-1])}, and the network {', '.join(CLASSES)}"
    assert priors(cfg, path)["classes"] == CLASSES


def test_a_source_that_shows_nothing(cfg, source):
    path = checkpoint(cfg, source / "a.pth")

    def refuse(min_pixels: int) -> None:
        advice("Use a lower --min-pixels, or correct its labels.", lambda: priors(cfg, path, min_pixels=min_pixels))

    refuse(640)
    assert priors(cfg, path, min_pixels=639)["source"]["counts"] == [1] * 5
    write_png(source / "labels/a.png", label(255))
    refuse(0)
    write_png(source / "labels/a.png", label(0, 4))
    assert priors(cfg, path, min_pixels=0)["source"]["counts"] == [1, 0, 0, 0, 1]


def test_a_target_that_shows_nothing(cfg, source):
    """A source of one class, and a network that has learned nothing else."""
    write_png(source / "labels/a.png", label(0))
    collapsed = checkpoint(cfg, source / "collapsed.pth", only=0)
    advice("No image of the target shows any class, so there is no prior. Use the checkpoint of", lambda: priors(cfg, collapsed))
    assert sum(priors(cfg, checkpoint(cfg, source / "a.pth"))["target"]["counts"])


def test_predictions_that_are_corrected_already(cfg, source):
    path = checkpoint(cfg, source / "a.pth")
    write_json(source / "priors.json", priors(cfg, path))
    torch.save({**torch.load(path, weights_only=True), "meta": {"rectified": True}}, source / "rectified.pth")
    advice(
        "{}: --prior-correction would correct it twice. Leave it out.",
        lambda: init_model(cfg, source / "rectified.pth", prior_correction=source / "priors.json"),
    )
    assert init_model(cfg, source / "rectified.pth").class_bias is None
    assert init_model(cfg, path, prior_correction=source / "priors.json").class_bias is not None


# Folders of pseudo-labels


def test_folders_of_other_pseudo_labels(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "a.pth")
    out = tmp_path / "out"

    def begin(folder: Path = out, **settings: object) -> dict:
        return open_folder(folder, new_header(tmp_path / "a.pth", CLASSES, ["a.png"], settings, "a test"))

    out.mkdir()
    (out / "notes.txt").touch()
    advice("holds files, but no {}: pseudo-labels were not begun there. Choose another folder.", begin)
    assert begin(tmp_path / "new") == begin(tmp_path / "new")
    (out / "notes.txt").unlink()
    begin(flip=False)
    (what,) = advice("holds pseudo-labels of {}. Choose another folder, or move this one elsewhere.", lambda: begin(flip=True))
    assert what == "other options (flip False, not True)"
    begin(tmp_path / "other", flip=True)
    out.rename(tmp_path / "elsewhere")
    begin(flip=True)
    assert json.loads((out / "header.json").read_text())["settings"] == {"flip": True}
