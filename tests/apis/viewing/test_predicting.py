"""The step that predicts the images of a run."""

import json

import pytest
import torch

from mmseg.apis.predicting.inference import init_model
from mmseg.apis.viewing import predicting
from mmseg.apis.viewing.files import RunFiles, read_index
from mmseg.config.config import load_config
from mmseg.utils.errors import UserError
from tests import tiny


@pytest.fixture
def prepared(tmp_path, tiny_data):
    """A folder with a network of random weights and no training, and its config."""
    cfg = load_config(tiny.ROOT / tiny.CONFIG, tiny.values(tiny_data))
    state = init_model(cfg).model.state_dict()
    torch.save({"state_dict": {f"model.{key}": value for key, value in state.items()}}, tmp_path / "latest.pth")
    (tmp_path / "config.py").write_text("")
    return RunFiles.find(tmp_path), cfg


def test_images_without_labels(prepared):
    files, cfg = prepared
    cfg.val_dataloader.dataset.ann_dir = None
    predicting.make_view(files, cfg, "cpu")
    index = read_index(files.run)
    assert index["metrics"] == {} and "label" not in index["kinds"] and index["made_of"] == files.state
    assert [image["mIoU"] for image in index["images"]] == [None, None]
    assert all(100 / 19 <= image["confidence"] <= 100 for image in index["images"])


def test_the_score_of_an_image_is_its_own(prepared):
    """Of two images, the scores of one alone do not depend on the other."""
    files, cfg = prepared
    predicting.make_view(files, cfg, "cpu")
    both = read_index(files.run)
    cfg.val_dataloader.dataset.first = 1
    predicting.make_view(files, cfg, "cpu")
    one = read_index(files.run)
    assert one["images"] == both["images"][:1] and one["metrics"]["mIoU"] == pytest.approx(one["images"][0]["mIoU"])
    assert both["metrics"] != one["metrics"] and json.dumps(both)


def test_an_interrupted_step_leaves_no_index(prepared, monkeypatch):
    files, cfg = prepared
    predicting.make_view(files, cfg, "cpu")
    see = predicting.see

    def breaks(model, dataset, number, scores):
        if number == 1:
            raise UserError("The second image is broken.")
        return see(model, dataset, number, scores)

    monkeypatch.setattr(predicting, "see", breaks)
    with pytest.raises(UserError, match="second image"):
        predicting.make_view(files, cfg, "cpu")
    assert read_index(files.run) is None and (files.run / "view/0000_photo.jpg").is_file()
