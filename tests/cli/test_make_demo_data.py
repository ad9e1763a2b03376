"""tools/make_demo_data.py: real layouts and encodings, nothing to do the second time, one-line errors."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmseg.datasets.classes.names import CLASSES, LABEL_NAMES, PALETTE, train_id_lut
from mmseg.datasets.kinds import mapillary
from mmseg.demo import CITYSCAPES, GTA, render
from mmseg.demo.choices import MANIFEST, Parameters
from mmseg.demo.files import FIRST_VAL, depth_in_centimetres, polygons
from mmseg.utils.errors import UserError
from mmseg.utils.repository import ROOT
from tools.make_demo_data import make_demo_data

COUNTS = ("--source", "3", "--target", "4", "--val", "2", "--size", "96", "64", "--nproc", "2")
TINY = Parameters(source=1, target=1, val=1, width=64, height=32)


def make(out: Path, *options: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "tools/make_demo_data.py"), "--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "demo"
    result = make(out, *COUNTS, cwd=out.parent)  # from anywhere, without installing the package
    assert result.returncode == 0, result.stderr
    return out


def test_gta_layout_and_encoding(made):
    assert sorted(p.name for p in (made / "gta/images").iterdir()) == ["00001.png", "00002.png", "00003.png"]
    assert Image.open(made / "gta/images/00001.png").mode == "RGB"
    label = Image.open(made / "gta/labels/00001.png")
    assert label.mode == "P" and label.size == (96, 64)
    assert label.getpalette()[7 * 3 : 8 * 3] == list(PALETTE[0])  # road
    train_ids = cv2.imread(str(made / "gta/labels/00001_labelTrainIds.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(train_ids, train_id_lut()[np.asarray(label)])


def test_cityscapes_layout_and_encoding(made):
    for split, count in (("train", 4), ("val", 2)):
        images = sorted((made / "cityscapes/leftImg8bit" / split).glob("*/*_leftImg8bit.png"))
        assert len(images) == count
        for image in images:
            city = image.parent.name
            assert image.name.startswith(f"{city}_0000") and "_000019_" in image.name
            stem = made / "cityscapes/gtFine" / split / city / image.name.replace("_leftImg8bit.png", "_gtFine")
            for suffix in ("_labelIds.png", "_labelTrainIds.png", "_polygons.json"):
                assert Path(f"{stem}{suffix}").is_file()


def test_polygons_rasterise_to_the_label_ids(made):
    path = next((made / "cityscapes/gtFine/train").glob("*/*_polygons.json"))
    annotation = json.loads(path.read_text())
    ids = cv2.imread(str(path).replace("_polygons.json", "_labelIds.png"), cv2.IMREAD_UNCHANGED)
    assert (annotation["imgHeight"], annotation["imgWidth"]) == ids.shape
    assert (rasterised(annotation["objects"], ids.shape) == ids).mean() > 0.98


def test_polygons_of_nested_regions_are_exact():
    ids = np.full((20, 30), 7, np.uint8)
    ids[4:16, 4:20] = 26
    ids[7:12, 8:14] = 11
    ids[9, 9] = 20
    assert np.array_equal(rasterised(polygons(ids), ids.shape), ids)


def test_statistics_cover_training_images_only(made):
    assert len(json.loads((made / "gta/sample_class_stats.json").read_text())) == 3
    assert len(json.loads((made / "cityscapes/sample_class_stats.json").read_text())) == 4


def test_second_run_does_nothing_and_an_interrupted_one_goes_on(made):
    before = snapshot(made)
    result = make(made, *COUNTS)
    assert result.returncode == 0 and "Nothing to do" in result.stdout
    assert snapshot(made) == before
    lost = made / "gta/images/00002.png"
    content = lost.read_bytes()
    lost.unlink()
    manifest = json.loads((made / MANIFEST).read_text())
    (made / MANIFEST).write_text(json.dumps({**manifest, "complete": False}))
    assert make(made, *COUNTS).returncode == 0
    assert lost.read_bytes() == content


def test_other_parameters_need_force(made, tmp_path):
    result = make(made, *COUNTS, "--seed", "1")
    assert result.returncode == 2
    assert "made with --seed 0. Give the same" in result.stderr and result.stderr.count("\n") == 1
    assert result.stderr.endswith(f"make_demo_data.py --out {made} --force --size 96 64 --seed 1 --source 3 --target 4 --val 2\n")
    image = tmp_path / "gta/images/00001.png"
    assert make_demo_data(out=tmp_path, parameters=TINY)
    first = image.read_bytes()
    with pytest.raises(UserError, match="--force"):
        make_demo_data(out=tmp_path, parameters=replace(TINY, seed=1))
    assert image.read_bytes() == first
    assert make_demo_data(out=tmp_path, parameters=replace(TINY, seed=1), force=True)
    assert image.read_bytes() != first


@pytest.mark.parametrize("parameters", [Parameters(width=8, height=8), Parameters(val=0)])
def test_senseless_parameters(tmp_path, parameters):
    with pytest.raises(UserError, match="Use"):
        make_demo_data(out=tmp_path / "demo", parameters=parameters)
    assert not (tmp_path / "demo").exists()


def test_foreign_data_is_never_touched(tmp_path):
    foreign = tmp_path / "gta/labels/00001.png"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    for force in (False, True):
        with pytest.raises(UserError, match="did not make"):
            make_demo_data(out=tmp_path, parameters=Parameters(), force=force)
    assert foreign.read_text() == "mine"


def test_a_layout_is_added_without_redrawing_the_others(tmp_path):
    out = tmp_path / "demo"
    assert make_demo_data(out=out, parameters=TINY)
    manifest = (out / MANIFEST).read_text()
    before = {path: time for path, time in snapshot(out).items() if path.is_file() and path.name != MANIFEST}
    assert make_demo_data(out=out, parameters=TINY, layouts=["dark_zurich", "synthia"])
    after = snapshot(out)
    assert before == {path: after[path] for path in before}
    assert sorted(path.name for path in out.iterdir()) == ["cityscapes", "dark_zurich", MANIFEST, "gta", "synthia"]
    for layouts in (["gta", "cityscapes"], ["synthia"], ["dark_zurich", "gta", "synthia"]):
        assert not make_demo_data(out=out, parameters=TINY, layouts=layouts)
    assert make_demo_data(out=out, parameters=TINY, force=True)
    assert (out / MANIFEST).read_text() == manifest
    assert sorted(path.name for path in out.iterdir()) == ["cityscapes", MANIFEST, "gta"]


def test_an_interrupted_layout_goes_on_with_the_next_run(tmp_path):
    assert make_demo_data(out=tmp_path, parameters=TINY, layouts=["acdc"])
    lost = tmp_path / "acdc/rgb_anon/fog/val/GOPR0000/GOPR0000_frame_000001_rgb_anon.png"
    content = lost.read_bytes()
    lost.unlink()
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert manifest["layouts"] == ["acdc"]
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, "complete": False}))
    assert make_demo_data(out=tmp_path, parameters=TINY)
    assert lost.read_bytes() == content
    assert not make_demo_data(out=tmp_path, parameters=TINY, layouts=["gta", "acdc"])


def test_foreign_data_beside_demo_data_is_never_touched(tmp_path):
    foreign = tmp_path / "acdc/mine.png"
    foreign.parent.mkdir()
    foreign.write_text("mine")
    assert make_demo_data(out=tmp_path, parameters=TINY)
    for force in (False, True):
        with pytest.raises(UserError, match="acdc holds data that this tool did not make"):
            make_demo_data(out=tmp_path, parameters=TINY, layouts=["acdc"], force=force)
    assert foreign.read_text() == "mine"
    assert not make_demo_data(out=tmp_path, parameters=TINY)  # nothing was removed either


def test_synthia_layout_and_encoding(tmp_path):
    result = make(tmp_path / "demo", *COUNTS, "--layout", "synthia")
    assert result.returncode == 0, result.stderr
    root = tmp_path / "demo/synthia"
    raw = cv2.imread(str(root / "GT/LABELS/0000000.png"), cv2.IMREAD_UNCHANGED)
    assert raw.dtype == np.uint16 and raw.shape == (64, 96, 3)
    assert {3, 1} <= set(np.unique(raw[..., 2])) <= set(range(23)) - {16, 18, 20}  # road and sky; no terrain, truck, train
    assert not raw[..., 0].any() and (raw[..., 1] > 0).any()
    assert set(np.unique(raw[raw[..., 1] > 0][:, 2])) <= {0, 8, 10, 11, 12, 17, 19}  # instances of people and vehicles
    assert len(json.loads((root / "sample_class_stats.json").read_text())) == 3


def test_synthia_has_depth_in_centimetres(tmp_path):
    assert make_demo_data(out=tmp_path, parameters=TINY, layouts=["synthia"])
    raw = cv2.imread(str(tmp_path / "synthia/Depth/Depth/0000000.png"), cv2.IMREAD_UNCHANGED)
    scene = render(TINY.seed, 0, GTA, (TINY.width, TINY.height))
    assert raw.dtype == np.uint16 and raw.shape == scene.label.shape
    assert (raw[scene.label == CLASSES.index("sky")] == 65535).all()
    nearer = 65536 / (raw[scene.inverse_depth > 0] + 1)
    np.testing.assert_allclose(nearer, 655.36 * scene.inverse_depth[scene.inverse_depth > 0], rtol=0.02)


def test_scenes_without_depth_get_it(tmp_path):
    """Demo data of a version that drew none: the same command adds it, and touches nothing else."""
    assert make_demo_data(out=tmp_path, parameters=TINY, layouts=["synthia"])
    depth = tmp_path / "synthia/Depth/Depth/0000000.png"
    whole = depth.read_bytes()
    shutil.rmtree(tmp_path / "synthia/Depth")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "synthia").rglob("*") if path.is_file()}
    assert make_demo_data(out=tmp_path, parameters=TINY, layouts=["synthia"])
    assert depth.read_bytes() == whole and {path: path.stat().st_mtime_ns for path in before} == before
    assert not make_demo_data(out=tmp_path, parameters=TINY, layouts=["synthia"])


@pytest.mark.parametrize(
    ("inverse_depth", "raw"), [(0.0, 65535), (1e-4, 65535), (1 / 655.35, 65535), (0.01, 10000), (0.5, 200), (1.0, 100), (100.0, 1)]
)
def test_depth_in_closed_form(inverse_depth, raw):
    assert depth_in_centimetres(np.float32([[inverse_depth]])).tolist() == [[raw]]


def test_acdc_layout(tmp_path):
    assert make_demo_data(out=tmp_path, parameters=replace(TINY, target=5), layouts=["acdc"])
    for condition, count in {"fog": 2, "night": 1, "rain": 1, "snow": 1}.items():
        images = sorted((tmp_path / "acdc/rgb_anon" / condition / "train").glob("*/*_rgb_anon.png"))
        assert len(images) == count
        for image in images:
            label = str(image).replace("/rgb_anon/", "/gt/").replace("_rgb_anon.png", "_gt_labelTrainIds.png")
            assert set(np.unique(cv2.imread(label, cv2.IMREAD_UNCHANGED))) <= {*range(19), 255}
    assert len(json.loads((tmp_path / "acdc/sample_class_stats.json").read_text())) == 5


def test_bdd100k_layout(tmp_path):
    assert make_demo_data(out=tmp_path, parameters=TINY, layouts=["bdd100k"])
    (image,) = (tmp_path / "bdd100k/images/10k/val").glob("*.jpg")
    label = cv2.imread(str(tmp_path / f"bdd100k/labels/sem_seg/masks/val/{image.stem}.png"), cv2.IMREAD_UNCHANGED)
    assert Image.open(image).format == "JPEG" and label.shape == (32, 64)
    assert np.array_equal(label, render(TINY.seed, FIRST_VAL, CITYSCAPES, (64, 32)).label)


def test_mapillary_layout_and_encoding(tmp_path):
    assert make_demo_data(out=tmp_path, parameters=replace(TINY, target=4), layouts=["mapillary"])
    sizes = [(64, 32), (48, 36), (72, 40), (36, 48)]
    for number, size in enumerate(sizes):
        image = Image.open(tmp_path / f"mapillary/training/images/{number:06d}_key.jpg")
        label = Image.open(tmp_path / f"mapillary/training/labels/{number:06d}_key.png")
        assert image.format == "JPEG" and image.size == label.size == size and label.mode == "P"
        assert label.getpalette()[13 * 3 : 14 * 3] == list(PALETTE[0])  # road
        assert {13, 64} <= set(np.unique(label)) <= set(mapillary.LABEL_MAP) | {64, 65}
        train_ids = cv2.imread(str(tmp_path / f"mapillary/training/labels/{number:06d}_key_labelTrainIds.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(train_ids, render(TINY.seed, number, CITYSCAPES, size).label)


def test_unknown_layout(tmp_path):
    result = make(tmp_path / "demo", "--layout", "kitti")
    assert result.returncode == 2 and "invalid choice: 'kitti'" in result.stderr


def rasterised(objects: list, shape: tuple[int, int]) -> np.ndarray:
    """Draws polygons in order."""
    ids = np.zeros(shape, np.uint8)
    for item in objects:
        cv2.fillPoly(ids, [np.array(item["polygon"], np.int32)], LABEL_NAMES.index(item["label"]))
    return ids


def snapshot(folder: Path) -> dict:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
