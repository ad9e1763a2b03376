"""Mapillary and ACDC through their converters, and every converter on the demo data in its layout."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg.datasets.classes.names import CLASSES, LABEL_MAP
from mmseg.datasets.conversion import convert as conversion
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import ACDC, CITYSCAPES, GTA, MAPILLARY, SYNTHIA
from mmseg.datasets.kinds import mapillary, synthia
from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT
from tests.datasets.toy import write_png

CONVERTERS = {"gta": GTA, "cityscapes": CITYSCAPES, "synthia": SYNTHIA, "mapillary": MAPILLARY, "acdc": ACDC}
COUNTED = {"gta": 6, "synthia": 6, "cityscapes": 4, "mapillary": 4, "acdc": 4}
STATISTICS = "sample_class_stats.json"


def read(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def convert(root: Path, raw):
    return convert_dataset(root=root, raw=raw, nproc=1)


def save_mapillary(root: Path, split: str, name: str, ids: np.ndarray) -> Path:
    path = root / split / "labels" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(ids)
    picture.putpalette(list(range(256)) * 3)
    picture.save(path)
    return path


def save_acdc(root: Path, folder: str, name: str, label: np.ndarray) -> Path:
    write_png(root / "rgb_anon" / folder / f"{name}_rgb_anon.png", np.zeros((*label.shape, 3), np.uint8))
    return write_png(root / "gt" / folder / f"{name}_gt_labelTrainIds.png", label)


def content(root: Path) -> dict[Path, bytes]:
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_sizes_of_the_maps():
    assert (len(LABEL_MAP), len(synthia.LABEL_MAP), len(mapillary.LABEL_MAP)) == (19, 19, 25)
    assert len(set(synthia.LABEL_MAP.values()) - set(synthia.ABSENT)) == 16
    for label_map in (LABEL_MAP, synthia.LABEL_MAP, mapillary.LABEL_MAP):
        assert set(label_map.values()) == set(range(19))


def test_every_mapillary_id_becomes_its_train_id_and_the_rest_is_ignored(tmp_path):
    groups = [(13, 24, 41), (2, 15), (17,), (6,), (3,), (45, 47), (48,), (50,), (30,), (29,), (27,), (19,), (20, 21, 22)]
    groups += [(55,), (61,), (54,), (58,), (57,), (52,)]
    expected = np.full(mapillary.NUM_LABEL_IDS, 255)
    for train_id, ids in enumerate(groups):
        expected[list(ids)] = train_id
    save_mapillary(tmp_path, "training", "-aZ_k", np.arange(mapillary.NUM_LABEL_IDS, dtype=np.uint8)[None])
    summary = convert(tmp_path, MAPILLARY)
    assert read(tmp_path / "training/labels/-aZ_k_labelTrainIds.png").ravel().tolist() == expected.tolist()
    assert not summary.unknown and summary.classes == CLASSES
    assert "The published data set has 20000 labels." in list(summary.lines())


def test_labels_of_vistas_v2_are_refused(tmp_path):
    """Its ids below 66 mean other things than those of v1.2, so that a training would learn nonsense."""
    save_mapillary(tmp_path, "training", "key", np.uint8([[21, 61, 108]]))
    with pytest.raises(UserError, match=r"key.png holds the id 108, .* end at 65\. Labels of Vistas v2\.0 .* use those of v1\.2\."):
        convert(tmp_path, MAPILLARY)


def test_mapillary_counts_the_training_split_and_skips_its_own_and_unfinished_files(tmp_path):
    for split in ("training", "validation"):
        save_mapillary(tmp_path, split, "key", np.full((3, 4), 55, np.uint8))
    unfinished = tmp_path / "training/labels/.key_labelTrainIds.123.part.png"  # of a conversion that was killed
    unfinished.write_bytes(b"half")
    for written in (2, 0):
        summary = convert(tmp_path, MAPILLARY)
        assert (summary.files, summary.counted, summary.written) == (2, 1, written)
    assert json.loads((tmp_path / STATISTICS).read_text()) == [{"file": "training/labels/key_labelTrainIds.png", "13": 12}]


def test_mapillary_for_evaluation_alone(tmp_path):
    save_mapillary(tmp_path, "validation", "key", np.full((3, 4), 55, np.uint8))
    assert convert(tmp_path, MAPILLARY).written == 1
    assert json.loads((tmp_path / STATISTICS).read_text()) == []
    assert convert(tmp_path, MAPILLARY).written == 0


@pytest.mark.parametrize("folder", ["{condition}/{split}/GOPR0475", "{split}/GOPR0475", "{split}"])
def test_acdc_is_counted_where_it_lies_and_nothing_else_is_written(tmp_path, folder):
    label = np.uint8([[0, 0, 13, 255]])
    for number, condition in enumerate(("fog", "night", "rain", "snow")):
        for split in ("train", "val"):
            save_acdc(tmp_path, folder.format(condition=condition, split=split), f"GOPR0475_frame_{number}", label)
    before = content(tmp_path)
    summary = convert(tmp_path, ACDC)
    assert (summary.files, summary.counted, summary.written, summary.unknown) == (8, 4, 0, {})
    after = content(tmp_path)
    assert before.items() <= after.items() and all(path.suffix == ".json" for path in after.keys() - before.keys())
    entries = json.loads((tmp_path / STATISTICS).read_text())
    assert len(entries) == 4 and all(entry["0"] == 2 and entry["13"] == 1 and "255" not in entry for entry in entries)
    assert "Nothing to do" in next(convert(tmp_path, ACDC).lines())


def test_acdc_with_missing_or_strange_labels(tmp_path):
    for split in ("train", "val"):
        label = save_acdc(tmp_path, f"fog/{split}/GOPR0475", "GOPR0475_frame_1", np.uint8([[0, 30]]))
    assert convert(tmp_path, ACDC).unknown == {30: 2}
    label.unlink()
    with pytest.raises(UserError, match=r"1 of 1 images have no label, first .*gt/fog/val/.*\. Unpack gt_trainval\.zip into "):
        convert(tmp_path, ACDC)


@pytest.mark.parametrize("raw", [MAPILLARY, ACDC])
def test_missing_and_empty_folders(tmp_path, raw):
    with pytest.raises(UserError, match=r"absent is not a folder\. Unpack"):
        convert(tmp_path / "absent", raw)
    with pytest.raises(UserError, match=r"Unpack .* there"):
        convert(tmp_path, raw)


@pytest.mark.parametrize("name", CONVERTERS)
def test_demo_data_in_every_layout(tiny_layouts, tmp_path, name):
    root = Path(shutil.copytree(tiny_layouts / name, tmp_path / name))
    expected = content(root)
    assert len(json.loads(expected[Path(STATISTICS)])) == COUNTED[name]
    assert "Nothing to do" in next(convert(root, CONVERTERS[name]).lines())
    for path in [*root.glob("*.json"), *(path for path in root.rglob("*_labelTrainIds.png") if name != "acdc")]:
        path.unlink()
    assert convert(root, CONVERTERS[name]).unknown == {}
    assert content(root) == expected


@pytest.mark.parametrize("name", [name for name in CONVERTERS if name != "acdc"])
def test_a_conversion_that_was_interrupted_goes_on(tiny_layouts, tmp_path, monkeypatch, name):
    root = Path(shutil.copytree(tiny_layouts / name, tmp_path / name))
    expected = content(root)
    for path in [*root.glob("*.json"), *root.rglob("*_labelTrainIds.png")]:
        path.unlink()
    write, calls = conversion.write_image, []

    def interrupted(path: Path, label: np.ndarray) -> None:
        calls.append(path)
        if len(calls) == 3:
            raise KeyboardInterrupt
        write(path, label)

    monkeypatch.setattr(conversion, "write_image", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert(root, CONVERTERS[name])
    assert not list(root.glob("*.json")) and len(list(root.rglob("*_labelTrainIds.png"))) == 2
    summary = convert(root, CONVERTERS[name])
    assert summary.written == summary.files - 2
    assert content(root) == expected


@pytest.mark.parametrize("name", ["mapillary", "acdc"])
def test_command_lines(tmp_path, name):
    save_mapillary(tmp_path, "training", "key", np.uint8([[13]]))
    for split in ("train", "val"):
        save_acdc(tmp_path, f"fog/{split}/GOPR0475", "GOPR0475_frame_1", np.uint8([[0]]))
    for folder, code in ((tmp_path / "nowhere", 2), (tmp_path, 0)):
        command = [sys.executable, f"tools/convert_datasets/{name}.py", str(folder), "--nproc", "2"]
        result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        assert result.returncode == code, result.stderr
        assert ("1 of 19 classes occur" in result.stdout) if code == 0 else result.stderr.count("\n") == 1
