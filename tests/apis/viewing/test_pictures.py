"""Pictures of predictions, and photographs of one's own."""

import base64
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmseg.apis.predicting.inference import inference_model, init_model, mean_outputs
from mmseg.apis.viewing import photographs
from mmseg.apis.viewing.pictures import WIDEST, ids_png, photo_jpeg, predicted_pictures, shares_png, small
from tests.apis.exporting.test_window import config as export_config
from tests.cli.failures import refusal
from tests.cli.test_predict import tiny_config
from tests.models.networks import plain


@pytest.fixture(scope="module")
def hrda():
    """Random weights; windows of 64x64, detail windows of 32x32."""
    return init_model(tiny_config())


def photo(height: int = 64, width: int = 128) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def values(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.mode) == ("PNG", "P")
        return np.array(image)


def test_all_that_hrda_says(hrda):
    label = np.full((64, 128), 255, np.uint8)
    prediction, pictures = predicted_pictures(hrda, photo(), label)
    assert list(pictures) == ["photo", "label", "prediction", "context", "detail", "attention", "confidence"]
    expected = {branch: inference_model(hrda, photo(), branch=branch) for branch in ("LR", "HR")}
    assert np.array_equal(values(pictures["prediction"]), inference_model(hrda, photo()).labels)
    assert np.array_equal(values(pictures["context"]), expected["LR"].labels)
    assert np.array_equal(values(pictures["detail"]), expected["HR"].labels)
    attention = mean_outputs(hrda, photo(), ["ATT"])["ATT"][0].numpy()
    assert np.abs(values(pictures["attention"]) / 255 - attention.clip(0, 1)).max() <= 0.51 / 255
    assert np.abs(values(pictures["confidence"]) / 255 - prediction.confidence).max() <= 0.51 / 255
    assert np.array_equal(values(pictures["label"]), label)


def test_a_plain_network_without_a_label():
    model = init_model(export_config(plain()))
    assert list(predicted_pictures(model, photo())[1]) == ["photo", "prediction", "confidence"]


def test_large_pictures_become_small_and_small_ones_stay():
    wide = np.zeros((300, 4 * WIDEST), np.uint8)
    wide[:, 2 * WIDEST :] = 200
    assert small(wide, cv2.INTER_NEAREST).shape == (75, WIDEST) and small(wide[:4, :5], cv2.INTER_AREA).shape == (4, 5)
    assert small(np.zeros((4 * WIDEST, 1, 3), np.uint8), cv2.INTER_AREA).shape == (WIDEST, 1, 3)
    assert set(np.unique(values(ids_png(wide, [(0, 0, 0)])))) == {0, 200}
    shares = np.tile(np.linspace(0, 1, 4 * WIDEST), (8, 1))
    assert np.abs(values(shares_png(shares))[0] / 255 - np.linspace(0, 1, WIDEST)).max() < 0.01


def test_colours_of_a_photo():
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    with Image.open(io.BytesIO(photo_jpeg(red))) as image:
        assert np.abs(np.array(image).astype(int) - red).max() < 10


def encoded(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, pixels[..., ::-1])[1].tobytes()


def test_a_photograph(hrda):
    answer = photographs.predict_photo(hrda, encoded(photo()))
    head, _, text = answer["pictures"]["prediction"].partition(",")
    expected = inference_model(hrda, photo())
    assert head == "data:image/png;base64" and np.array_equal(values(base64.b64decode(text)), expected.labels)
    assert answer["pictures"]["photo"].startswith("data:image/jpeg;base64,") and "label" not in answer["pictures"]
    assert answer["confidence"] == pytest.approx(100 * expected.confidence.mean())


def test_a_large_photograph_is_made_smaller(monkeypatch):
    monkeypatch.setattr(photographs, "WIDEST", 32)
    assert photographs.decode_photo(encoded(photo())).shape == (16, 32, 3)
    assert np.array_equal(photographs.decode_photo(encoded(photo(16, 32))), photo(16, 32))


BROKEN = [
    b"",
    b"no image",
    b"<svg onload=alert(1)>",
    encoded(photo())[:500],
    encoded(photo(), ".jpg")[:300],
    b"%PDF-1.7",
    b"\x89PNG\r\n\x1a\n",
]


@pytest.mark.parametrize("data", BROKEN)
def test_a_broken_photograph_is_one_line(hrda, data):
    line = refusal(lambda: photographs.predict_photo(hrda, data))
    assert line.startswith("The photograph is ") and "\n" not in line


def test_photographs_that_are_too_small_or_too_large(hrda, monkeypatch):
    assert "The photograph cannot be predicted" in refusal(lambda: photographs.predict_photo(hrda, encoded(photo(8, 1600))))
    monkeypatch.setattr(photographs, "MAX_PIXELS", 1000)
    assert "has 128x64 pixels" in refusal(lambda: photographs.predict_photo(hrda, encoded(photo())))


def test_the_config_says_what_deep_images_mean(hrda, monkeypatch):
    deep = cv2.imencode(".png", np.full((64, 64), 2**11, np.uint16))[1].tobytes()
    assert "what of it is black and white is not known" in refusal(lambda: photographs.predict_photo(hrda, deep))
    cfg = Config(hrda.cfg.to_dict())
    cfg.val_dataloader.dataset.depth = 12
    monkeypatch.setattr(hrda, "cfg", cfg)
    assert "prediction" in photographs.predict_photo(hrda, deep)["pictures"]


def test_nothing_is_written(hrda, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photographs.predict_photo(hrda, encoded(photo()))
    assert not list(Path(tmp_path).rglob("*"))
