"""Trainings, evaluations and predictions with a user's own folders and classes."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg.apis import init_model
from mmseg.apis.evaluating.evaluate import evaluate, evaluation_loader
from mmseg.apis.predicting.inference import class_colors
from mmseg.apis.predicting.predict import Options, predict
from mmseg.apis.predicting.sources import find_sources
from mmseg.apis.training.train import train
from mmseg.config.config import load_config
from mmseg.utils.errors import UserError
from tests import tiny

CLASSES = {"binary": ["background", "vehicle"], "streets": ["road", "building", "vegetation", "sky", "person", "vehicle"]}
CROP = {"img_scale": (128, 64), "crop_size": (64, 64)}


def config(name: str, data, **changes):
    """A config of configs/own_data on the demo domains in ``data``, for two iterations."""
    source, target = data / "gta", data / "cityscapes"
    return load_config(
        tiny.ROOT / f"configs/own_data/{name}.py",
        {
            "train_dataloader.num_workers": 0,
            "train_dataloader.dataset.source.images": str(source / "images"),
            "train_dataloader.dataset.source.labels": str(source / "labels"),
            "train_dataloader.dataset.target.images": str(target / "leftImg8bit/train"),
            "train_dataloader.dataset.source_crop": CROP,
            "train_dataloader.dataset.target_crop": CROP,
            "train_dataloader.dataset.rare_class_sampling.min_pixels": 2,
            "val_dataloader.num_workers": 0,
            "val_dataloader.dataset.images": str(target / "leftImg8bit/val"),
            "val_dataloader.dataset.labels": str(target / "gtFine/val"),
            "val_dataloader.dataset.test_scale": (128, 64),
            "uda.self_training_start": 1,
            "train_cfg.max_iters": 2,
            "train_cfg.val_interval": 2,
            **changes,
        },
    )


@pytest.fixture(scope="module", params=CLASSES)
def trained(request, tiny_data, tmp_path_factory):
    """(name, config, run folder, what ``train`` returns)."""
    folder = tmp_path_factory.mktemp("runs") / request.param
    cfg = config(request.param, tiny_data, **{"train_dataloader.dataset.source.statistics_dir": str(folder.parent / "statistics")})
    return request.param, cfg, folder, train(cfg, folder)


def test_metrics_name_the_own_classes(trained):
    name, _, folder, result = trained
    assert result["iteration"] == 2
    assert [key.removeprefix("IoU.") for key in result["metrics"] if key.startswith("IoU.")] == CLASSES[name]
    (entry,) = json.loads((folder / "evaluations.json").read_text())
    assert list(entry["pseudo_share"]) == CLASSES[name]


def test_pictures_have_the_own_colours(trained):
    name, cfg, folder, _ = trained
    picture = cv2.cvtColor(cv2.imread(str(folder / "pictures/iter_000002.png")), cv2.COLOR_BGR2RGB)
    _, palette = class_colors(cfg, len(CLASSES[name]))
    colors = {tuple(color) for color in np.unique(picture.reshape(-1, 3), axis=0).tolist()}
    assert {tuple(color) for color in palette} <= colors, "the legend shows every class"


def test_the_written_config_trains_the_same(trained):
    """Keys of a label map are numbers in the file as well."""
    _, cfg, folder, _ = trained
    again = load_config(folder / "config.py")
    assert again.train_dataloader.dataset.source.to_dict() == cfg.train_dataloader.dataset.source.to_dict()


def test_evaluation_and_prediction(trained, tmp_path):
    name, cfg, folder, result = trained
    model = init_model(cfg, folder / "latest.pth")
    evaluation = evaluate(model, evaluation_loader(cfg), cfg.val_evaluator)
    assert evaluation.metrics["mIoU"] == pytest.approx(result["metrics"]["mIoU"], abs=1e-4)
    assert evaluation.confusion.shape == (len(CLASSES[name]),) * 2

    sources, _ = find_sources([next(Path(cfg.val_dataloader.dataset.images).rglob("*.png"))])
    classes, palette = class_colors(cfg, model.model.num_classes)
    options = Options(kinds=("palette", "panel"), video_kinds=(), classes=classes, palette=palette)
    list(predict(model, sources[0], options, tmp_path))
    with Image.open(tmp_path / "palette" / f"{sources[0].name}.png") as image:
        assert image.mode == "P" and np.asarray(image).max() < len(classes)
        assert image.getpalette()[: 3 * len(palette)] == [value for color in palette for value in color]


def test_another_number_of_outputs_is_one_error_before_anything_is_written(tiny_data, tmp_path):
    cfg = config("binary", tiny_data, **{"model.decode_head.num_classes": 19})
    with pytest.raises(UserError, match=r"model.decode_head.num_classes is 19, but .* 2 classes\. Set model.decode_head.num_classes=2"):
        train(cfg, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_class_that_no_source_label_shows_is_said_at_the_start(tiny_data, tmp_path):
    cfg = config("binary", tiny_data, **{"model.decode_head.num_classes": 3, "train_dataloader.dataset.rare_class_sampling": None})
    for dataset in (cfg.train_dataloader.dataset.source, cfg.val_dataloader.dataset):
        dataset.classes, dataset.palette = [*CLASSES["binary"], "boat"], None
        dataset.label_map = {**dataset.label_map, 99: "boat"}
    train(cfg, tmp_path / "run")
    (log,) = tmp_path.glob("run/*/*.log")
    said = [line for line in log.read_text().splitlines() if "No label of the source" in line]
    assert len(said) == 1 and said[0].endswith("has a pixel of: boat. No network learns these classes from it.")


def test_gta_and_synthia_to_cityscapes_with_shared_classes(tiny_layouts, tmp_path):
    """Two sources, each at its own scale, and one list of classes for three data sets."""
    classes = ["road", "building", "sky", "car"]
    cfg = config("binary", tiny_layouts)
    source = [
        {"type": "GTADataset", "data_root": str(tiny_layouts / "gta"), "ann_dir": "labels", "classes": classes},
        {"type": "SynthiaDataset", "data_root": str(tiny_layouts / "synthia"), "ann_dir": "GT/LABELS", "classes": classes},
    ]
    cfg.train_dataloader.dataset.source = {"type": "SeveralDatasets", "datasets": source}
    cfg.train_dataloader.dataset.source_crop.img_scale = [(128, 64), (160, 80)]
    cityscapes = {"data_root": str(tiny_layouts / "cityscapes"), "img_dir": "leftImg8bit/val", "ann_dir": "gtFine/val"}
    cfg.val_dataloader.dataset = {"type": "CityscapesDataset", **cityscapes, "classes": classes}
    cfg.model.decode_head.num_classes = 4
    result = train(cfg, tmp_path / "run")
    assert [key for key in result["metrics"] if key.startswith("IoU.")] == [f"IoU.{name}" for name in classes]
