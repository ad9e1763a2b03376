"""tools/prepare/priors.py: what it counts of source and target, and that its file corrects an evaluation."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch

from mmseg.apis import init_model
from mmseg.apis.preparing.images import images_of, labelled_images_of
from mmseg.apis.preparing.prior_picture import class_shares
from mmseg.apis.preparing.priors import count_target, label_counts, make_priors, source_of
from mmseg.datasets.statistics.class_priors import read_priors
from mmseg.engine.checkpoints.checkpoint import save_checkpoint
from mmseg.utils.errors import UserError
from tests import tiny
from tests.apis.data_config import data_config
from tools.prepare import priors

OPTIONS = {"min_pixels": 3, "as_drawn": False, "target_labels": False, "weights": "model"}


@pytest.fixture(scope="module")
def trained(tiny_data, tmp_path_factory):
    """(config, checkpoint) of a network that knows nothing."""
    cfg = data_config(tiny_data)
    method = init_model(cfg)
    path = tmp_path_factory.mktemp("run") / "latest.pth"
    save_checkpoint(path, {"state_dict": {f"model.{key}": value for key, value in method.model.state_dict().items()}})
    return cfg, path


def made(cfg, path, **options) -> dict:
    method, source = init_model(cfg, path), source_of(cfg)
    dataset = images_of(cfg, "target")
    return make_priors(cfg, method, path, dataset, source=source, options={**OPTIONS, **options}, command="a test")


def test_labels_and_predictions_are_counted(trained, capsys):
    cfg, path = trained
    content = made(cfg, path)
    source = source_of(cfg)
    pixels = np.stack([np.bincount(label[label < 255], minlength=19) for label in map(source.read_label, range(len(source)))])
    assert content["source"]["counts"] == (pixels > 3).sum(0).tolist()
    assert content["source"]["pixel_frequency"] == pytest.approx((pixels.sum(0) / pixels.sum()).tolist())
    method, dataset = init_model(cfg, path), images_of(cfg, "target")
    expected = np.zeros(19, int)
    with torch.no_grad():
        for index in range(len(dataset)):
            image = method.data_preprocessor.image(dataset[index]["image"][None])
            scores = method.model.encode_decode(image).softmax(1).exp().mean((2, 3)).log()[0]
            expected += (scores.numpy() > np.float32(content["source"]["pixel_frequency"])).astype(int)
    assert content["target"]["counts"] == expected.tolist()
    assert content["images"] == len(dataset) and content["digest"] is None and len(content["checkpoint"]) == 64


def test_labels_of_the_target_are_counted_where_it_has_some(trained):
    cfg, path = trained
    dataset = labelled_images_of(cfg, "val")
    options = {**OPTIONS, "target_labels": True}
    content = make_priors(cfg, init_model(cfg, path), path, dataset, source=source_of(cfg), options=options, command="a test")
    pixels = np.stack([np.bincount(label[label < 255], minlength=19) for label in map(dataset.read_label, range(len(dataset)))])
    assert content["target"]["counts"] == (pixels > 3).sum(0).tolist() and sum(content["target"]["counts"]) > 0


def test_source_images_count_as_often_as_they_are_drawn(trained):
    cfg, path = trained
    with pytest.raises(UserError, match="--as-drawn counts what class_aware_sampling draws"):
        made(cfg, path, as_drawn=True)
    sampled = cfg.copy()
    sampled.train_dataloader.dataset.pop("rare_class_sampling", None)
    sampled.train_dataloader.dataset.class_aware_sampling = {"draws": 10}
    content = made(sampled, path, as_drawn=True)
    assert content["source"]["images"] == 3000 and max(content["source"]["counts"]) <= 3000
    again = made(sampled, path, as_drawn=True)
    assert again["source"] == content["source"]


def test_a_network_of_other_classes_is_refused(trained):
    cfg, path = trained
    method = init_model(cfg, path)
    method.classes = ("road",) * 19
    with pytest.raises(UserError, match="The source has the classes road, sidewalk"):
        make_priors(cfg, method, path, images_of(cfg, "target"), source=source_of(cfg), options=OPTIONS, command="")


def test_nothing_is_kept_of_an_image(trained, monkeypatch):
    """K numbers, whatever the number of images."""
    cfg, path = trained
    dataset = images_of(cfg, "target")
    found = count_target(cfg, init_model(cfg, path), dataset, [0.0] * 19)
    assert found["counts"] == [len(dataset)] * 19 and len(found["sizes"]) == 1


def test_the_command_and_what_takes_its_file(trained, tiny_data, tmp_path):
    _, path = trained
    config = tmp_path / "config.py"
    config.write_text(f"_base_ = [{str(tiny.ROOT / tiny.CONFIG)!r}]\n")
    common = [str(config), str(path), *tiny.options(tiny_data)]
    out = tmp_path / "priors.json"
    assert tiny.run("tools/prepare/priors.py", *common, "--out", "priors.txt").returncode == 2
    done = tiny.run("tools/prepare/priors.py", *common, "--out", str(out), "--min-pixels", "3", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    priors = read_priors(out, num_classes=19)
    assert sum(priors.source) and sum(priors.target) and str(out) in done.stdout
    done = tiny.run("tools/test.py", *common, "--device", "cpu", "--prior-correction", str(out), "--out", str(tmp_path / "result.json"))
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["options"]["prior_correction"] == str(out)
    assert any("prior_priors" in file.name for file in (path.parent / "eval").glob("*.json"))


def test_a_picture_compares_what_is_counted(trained, tmp_path):
    """The shares of its bars, and a file."""
    cfg, path = trained
    method, dataset, labelled = init_model(cfg, path), images_of(cfg, "val"), labelled_images_of(cfg, "val")
    content = make_priors(cfg, method, path, dataset, source=source_of(cfg), options=OPTIONS, command="a test")
    content["source"]["counts"], content["target"]["counts"] = [1] * 19, [1] * 18 + [10**9]
    shares = class_shares(cfg, method, dataset, content, min_pixels=3, labelled=labelled)
    assert list(shares) == ["source", "target, by labels", "target, as in the file", "predictions", "predictions, corrected"]
    assert shares["source"] == [1 / len(source_of(cfg))] * 19
    assert shares["target, by labels"] == [count / len(labelled) for count in label_counts(labelled, 3)]
    expected = np.zeros(19)
    with torch.no_grad():
        for index in range(len(dataset)):
            labels = method.model.encode_decode(method.data_preprocessor.image(dataset[index]["image"][None])).argmax(1)
            least = 3 * labels.numel() / dataset[index]["native_size"].prod().item()
            expected += np.bincount(labels.numpy().ravel(), minlength=19) > least
    assert shares["predictions"] == (expected / len(dataset)).tolist()
    assert shares["predictions, corrected"] == [0.0] * 18 + [1.0], "the correction asks for the last class everywhere"
    assert list(class_shares(cfg, method, dataset, content, min_pixels=3, labelled=None))[1] == "target, as in the file"


def test_the_command_draws_it(trained, tiny_data, tmp_path, monkeypatch):
    _, path = trained
    words = [tiny.CONFIG, path, *tiny.options(tiny_data), "--out", tmp_path / "a.json", "--picture", tmp_path / "a.png"]
    words += ["--split", "val", "--min-pixels", 3, "--device", "cpu", "--target-labels"]
    monkeypatch.chdir(tiny.ROOT)
    monkeypatch.setattr(
        "sys.argv", ["priors.py", *map(str, words), "--split", "val", "--min-pixels", "3", "--device", "cpu", "--target-labels"]
    )
    priors.main.__wrapped__()
    assert cv2.imread(str(tmp_path / "a.png")).shape[2] == 3
    assert read_priors(tmp_path / "a.json").images == len(images_of(trained[0], "val"))
