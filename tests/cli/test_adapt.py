"""tools/adapt.py on the demo data: streams of all kinds, what is written, and what is refused."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.test_targets import dataset
from tools import adapt as adapt_tool
from tools import test as test_tool


def options(run, *arguments) -> tuple:
    return (run / "config.py", run / "latest.pth", *arguments)


@pytest.fixture
def adapts(run, works, monkeypatch):
    """Runs the command on that run; returns its record and what it prints."""
    monkeypatch.setenv("COLUMNS", "200")

    def adapt(*arguments) -> tuple[dict, str]:
        printed = works(adapt_tool.main, *options(run, *arguments, "--out", run / "result.json"))
        return json.loads((run / "result.json").read_text()), printed

    return adapt


@pytest.fixture
def styles(tiny_layouts, tmp_path) -> list[str]:
    """Two of the demo's styles as streams."""
    for name in ("fog", "night"):
        data = {**dataset(tiny_layouts, "CityscapesDataset"), "data_root": str(tiny_layouts / name)}
        loader = {"batch_size": 1, "num_workers": 0, "sampler": {"type": "DefaultSampler", "shuffle": False}, "dataset": data}
        (tmp_path / f"{name}.py").write_text(f"val_dataloader = {loader!r}\n")
    return [str(tmp_path / f"{name}.py") for name in ("fog", "night")]


@pytest.fixture
def photos(tiny_data, tmp_path) -> Path:
    """Three images of two sizes in a folder, one below another."""
    images = sorted((tiny_data / "cityscapes/leftImg8bit").rglob("*.png"))[:3]
    folder = tmp_path / "ride"
    (folder / "later").mkdir(parents=True)
    shutil.copy(images[0], folder / "a.png")
    shutil.copy(images[1], folder / "later/c.png")
    cv2.imwrite(str(folder / "b.jpg"), cv2.imread(str(images[2]))[:, :-9])
    return folder


def test_source_equals_an_evaluation(run, adapts, works):
    record, printed = adapts("--method", "source")
    works(test_tool.main, *options(run))
    evaluated = json.loads((run / "eval/latest.json").read_text())
    assert record["rounds"] == [{"target": evaluated["metrics"]}] and record["metrics"]["mIoU"] == evaluated["metrics"]["mIoU"]
    assert record["checkpoint"] == evaluated["checkpoint"] and record["conditions"] == {"target": 2}
    assert "no weight moves" in printed and f"{record['metrics']['mIoU']:.2f}" in printed and "images a second" in printed


@pytest.mark.parametrize("method", ["bn", "tent", "cotta", "mic"])
def test_styles_in_rounds(run, adapts, styles, method):
    given = [*styles, "--method", method, "--rounds", "2", "--forgetting", "--show-dir", run / "shown"]
    record, printed = adapts(*given)
    assert [list(row) for row in record["rounds"]] == [["fog", "night"]] * 2
    means = [record["metrics"][f"mIoU.{name}"] for name in ("fog", "night")]
    assert record["metrics"]["mIoU"] == pytest.approx(np.mean(means))
    known = record["metrics"]
    assert known["forgetting"] == pytest.approx(known["mIoU.before"] - known["mIoU.after"]) and record["forgetting"]["data"] == "target"
    assert "Forgetting on target: mIoU" in printed and known["frames_per_second"] > 0
    first = sorted(path.relative_to(run / "shown") for path in (run / "shown").rglob("*.png"))
    assert len(first) == 8 and first[0].parts[:2] == ("round_1", "fog")
    again, _ = adapts(*given)
    assert again["rounds"] == record["rounds"] and again["forgetting"] == record["forgetting"]


