"""Advice about predictions of images and videos."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from mmseg.apis.predicting.any_image import read_rgb
from mmseg.apis.predicting.inference import Prediction, class_colors, init_model
from mmseg.apis.predicting.inference_modes import inference_config
from mmseg.apis.predicting.predict import output_paths
from mmseg.apis.predicting.sources import check_outputs, find_sources
from mmseg.structures.box import Box, blend_windows
from mmseg.visualization import video
from mmseg.visualization.colorize import write_palette_png
from tests.advice.command_lines import parsed
from tests.advice.following import advice
from tests.apis.exporting.test_window import config as export_config
from tests.models.networks import plain
from tools import predict as predict_tool

# Windows and pictures


def test_how_a_network_looks():
    cfg = Config({"model": {}})
    advice("Use 'same', 'whole' or 'slide'.", lambda: inference_config(cfg, "wide"))
    windows = {"crop_size": [64, 64], "stride": [32, 32]}
    for mode in ("same", "whole", "slide"):
        assert inference_config(Config({"model": {"test_cfg": {"mode": "slide", **windows}}}), mode)["mode"] in ("slide", "whole")
    advice(
        "Set model.test_cfg.crop_size and model.test_cfg.stride with --cfg-options, or use --inference-mode whole.",
        lambda: inference_config(cfg, "slide"),
    )
    assert inference_config(Config({"model": {"test_cfg": {"mode": "whole", **windows}}}), "slide")["stride"] == [32, 32]
    assert inference_config(cfg, "whole") == {"mode": "whole"}


def test_classes_of_another_data_set():
    cfg = export_config(plain())
    advice("Set val_dataloader.dataset to the data set of the training.", lambda: class_colors(cfg, 5))
    cfg.val_dataloader.dataset.classes = list("abcde")
    assert class_colors(cfg, 5)[0] == tuple("abcde")


RGB = np.zeros((4, 6, 3), np.uint8)


def test_forms_of_an_image(tmp_path):
    advice(
        "The image is a tensor of shape {}. Give a file, a PIL image, an array RGB [H, W, 3] or a tensor RGB [3, H, W]",
        lambda: read_rgb(torch.zeros(4, 6, 3)),
    )
    advice("The image is {}. Give a file, a PIL image, an array RGB [H, W, 3] or a tensor RGB [3, H, W]", lambda: read_rgb(None))
    advice(
        "The image is an array of {} {}. Give a file, a PIL image, an array RGB [H, W, 3] or a tensor RGB [3, H, W]",
        lambda: read_rgb(RGB[..., 0]),
    )
    advice(
        "The PIL image is empty, {}x{}. Give a file, a PIL image, an array RGB [H, W, 3] or a tensor RGB [3, H, W]",
        lambda: read_rgb(Image.new("RGB", (0, 4))),
    )
    Image.fromarray(RGB).save(tmp_path / "a.png")
    tensor = torch.from_numpy(RGB).permute(2, 0, 1)
    for image in (tmp_path / "a.png", Image.fromarray(RGB), RGB, RGB / 255, tensor, tensor / 255):
        assert np.array_equal(read_rgb(image), RGB)
    deep = np.full((4, 6), 1000, np.uint16)
    advice("more than 8 bits of an unknown range. Give floats from 0 to 1.", lambda: read_rgb(Image.fromarray(deep)))
    assert read_rgb(np.repeat(deep[..., None] / 65535, 3, 2)).shape == (4, 6, 3)
    low, high = advice(
        "The image holds floats from {} to {}, not from 0 to 1. Divide them by their range, or give uint8.",
        lambda: read_rgb(RGB.astype(np.float32) + 200),
    )
    assert float(low) == float(high) and read_rgb((RGB.astype(np.float32) + 200) / float(high)).max() == 255
    assert read_rgb((RGB.astype(np.float32) + 200).astype(np.uint8)).max() == 200


def test_names_of_predictions(tmp_path):
    prediction = init_model(export_config(plain()))
    made = SimpleNamespace(labels=RGB[..., 0], palette=prediction.palette)
    _, name = advice(
        "Predictions are written as PNG, and {} is called otherwise. Use {}.", lambda: Prediction.save(made, tmp_path / "a.jpg")
    )
    Prediction.save(made, name)
    assert Path(name).is_file()


def test_inputs(tmp_path):
    photo = tmp_path / "photos/a.png"
    photo.parent.mkdir()
    cv2.imwrite(str(photo), RGB)

    def find(*paths: Path):
        return lambda: find_sources(paths, [])[0]

    moved = tmp_path / "none.png"
    advice("Input {} does not exist. Check the path, or put the file there.", find(moved))
    shutil.copy(photo, moved)
    assert len(find(moved)()) == len(find(photo)()) == 1
    (tmp_path / "a.txt").write_text("")
    advice("is neither an image nor a video. Give folders, {}.", find(tmp_path / "a.txt"))
    assert len(find(photo.parent)()) == 1
    (tmp_path / "empty").mkdir()
    (kinds,) = advice("holds no image and no video{}. Give a folder with {}.", find(tmp_path / "empty"))[1:]
    assert ".png" in kinds and len(find(photo.parent)()) == 1
    twin = tmp_path / "more/a.png"
    shutil.copytree(photo.parent, twin.parent)
    advice(
        "would both be written to {}. Predict them into different --out folders.",
        lambda: output_paths(find(photo, twin)(), ["palette"], [], tmp_path / "out"),
    )
    for number, source in enumerate((photo, twin)):
        output_paths(find(source)(), ["palette"], [], tmp_path / f"out{number}")
    inside = tmp_path / "out/palette/a.png"
    shutil.copytree(photo.parent, inside.parent)

    def check(out: Path) -> None:
        sources = find(inside)()
        check_outputs(sources, output_paths(sources, ["palette"], [], out))

    advice("would replace the input {}. Choose another --out.", lambda: check(tmp_path / "out"))
    check(tmp_path / "other")


# Videos


@pytest.fixture
def drive(tmp_path) -> Path:
    """Three frames."""
    path = tmp_path / "drive.mp4"
    with video.video_file(path, 10.0) as append:
        for _ in range(3):
            append(np.zeros((64, 128, 3), np.uint8))
    return path


def frames(path: Path):
    return lambda: list(video.read_frames(path))


def test_videos(tmp_path, drive, monkeypatch):
    path = tmp_path / "none.mp4"
    advice("{} is no file. Correct the path, or put a video there.", frames(path))
    shutil.copy(drive, path)
    assert len(frames(path)()) == len(frames(drive)()) == 3
    path.write_bytes(b"no video")
    advice("{} is not a readable video. Copy it again, or convert it to an MP4 with H.264.", frames(path))
    shutil.copy(drive, path)
    assert len(frames(path)()) == 3
    broken = tmp_path / "line\nbreak.mp4"
    shutil.copy(drive, broken)
    advice("is not UTF-8, or holds a line break. Rename it.", frames(broken))
    assert len(frames(broken.rename(tmp_path / "line break.mp4"))()) == 3
    capture = SimpleNamespace(isOpened=lambda: True, get=lambda _: 0, grab=lambda: False, release=lambda: None)
    with monkeypatch.context() as patch:
        patch.setattr(video.cv2, "VideoCapture", lambda _: capture)
        advice("holds no frame that can be decoded. Copy it again, or convert it to an MP4 with H.264.", frames(path))
    assert len(frames(path)()) == 3


def test_an_opencv_that_writes_no_videos(tmp_path, monkeypatch):
    def write() -> None:
        with video.video_file(tmp_path / "out.mp4", 10.0) as append:
            append(np.zeros((64, 128, 3), np.uint8))

    with monkeypatch.context() as patch:
        nothing = SimpleNamespace(isOpened=lambda: False, open=lambda *_: False, release=lambda: None)
        patch.setattr(video.cv2, "VideoWriter", mock.Mock(return_value=nothing, fourcc=lambda *_: 0))
        advice("Use an opencv-python with FFmpeg, or --save palette.", write)
    write()
    args = parsed(predict_tool, "config.py latest.pth drive.mp4 --out out --save palette")
    assert predict_tool.kinds(args)["video_kinds"] == ["palette"]


# What callers of functions are told


def told(action) -> str:
    """The text of an error that no command of ours can meet."""
    with pytest.raises(ValueError) as caught:
        action()
    return str(caught.value)


def test_boxes_and_labels(tmp_path):
    (divisor,) = advice("Use a crop size and offset divisible by {}.", told(lambda: Box(0, 12, 4, 12).rescaled(1 / 8)))
    assert Box(0, 2 * int(divisor), int(divisor), 2 * int(divisor)).rescaled(1 / 8) == Box(0, 2, 1, 2)
    windows = torch.zeros(2, 1, 4, 4)
    advice(
        "Use a stride that is not larger than the window.", told(lambda: blend_windows(windows, [Box(0, 4, 0, 4), Box(0, 4, 5, 9)], 4, 9))
    )
    assert blend_windows(windows, [Box(0, 4, 0, 4), Box(0, 4, 4, 8)], 4, 8).shape == (1, 1, 4, 8)
    advice("Give train ids as uint8 [H, W].", told(lambda: write_palette_png(tmp_path / "a.png", RGB, [[0, 0, 0]])))
    write_palette_png(tmp_path / "a.png", RGB[..., 0], [[0, 0, 0]])
