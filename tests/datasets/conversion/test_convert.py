"""Label conversion: maps, statistics, idempotence, and one clear line for every broken input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg.datasets.classes.names import CLASSES, LABEL_IDS, LABEL_MAP, LABEL_NAMES, PALETTE, train_id_lut
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import CITYSCAPES, GTA, SYNTHIA
from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT

STATISTICS = ("sample_class_stats.json", "sample_class_stats_dict.json", "samples_with_class.json")


def convert(root: Path, raw=GTA, nproc: int = 1):
    return convert_dataset(root=root, raw=raw, nproc=nproc)


def save_gta(root: Path, stem: str, ids: np.ndarray) -> Path:
    path = root / "labels" / f"{stem}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(ids)
    picture.putpalette(list(range(256)) * 3)
    picture.save(path)
    return path


def save_synthia(root: Path, ids: np.ndarray) -> Path:
    """As the data set stores them: 16 bits, the class in red, the instance in green."""
    path = root / "GT/LABELS/0000000.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    instances = np.arange(ids.size, dtype=np.uint16).reshape(ids.shape) + 1
    assert cv2.imwrite(str(path), np.dstack([np.zeros_like(instances), instances, ids.astype(np.uint16)]))
    return path


def save_cityscapes(root: Path, split: str, ids: np.ndarray) -> Path:
    path = root / "gtFine" / split / "town" / "town_000000_000019_gtFine_labelIds.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(ids).save(path)
    return path


@pytest.fixture
def gta(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    for number in range(1, 4):
        save_gta(tmp_path, f"{number:05d}", rng.choice([0, 1, *LABEL_IDS], (12, 17)).astype(np.uint8))
    return tmp_path


def read(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_tables_agree():
    assert len(CLASSES) == len(PALETTE) == len(LABEL_IDS) == len(LABEL_MAP) == 19
    assert [LABEL_NAMES[i] for i in LABEL_IDS] == list(CLASSES)
    assert len(set(PALETTE)) == 19


def test_every_raw_id_becomes_its_train_id_and_the_rest_is_ignored(tmp_path):
    save_gta(tmp_path, "00001", np.arange(256, dtype=np.uint8)[None])
    summary = convert(tmp_path)
    expected = [LABEL_IDS.index(raw) if raw in LABEL_IDS else 255 for raw in range(256)]
    assert read(tmp_path / "labels/00001_labelTrainIds.png").ravel().tolist() == expected
    assert sorted(summary.unknown) == list(range(35, 255))
    assert summary.classes == CLASSES


def test_custom_map():
    lut = train_id_lut({3: 0, 250: 1})
    assert lut[3] == 0 and lut[250] == 1 and (np.delete(lut, [3, 250]) == 255).all()


def test_statistics_count_every_pixel_that_is_not_ignored(gta):
    convert(gta)
    listed, by_file, by_class = (json.loads((gta / name).read_text()) for name in STATISTICS)
    assert [entry.pop("file") for entry in listed] == list(by_file)
    assert listed == list(by_file.values())
    for file, pixels in by_file.items():
        label = read(gta / file)
        assert pixels == {str(c): int((label == c).sum()) for c in range(19) if (label == c).any()}
        assert sum(pixels.values()) == (label != 255).sum()
    assert {(file, c, n) for c, files in by_class.items() for file, n in files} == {
        (file, c, n) for file, pixels in by_file.items() for c, n in pixels.items()
    }


def test_converting_again_changes_nothing_and_skips_outputs(gta):
    convert(gta)
    before = {path: path.stat().st_mtime_ns for path in gta.rglob("*")}
    assert len(before) == 1 + 3 * 2 + 4
    summary = convert(gta)
    assert summary.written == 0 and "Nothing to do" in next(summary.lines())
    assert {path: path.stat().st_mtime_ns for path in gta.rglob("*")} == before


def test_an_interrupted_conversion_goes_on(gta):
    convert(gta)
    wanted = {path: path.read_bytes() for path in gta.rglob("*.*")}
    (gta / "labels/00002_labelTrainIds.png").unlink()
    (gta / STATISTICS[0]).unlink()
    assert convert(gta).written == 1
    assert {path: path.read_bytes() for path in gta.rglob("*.*")} == wanted


def test_a_changed_label_is_converted_again(gta):
    convert(gta)
    source = save_gta(gta, "00002", np.full((4, 5), 23, np.uint8))
    later = source.stat().st_mtime_ns + 10**9
    os.utime(source, ns=(later, later))
    assert convert(gta).written == 1
    assert json.loads((gta / STATISTICS[1]).read_text())["labels/00002_labelTrainIds.png"] == {"10": 20}


def test_worker_processes_give_the_same_statistics(gta):
    convert(gta)
    alone = [(gta / name).read_bytes() for name in STATISTICS]
    for path in [*gta.glob("*.json"), *gta.glob("labels/*Ids.png")]:
        path.unlink()
    convert(gta, nproc=2)
    assert [(gta / name).read_bytes() for name in STATISTICS] == alone


def test_cityscapes_converts_all_splits_but_counts_the_training_split(tmp_path):
    for split in ("train", "val", "test"):
        save_cityscapes(tmp_path, split, np.full((3, 4), 26, np.uint8))
    summary = convert(tmp_path, CITYSCAPES)
    assert (summary.files, summary.counted, summary.written) == (3, 1, 3)
    output = "gtFine/{}/town/town_000000_000019_gtFine_labelTrainIds.png"
    assert json.loads((tmp_path / STATISTICS[1]).read_text()) == {output.format("train"): {"13": 12}}
    assert (read(tmp_path / output.format("val")) == 13).all()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def colour(path: Path) -> None:
    Image.new("RGB", (4, 4)).save(path)


def grey(path: Path) -> None:
    Image.new("I;16", (4, 4)).save(path)


@pytest.mark.parametrize("nproc", [1, 2])
@pytest.mark.parametrize(("spoil", "message"), [(truncate, "is cut off"), (colour, "is an 8-bit RGB PNG")])
def test_a_broken_label_is_named_and_no_statistics_are_written(gta, spoil, message, nproc):
    spoil(gta / "labels/00002.png")
    with pytest.raises(UserError, match=rf"00002\.png {message}.*Download and unpack the GTA .* again\.$"):
        convert(gta, nproc=nproc)
    assert not list(gta.glob("*.json"))
    assert not list(gta.glob("labels/.*"))
    assert not (gta / "labels/00002_labelTrainIds.png").exists()


def test_synthia_has_the_class_in_the_red_channel(tmp_path):
    save_synthia(tmp_path, np.arange(300).reshape(3, 100))
    summary = convert(tmp_path, SYNTHIA)
    expected = np.full(300, 255)
    expected[[3, 4, 2, 21, 5, 7, 15, 9, 6, 16, 1, 10, 17, 8, 18, 19, 20, 12, 11]] = range(19)
    assert read(tmp_path / "GT/LABELS/0000000_labelTrainIds.png").ravel().tolist() == expected.tolist()
    assert sorted(summary.unknown) == list(range(23, 256))
    assert json.loads((tmp_path / STATISTICS[0]).read_text()) == [
        {"file": "GT/LABELS/0000000_labelTrainIds.png", **{str(train_id): 1 for train_id in range(19)}}
    ]
    assert convert(tmp_path, SYNTHIA).written == 0


@pytest.mark.parametrize(("spoil", "message"), [(truncate, "is cut off"), (colour, "no 16-bit RGB PNG"), (grey, "no 16-bit RGB PNG")])
def test_a_broken_synthia_label(tmp_path, spoil, message):
    spoil(save_synthia(tmp_path, np.zeros((4, 4))))
    with pytest.raises(UserError, match=rf"0000000\.png .*{message}.* again\.$"):
        convert(tmp_path, SYNTHIA)


def test_missing_and_empty_folders(tmp_path):
    for raw in (GTA, CITYSCAPES, SYNTHIA):
        with pytest.raises(UserError, match=r"absent is not a folder\. (Unpack|Put)"):
            convert(tmp_path / "absent", raw)
        with pytest.raises(UserError, match=f"is not a folder.*or name the folder that holds {raw.layout.labels}/"):
            convert(tmp_path, raw)
        (tmp_path / raw.layout.labels).mkdir(parents=True)
    with pytest.raises(UserError, match=r"holds no label such as 00001\.png"):
        convert(tmp_path, GTA)
    with pytest.raises(UserError, match=r"holds no label such as 0000000\.png"):
        convert(tmp_path, SYNTHIA)
    with pytest.raises(UserError, match="at all"):
        convert(tmp_path, CITYSCAPES)
    save_cityscapes(tmp_path, "val", np.zeros((2, 2), np.uint8))
    with pytest.raises(UserError, match="only val"):
        convert(tmp_path, CITYSCAPES)


@pytest.mark.parametrize("name", ["gta", "cityscapes", "synthia"])
def test_command_lines(tmp_path, name):
    path = ROOT / f"tools/convert_datasets/{name}.py"
    result = subprocess.run([sys.executable, str(path), "nowhere"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("error: nowhere is not a folder.") and result.stderr.count("\n") == 1
    save_gta(tmp_path, "00001", np.uint8([[7]]))
    save_cityscapes(tmp_path, "train", np.uint8([[7]]))
    save_synthia(tmp_path, np.uint8([[3]]))
    module = [sys.executable, "-m", f"tools.convert_datasets.{name}", str(tmp_path), "--nproc", "1"]
    result = subprocess.run(module, capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0 and "1 of 19 classes occur" in result.stdout
    assert json.loads((tmp_path / STATISTICS[0]).read_text())[0]["0"] == 1
