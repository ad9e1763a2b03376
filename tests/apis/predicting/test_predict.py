"""Photos, videos and counts behind tools/predict.py."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmseg.apis import init_model
from mmseg.apis.predicting.choices import KINDS
from mmseg.apis.predicting.inference import class_colors
from mmseg.apis.predicting.passes import Pass, counted_passes
from mmseg.apis.predicting.predict import Options, look_at
from mmseg.apis.predicting.sources import find_sources, read_photo
from mmseg.config.config import load_config
from mmseg.datasets.base import image_values
from mmseg.datasets.classes.names import CLASSES, PALETTE
from mmseg.structures import sliding_boxes
from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT
from mmseg.visualization.pictures.predictions import VALUE_PALETTE, prediction_panel, value_levels
from mmseg.visualization.video import read_frames, video_file, video_info

SMALL = {"model.hr_crop_size": (32, 32), "model.test_cfg.crop_size": (64, 64), "model.test_cfg.stride": (32, 32)}


def network(**changes):
    """An HRDA of random weights that sees images in their own size."""
    options = {"demo_data": None, "val_dataloader.dataset.test_scale": None, **SMALL, **changes}
    return init_model(load_config(ROOT / "configs/demo/demoHR2demoHR_hrda.py", options))


@pytest.fixture(scope="module")
def model():
    return network()


def photo(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def options(**changes) -> Options:
    return Options(**{"kinds": KINDS, "video_kinds": KINDS, "classes": CLASSES, "palette": PALETTE, **changes})


# Counts


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("size", [(64, 64), (96, 160), (72, 200)])
def test_passes_are_those_of_the_windows(size, batched):
    model = network(**{"model.test_cfg.batched_slide": batched})
    _, look = look_at(model, photo(*size), options(), ["palette"])
    padded = [-(-side // 8) * 8 for side in size]
    outer = sliding_boxes(*padded, (64, 64), (32, 32))
    details = {(box.y1 + y, box.x1 + x) for box in outer for y in (0, 16, 32) for x in (0, 16, 32)}
    contexts = [len(outer)] if batched else [1] * len(outer)
    assert look.passes == [Pass(crops, (32, 32)) for crops in (len(details), *contexts)]
    assert look.size == size


def test_counting_leaves_the_network_as_it_was(model):
    before = dict(vars(model.model))
    with pytest.raises(RuntimeError), counted_passes(model.model) as passes:
        model.model.inference(torch.zeros(1, 3, 64, 64))
        raise RuntimeError
    assert passes == [Pass(9, (32, 32)), Pass(1, (32, 32))]
    assert vars(model.model).keys() == before.keys() and not model.model.backbone._forward_pre_hooks


def test_a_panel_looks_once(model):
    _, alone = look_at(model, photo(66, 100), options(), ["palette"])
    pictures, look = look_at(model, photo(66, 100), options(), KINDS)
    assert look.passes == alone.passes and len(pictures) == len(KINDS)


def test_every_picture_has_the_size_of_the_photo(model):
    pictures, _ = look_at(model, photo(66, 100), options(), KINDS)
    assert list(pictures) == list(KINDS)
    assert {kind: pictures[kind][0].shape for kind in KINDS[:3]} == {"palette": (66, 100), "overlay": (66, 100, 3), "confidence": (66, 100)}
    attention, _ = look_at(model, photo(66, 100), options(branch="ATT"), ["attention"])
    assert list(attention) == ["attention"] and attention["attention"][0].shape == (66, 100)


def test_class_colours_come_from_the_data_set_of_the_config():
    cfg = load_config(ROOT / "configs/demo/demoHR2demoHR_hrda.py")
    assert class_colors(cfg, 19) == (CLASSES, PALETTE)
    with pytest.raises(UserError, match=r"CityscapesDataset has 19 classes, but the network 3\. Set val_dataloader"):
        class_colors(cfg, 3)
    cfg.val_dataloader.dataset.type = "Nowhere"
    with pytest.raises(UserError, match="'Nowhere' is not a registered dataset"):
        class_colors(cfg, 19)


# Files


def test_a_photo_is_turned_upright(tmp_path):
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:, :16, 0] = 255  # red at the left; turned by 90 degrees clockwise it is at the top
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored).save(tmp_path / "a.jpg", exif=exif, quality=95)
    upright = read_photo(tmp_path / "a.jpg")
    assert upright.shape == (32, 16, 3)
    assert upright[:12, :, 0].min() > 200 and upright[20:].max() < 50


def test_grey_and_16_bit_photos_are_read_as_rgb(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((4, 6), 70, np.uint8))
    cv2.imwrite(str(tmp_path / "deep.tif"), np.full((4, 6, 3), 70 * 257, np.uint16))
    values = image_values({"type": "FolderDataset", "depth": 16})
    for name in ("grey.png", "deep.tif"):
        assert (read_photo(tmp_path / name, values) == np.full((4, 6, 3), 70)).all()
    with pytest.raises(UserError, match=r"deep\.tif is a 16-bit RGB TIFF .* val_dataloader\.dataset"):
        read_photo(tmp_path / "deep.tif")


@pytest.mark.parametrize(("name", "codec"), [("a.webm", "VP80"), ("a.m4v", "mp4v"), ("A.M4V", "mp4v")])
def test_videos_of_browsers_and_cameras(tmp_path, name, codec):
    frames = [np.full((64, 128, 3), 40 * number, np.uint8) for number in range(5)]
    writer = cv2.VideoWriter(str(tmp_path / name), cv2.VideoWriter.fourcc(*codec), 10, (128, 64))
    if not writer.isOpened():
        pytest.skip(f"this OpenCV has no encoder for {codec}")
    for frame in frames:
        writer.write(frame)
    writer.release()
    (source,), left_out = find_sources([tmp_path])
    assert source.video and not left_out and video_info(source.path).frames == 5
    for (_, read), frame in zip(read_frames(source.path), frames, strict=True):
        assert np.abs(read.astype(int) - frame).max() < 8


def test_a_folder_that_links_to_itself_is_walked_once(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    sources, left_out = find_sources([tmp_path, tmp_path / "a.png"])
    assert [source.name for source in sources] == ["a"] and left_out == {"linking to a folder above": 1}


def test_sources_of_folders_and_files_are_named_by_their_place(tmp_path):
    for name in ("b.PNG", "city/a.jpeg", "city/a.json", "city/drive.MKV"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    sources, left_out = find_sources([tmp_path])
    assert [(source.name, source.video) for source in sources] == [("b", False), ("city/a", False), ("city/drive", True)]
    assert left_out == {".json": 1}
    assert [source.name for source in find_sources([tmp_path / "city" / "a.jpeg"])[0]] == ["a"]


# Videos


def ramp(count: int, height: int = 32, width: int = 48) -> list[np.ndarray]:
    return [np.full((height, width, 3), (200, 10 * index, 0), np.uint8) for index in range(count)]


def written(path: Path, frames: list[np.ndarray], rate: float = 10) -> Path:
    try:
        with video_file(path, rate) as append:
            for frame in frames:
                append(frame)
    except UserError as error:
        pytest.skip(f"no MPEG-4 encoder: {error}")
    return path


def test_frames_come_back_in_order_and_in_rgb(tmp_path):
    path = written(tmp_path / "a.mp4", ramp(9))
    assert video_info(path).frames == 9 and video_info(path).rate == pytest.approx(10)
    read = list(read_frames(path, every=4))
    assert [index for index, _ in read] == [0, 4, 8]
    for index, frame in read:
        assert np.abs(frame.reshape(-1, 3).mean(0) - (200, 10 * index, 0)).max() < 8
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_an_interrupted_video_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), video_file(tmp_path / "a.mp4", 10) as append:
        append(ramp(1)[0])
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_video_that_was_not_written_completely_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("mmseg.visualization.video.cv2.VideoWriter.write", lambda *_: None)
    with (
        pytest.raises(UserError, match=r"Cannot write .*a\.mp4: the video could not be written completely"),
        video_file(tmp_path / "a.mp4", 10) as append,
    ):
        append(ramp(1)[0])
    assert list(tmp_path.iterdir()) == []


# Panels


def test_values_are_levels_with_the_colours_of_a_heat_map():
    assert value_levels(np.array([[0, 0.5, 1.2]])).tolist() == [[0, 128, 255]]
    assert len(VALUE_PALETTE) == 256 and VALUE_PALETTE[255][0] > VALUE_PALETTE[255][2], "yellow at the top"


def test_a_panel_has_a_second_row_for_further_predictions():
    labels, sure = np.zeros((256, 256), np.uint8), np.ones((256, 256), np.float32)
    colors = {"palette": PALETTE, "classes": CLASSES}
    one = prediction_panel(photo(256, 256), {"prediction": labels}, sure, **colors)
    two = prediction_panel(photo(256, 256), {"fused": labels, "context": labels + 1, "detail": labels + 2}, sure, attention=sure, **colors)
    assert two.shape[1] >= one.shape[1] and two.shape[0] > one.shape[0] + 256
    assert not (one == PALETTE[1]).all(axis=2)[:280].any() and (two == PALETTE[1]).all(axis=2)[:580].sum() >= 256 * 256
