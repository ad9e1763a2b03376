"""tools/predict.py as a user runs it: own images, folders, videos, and what is refused."""

import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmseg.apis import inference_model, init_model
from mmseg.config.config import load_config
from mmseg.config.options import OptionAction
from mmseg.datasets.classes.names import PALETTE
from tests import tiny
from tools import predict as predict_tool

PLAIN = "configs/demo/demo2demo_daformer.py"
PLAIN_OPTIONS = ["--cfg-options", "demo_data=None"]
OPTIONS = tiny.options(Path("nowhere"))  # predicting own images needs none of the config's data


def tiny_config():
    parsed = type("Parsed", (), {"cfg_options": {}})()
    OptionAction(["--cfg-options"], "cfg_options", nargs="+")(None, parsed, OPTIONS[1:])
    return load_config(tiny.ROOT / tiny.CONFIG, parsed.cfg_options)


@pytest.fixture(scope="module")
def model():
    """An HRDA of random weights; windows of 64x64, 32 apart, with detail windows of 32x32, 16 apart."""
    return init_model(tiny_config())


@pytest.fixture(scope="module")
def checkpoint(model, tmp_path_factory) -> Path:
    """The same as a file with student and, as its double, teacher."""
    path = tmp_path_factory.mktemp("checkpoint") / "latest.pth"
    state = model.model.state_dict()
    doubled = {f"ema_model.{key}": value * 2 if value.is_floating_point() else value for key, value in state.items()}
    torch.save({"state_dict": {f"model.{key}": value for key, value in state.items()} | doubled}, path)
    return path


def photo(height: int = 64, width: int = 128, seed: int = 0) -> np.ndarray:
    """A blurred picture, uint8 BGR."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def write_photo(path: Path, **shape: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), photo(**shape))
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three photos in nested folders, a file of another kind and a hidden one."""
    folder = tmp_path / "photos"
    write_photo(folder / "b.jpg", seed=1)
    write_photo(folder / "street" / "a.png", seed=2)
    write_photo(folder / "street" / "night" / "c.webp", seed=3, height=80, width=80)
    (folder / "street" / "notes.txt").write_text("rain")
    (folder / ".cache").write_text("")
    return folder


@pytest.fixture
def video(tmp_path) -> Path:
    """Seven frames at ten per second."""
    path = tmp_path / "drive.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (128, 64))
    if not writer.isOpened():
        pytest.skip("this OpenCV has no encoder for Motion JPEG")
    for seed in range(7):
        writer.write(photo(seed=seed))
    writer.release()
    return path


@pytest.fixture
def runs(monkeypatch, capsys, checkpoint, tmp_path):
    """Runs the command in this process into ``out``; returns its exit code and what it prints."""

    def run(*arguments, config=tiny.CONFIG, checkpoint=checkpoint, options=OPTIONS) -> tuple:
        monkeypatch.chdir(tiny.ROOT)
        command = ["predict.py", config, checkpoint, *arguments, "--out", tmp_path / "out", "--device", "cpu", *options]
        monkeypatch.setattr("sys.argv", [str(part) for part in command])
        with pytest.raises(SystemExit) as ended:
            predict_tool.main()
        return ended.value.code, capsys.readouterr()

    return run


@pytest.fixture
def predicts(runs):
    """The same without a failure; returns what the command prints."""

    def run(*arguments, **changes) -> str:
        code, printed = runs(*arguments, **changes)
        assert code == 0, printed.err
        return printed.out

    return run


@pytest.fixture
def refused(fails, checkpoint, tmp_path):
    """Runs a command that must fail without writing anything into ``out``; returns the error's line."""

    def run(*arguments, out=None) -> str:
        before = sorted((tmp_path / "out").rglob("*"))
        target = out or tmp_path / "out"
        line = fails(predict_tool.main, tiny.CONFIG, checkpoint, *arguments, "--out", target, "--device", "cpu", *OPTIONS)
        assert sorted((tmp_path / "out").rglob("*")) == before
        return line

    return run


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def ids(path: Path) -> np.ndarray:
    """The values of a palette PNG."""
    with Image.open(path) as image:
        assert image.mode == "P"
        return np.array(image)


def test_one_photo_in_a_process_of_its_own(model, checkpoint, tmp_path):
    path = write_photo(tmp_path / "a.png")
    done = tiny.run("tools/predict.py", tiny.CONFIG, str(checkpoint), str(path), "--out", str(tmp_path / "out"), *OPTIONS)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert files(tmp_path / "out") == ["overlay/a.png", "palette/a.png"]
    expected = inference_model(model, path).labels
    assert expected.shape == (64, 128)
    assert np.array_equal(ids(tmp_path / "out/palette/a.png"), expected)
    blended = photo() * 0.5 + np.array(PALETTE)[expected][..., ::-1] * 0.5
    assert np.abs(cv2.imread(str(tmp_path / "out/overlay/a.png")) - blended).max() <= 0.5
    assert f"Predicted 1 image: {tmp_path}/out/palette, {tmp_path}/out/overlay" in done.stdout