def pictures(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*.png"))]


def test_every_image_is_predicted_before_it_is_learned_from(run, adapts, photos):
    for method, rate in (("source", []), ("tent", ["--method-options", "lr=0.5"])):
        record, printed = adapts(photos, "--method", method, "--show-dir", run / method, *rate)
        assert record["rounds"] == [{"ride": None}] and record["metrics"]["mIoU"] is None and "no labels" in printed
    source, moved = pictures(run / "source"), pictures(run / "tent")
    assert len(source) == 3 and source[0] == moved[0] and source[1:] != moved[1:]
    assert (run / "tent/round_1/ride/later/c.png").is_file() and (run / "tent/round_1/ride/b.png").is_file()


def test_a_list_has_its_own_order(run, adapts, photos, tmp_path):
    (tmp_path / "ride.txt").write_text(f"ride/later/c.png\n{photos / 'a.png'}\n")
    record, _ = adapts(f"back={tmp_path / 'ride.txt'}", "--method", "tent", "--method-options", "lr=0.5", "--show-dir", run / "shown")
    assert record["conditions"] == {"back": 2}
    adapts(photos, "--method", "source", "--show-dir", run / "source")
    first = run / "shown/round_1/back/ride/later/c.png"
    assert first.read_bytes() == (run / "source/round_1/ride/later/c.png").read_bytes()


def test_corruptions_in_the_order_in_which_they_are_given(adapts):
    record, _ = adapts("--method", "source", "--corruptions", "fog:3", "contrast:5")
    assert list(record["rounds"][0]) == ["fog:3", "contrast:5"] and len({row["mIoU"] for row in record["rounds"][0].values()}) == 2


def test_reset_makes_conditions_independent(adapts, styles):
    loud = ["--method", "tent", "--method-options", "lr=0.1"]
    alone, _ = adapts(styles[1], *loud)
    after, _ = adapts(*styles, *loud)
    again, _ = adapts(*styles, *loud, "--reset")
    night = alone["rounds"][0]["night"]
    assert again["rounds"][0]["night"] == night != after["rounds"][0]["night"]


def test_conditions_of_acdc(adapts, tiny_layouts):
    data = f"val_dataloader.dataset={dict(dataset(tiny_layouts, 'ACDCDataset'), _delete_=True)!r}"
    record, _ = adapts("--method", "source", "--cfg-options", data)
    assert record["conditions"] == {"fog": 1, "night": 1}
    record, _ = adapts("--method", "source", "--conditions", "night", "fog", "--cfg-options", data)
    assert list(record["rounds"][0]) == ["night", "fog"]


def test_a_folder_in_the_place_of_config_and_checkpoint(run, works, photos):
    printed = works(adapt_tool.main, run, photos, "--method", "source")
    (result,) = (run / "eval").glob("latest_adapt_source_*.json")
    assert f"Result: {result}" in printed
    works(adapt_tool.main, run, "--method", "source")
    assert (run / "eval/latest_adapt_source.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--method", "tnet"], "argument --method: invalid choice: 'tnet'"),
        ([], "the following arguments are required: --method"),
        (["--method", "tent", "--rounds", "0"], "--rounds 0 looks at no image. Use 1 or more."),
        (["--method", "tent", "--method-options", "rate=1"], "Tent got an unexpected option 'rate'."),
        (["--method", "tent", "--forgetting"], "--forgetting asks about the validation data of the config, which are the stream itself."),
        (["--method", "tent", "--conditions", "fgo"], "--conditions fgo: the stream has no condition of this name. Known: target."),
        (["--method", "tent", "--corruptions", "foggy"], "--corruptions foggy: no corruption is called 'foggy'. Did you mean 'fog'?"),
        (["nowhere", "--method", "tent"], "Stream nowhere does not exist. Give a folder of images, a list of them (.txt), or a file"),
        (["README.md", "--method", "tent"], "Stream README.md is none. Give a folder of images"),
        (["tools", "--method", "tent"], "Input tools holds no image and no video"),
        (["nowhere.txt", "--method", "tent"], "The list of files nowhere.txt cannot be read"),
        (["--method", "tent", "--cfg-options", "model.hr_crop_size=(64,256)"], "HRDAEncoderDecoder: detail crop 64x256 does not fit"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes(fails, run, arguments, said):
    assert said in fails(adapt_tool.main, *options(run, *arguments))


def test_missing_files(fails, run, photos, tmp_path):
    assert "nowhere.pth" in fails(adapt_tool.main, run / "config.py", run / "nowhere.pth", "--method", "tent")
    (tmp_path / "empty.txt").write_text("\n")
    assert "is empty. Write one image a line" in fails(adapt_tool.main, *options(run, tmp_path / "empty.txt", "--method", "tent"))
    (tmp_path / "gone.txt").write_text("a.png\n")
    line = fails(adapt_tool.main, *options(run, tmp_path / "gone.txt", "--method", "tent"))
    assert line.startswith("Line 1 of ") and "names a.png, which does not exist." in line
    (tmp_path / "empty").mkdir()
    assert "holds no image" in fails(adapt_tool.main, *options(run, tmp_path / "empty", "--method", "tent"))
    line = fails(adapt_tool.main, *options(run, photos, photos, "--method", "tent"))
    assert line == "STREAM: two conditions are called 'ride'. Write NAME=STREAM for one of them."
    (photos / "b.jpg").write_bytes(b"no image")
    assert "b.jpg" in fails(adapt_tool.main, *options(run, photos, "--method", "tent"))