def test_a_folder_keeps_its_structure_and_tells_what_is_left_out(predicts, folder, tmp_path):
    printed = predicts(folder, "--save", "palette")
    assert files(tmp_path / "out") == ["palette/b.png", "palette/street/a.png", "palette/street/night/c.png"]
    assert "Files in the given folders that are left out: 1 .txt, 1 hidden\n" in printed
    assert "Predicted 3 images: " in printed


def test_a_disk_without_room_for_all_pictures(predicts, folder, tmp_path, filling_disk):
    assert f"{filling_disk} {tmp_path / 'out'}" in predicts(folder)


def test_results_inside_the_input_folder_are_not_predicted_again(predicts, folder, tmp_path):
    (tmp_path / "out").symlink_to(folder)
    for _ in range(2):
        printed = predicts(folder, "--save", "palette")
    assert files(folder / "palette") == ["b.png", "street/a.png", "street/night/c.png"]
    assert "3 earlier results" in printed
    assert np.array_equal(cv2.imread(str(folder / "street" / "a.png")), photo(seed=2)), "inputs stay as they are"


def test_passes_are_printed_once_for_each_size(predicts, folder, tmp_path):
    """128x64: 3 windows, each with 1 context crop, and 3 x 7 detail crops. 80x80, enlarged to 64x64: one window."""
    printed = predicts(folder, "--save", "palette")
    wide = "24 crops of 32x32 (0.02 megapixels) through the encoder in 2 passes"
    square = "10 crops of 32x32 (0.01 megapixels) through the encoder in 2 passes"
    lines = [line for line in printed.splitlines() if line.startswith("Images of")]
    assert lines == [f"Images of 128x64: {wide}", f"Images of 80x80: {square}"]


def test_panel_of_hrda_and_of_a_plain_network(predicts, tmp_path):
    path = write_photo(tmp_path / "a.png")
    printed = predicts(path, "--save", "panel", "confidence")
    assert "24 crops of 32x32" in printed, "one look for the four pictures"
    hrda = cv2.imread(str(tmp_path / "out/panel/a.png"))
    state = init_model(load_config(tiny.ROOT / PLAIN)).model.state_dict()
    torch.save({"state_dict": state}, tmp_path / "plain.pth")
    printed = predicts(path, "--save", "panel", config=PLAIN, options=PLAIN_OPTIONS, checkpoint=tmp_path / "plain.pth")
    plain = cv2.imread(str(tmp_path / "out/panel/a.png"))
    assert "1 crop of 256x128 (0.03 megapixels) through the encoder in 1 pass" in printed
    assert hrda.shape[1] == plain.shape[1] and hrda.shape[0] == plain.shape[0] + 288, "two rows of three tiles, or one"


def test_a_video_becomes_a_video(predicts, video, tmp_path):
    printed = predicts(video, "--every", 3)
    assert files(tmp_path / "out") == ["overlay/drive.mp4"]
    capture = cv2.VideoCapture(str(tmp_path / "out/overlay/drive.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10 / 3, rel=0.01)
    assert capture.read()[1].shape == (64, 128, 3)
    assert f"Predicted 3 frames of 1 video: {tmp_path}/out/overlay\n" in printed


def test_frames_of_a_video(predicts, video, tmp_path):
    predicts(video, write_photo(tmp_path / "drive.png"), "--save", "palette", "--every", 4)
    assert files(tmp_path / "out") == ["palette/drive.avi/000000.png", "palette/drive.avi/000004.png", "palette/drive.png"]


def test_a_video_that_ends_early_is_reported(predicts, video, tmp_path):
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    printed = predicts(video)
    done, missing = re.search(r"Predicted (\d+) frames? of 1 video: .*\nThe videos announced (\d+) frames? more", printed).groups()
    assert int(done) > 0 and int(missing) > 0 and int(done) + int(missing) == 7


def test_teacher_and_branches(predicts, model, tmp_path):
    path = write_photo(tmp_path / "a.png")
    predicts(path, "--save", "palette", "--hrda-out", "HR")
    assert np.array_equal(ids(tmp_path / "out/palette/a.png"), inference_model(model, path, branch="HR").labels)
    assert "Loaded ema_model (teacher)" in predicts(path, "--save", "confidence", "--weights", "ema_model")
    assert not np.array_equal(ids(tmp_path / "out/confidence/a.png"), np.round(inference_model(model, path).confidence * 255))
    predicts(path, "--hrda-out", "ATT")
    assert files(tmp_path / "out") == ["attention/a.png", "confidence/a.png", "palette/a.png"]


# What is refused


def test_inputs_that_are_no_inputs(refused, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("rain")
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "a.png") == f"Input {tmp_path}/a.png does not exist. Check the path, or put the file there."
    assert refused(text).startswith(f"Input {text} is neither an image nor a video. Give folders, images (.png")
    assert refused(tmp_path / "empty").startswith(f"Input {tmp_path}/empty holds no image and no video. Give a folder with")
    assert "video (other files there: 1). Give a folder" in refused(tmp_path)


def test_two_inputs_of_one_name(refused, tmp_path):
    paths = [write_photo(tmp_path / name) for name in ("a.png", "a.jpg")]
    expected = (
        f"{paths[0]} and {paths[1]} would both be written to {tmp_path}/out/palette/a.png. Predict them into different --out folders."
    )
    assert refused(*paths) == expected


def test_a_result_in_the_place_of_an_input(refused, tmp_path):
    path = write_photo(tmp_path / "out" / "overlay" / "a.png")
    assert refused(path) == f"The result of {path} would replace the input {path}. Choose another --out."


def test_out_is_a_file(refused, tmp_path):
    path = write_photo(tmp_path / "a.png")
    assert refused(path, out=path) == f"Cannot write to {path}: File exists. Choose another folder that is writable."


def test_a_broken_file_alone(refused, tmp_path):
    broken = tmp_path / "a.png"
    broken.write_bytes(write_photo(tmp_path / "whole.png").read_bytes()[:-20])
    assert refused(broken).startswith(f"{broken} is cut off")
    (tmp_path / "b.webm").write_bytes(b"no video")
    expected = f"{tmp_path}/b.webm is not a readable video. Copy it again, or convert it to an MP4 with H.264."
    assert refused(tmp_path / "b.webm") == expected


def test_bad_files_do_not_end_a_folder(runs, folder, tmp_path):
    """They are listed at the end, and the others are predicted as without them."""
    (folder / "a_first.png").write_bytes((folder / "street" / "a.png").read_bytes()[:-20])
    cv2.imwrite(str(folder / "strip.png"), photo(8, 1000)[:1])
    (folder / "bad.m4v").write_bytes(b"no video")
    (folder / "broken.jpg").symlink_to("absent")
    os.mkfifo(folder / "pipe.png")
    os.mkfifo(folder / "pipe.mkv")
    code, printed = runs(folder, "--save", "palette")
    assert code == 1
    assert files(tmp_path / "out") == ["palette/b.png", "palette/street/a.png", "palette/street/night/c.png"]
    assert "Predicted 3 images: " in printed.out
    first, *lines = printed.err.splitlines()
    assert first == "6 files could not be predicted:"
    expected = [
        ("a_first.png", "is cut off"),
        ("bad.m4v", "convert it to an MP4 with H.264"),
        ("broken.jpg", "Mend or remove this link"),
        ("pipe.mkv", "is no file"),
        ("pipe.png", "is no file, but a pipe"),
        ("strip.png", "cannot be predicted. MixVisionTransformer: an image of"),
    ]
    for line, (name, text) in zip(lines, expected, strict=True):
        assert str(folder / name) in line and text in line


def test_nothing_could_be_predicted(runs, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / "photos").mkdir(exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(b"")
    code, printed = runs(tmp_path / "photos")
    assert code == 1 and "Predicted 0 images" in printed.out and printed.err.count(" is empty (0 bytes)") == 2
    assert files(tmp_path / "out") == []


@pytest.mark.parametrize("name", [b"caf\xe9", b"two\nlines"], ids=["latin-1", "newline"])
def test_names_that_no_terminal_shows(model, checkpoint, tmp_path, name):
    """OpenCV, given such a name, ended the process with a segmentation fault."""
    path = write_photo(tmp_path / "a.png").rename(tmp_path / os.fsdecode(name + b".png"))
    done = tiny.run("tools/predict.py", tiny.CONFIG, str(checkpoint), str(path), "--out", str(tmp_path / "out"), *OPTIONS)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert np.array_equal(ids(tmp_path / "out/palette" / path.name), inference_model(model, path).labels)
    assert Image.open(tmp_path / "out/overlay" / path.name).size == (128, 64)


def test_a_video_of_such_a_name(refused, video):
    renamed = video.rename(video.with_name(os.fsdecode(b"caf\xe9.avi")))
    assert refused(renamed).endswith("caf\\udce9.avi is not UTF-8, or holds a line break. Rename it.")


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (("--opacity", "2"), "--opacity 2.0 is not a share. Use a number above 0, at most 1."),
        (("--every", "0"), "--every 0 takes no frame. Use 1 or more."),
        (("--hrda-out", "ATT", "--save", "panel"), "--hrda-out ATT writes no prediction that --save could draw. Leave one of them out."),
    ],
)
def test_options_that_mean_nothing(refused, tmp_path, flags, text):
    assert refused(write_photo(tmp_path / "a.png"), *flags) == text
