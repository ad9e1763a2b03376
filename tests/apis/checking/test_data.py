"""What the data check finds in data that were broken on purpose."""

import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg.apis.checking.data import FATAL, HARMLESS, Finding, check_data, spread
from mmseg.apis.checking.duplicates import same_files
from mmseg.apis.checking.known_sizes import KNOWN_SIZES
from mmseg.datasets.conversion.convert import convert_dataset
from mmseg.datasets.conversion.raw_labels import GTA
from mmseg.registry import DATASETS
from mmseg.utils.storage.images import write_image
from tests.apis.data_config import SOURCE_LABEL, data_config, val_pair
from tests.datasets.earlier import image_names, make_hard, make_soft

IMAGE = "gta/images/00001.png"


@pytest.fixture
def data(tiny_layouts, tmp_path) -> Path:
    """A copy of the demo domains that a test may break."""
    return Path(shutil.copytree(tiny_layouts, tmp_path / "data"))


def found(data: Path, kind: str, split: str | None = None) -> Finding:
    """The only finding of this kind."""
    report, _ = check_data(data_config(data))
    (finding,) = [finding for finding in report.findings if finding.kind == kind and split in (None, finding.split)]
    return finding


def test_whole_data_have_no_findings(tiny_layouts):
    report, opened = check_data(data_config(tiny_layouts))
    assert [finding.kind for finding in report.findings if finding.kind != "empty class"] == []
    assert not report.fatal
    assert [(split.name, split.files, split.read) for split in report.splits] == [("source", 6, 6), ("target", 4, 4), ("val", 2, 2)]
    source, target, val = report.splits
    assert source.image_sizes == {"128x64": 6} and source.label_formats == {"8-bit grey PNG": 6} and source.known is None
    assert not target.labelled and target.class_pixels == {} and not opened[1].dataset.labelled
    labels = [opened[2].dataset.read_label(index) for index in range(2)]
    assert sum(val.class_pixels.values()) == sum(int((label != 255).sum()) for label in labels)
    assert val.class_pixels["road"] == sum(int((label == 0).sum()) for label in labels)


def test_several_processes_find_the_same(tiny_layouts):
    cfg = data_config(tiny_layouts)
    assert check_data(cfg, nproc=2)[0] == check_data(cfg, nproc=1)[0]


def test_parts_of_the_data(tiny_layouts):
    cfg = data_config(tiny_layouts)
    assert [split.name for split in check_data(cfg, which="train")[0].splits] == ["source", "target"]
    report, _ = check_data(cfg, which="val", limit=1)
    assert [(split.name, split.files, split.read) for split in report.splits] == [("val", 2, 1)]


def test_indices_are_spread_over_everything():
    assert spread(5, None) == [0, 1, 2, 3, 4] == spread(5, 9)
    assert spread(101, 3) == [0, 50, 100] and spread(7, 1) == [0]


def test_a_truncated_image_is_fatal(data):
    path = data / IMAGE
    path.write_bytes(path.read_bytes()[:-40])
    finding = found(data, "broken image")
    assert (finding.split, finding.fatal, finding.path) == ("source", True, str(path))
    assert "cut off" in finding.text and finding.text.endswith("again.")


def test_all_broken_files_are_named(data):
    for name in ("00002", "00004", "00005"):
        (data / f"gta/images/{name}.png").write_bytes(b"")
    image = next((data / "cityscapes/leftImg8bit/train").rglob("*.png"))
    image.write_bytes(b"no image" + image.read_bytes()[8:])
    report, _ = check_data(data_config(data))
    assert Counter((finding.split, finding.kind) for finding in report.fatal) == {
        ("source", "broken image"): 3,
        ("target", "broken image"): 1,
    }
    assert all(finding.kind in FATAL + HARMLESS for finding in report.findings)
    assert all("\n" not in finding.text and finding.path in finding.text for finding in report.findings)


def test_a_missing_label_leaves_the_others_checked(data):
    (data / SOURCE_LABEL).unlink()
    broken = data / "gta/labels/00003_labelTrainIds.png"
    broken.write_bytes(broken.read_bytes()[:100])
    report, opened = check_data(data_config(data), which="train")
    texts = {finding.kind: finding for finding in report.fatal}
    assert set(texts) == {"missing label", "broken label"}
    assert texts["missing label"].path == str(data / SOURCE_LABEL) and "convert_datasets/gta.py" in texts["missing label"].text
    assert opened[0].without_label == {0} and report.splits[0].label_formats == {"8-bit grey PNG": 4}


def test_a_label_of_another_size(data):
    write_image(data / SOURCE_LABEL, np.zeros((32, 64), np.uint8))
    finding = found(data, "size mismatch")
    assert finding.fatal and "128x64" in finding.text and "64x32" in finding.text


def test_a_label_of_another_format(data):
    write_image(data / SOURCE_LABEL, np.zeros((64, 128, 3), np.uint8))
    finding = found(data, "label format")
    assert finding.fatal and finding.path == str(data / SOURCE_LABEL)


def test_an_unknown_id(data):
    path = data / SOURCE_LABEL
    label = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    label[3, 4] = 77
    write_image(path, label)
    finding = found(data, "unknown id")
    assert finding.fatal and "77" in finding.text and finding.path == str(path)


def test_labels_of_the_target_that_a_training_buys(data):
    """They are read where rounds open them, before a training of hours finds out; not where people give them."""
    path = sorted((data / "cityscapes/gtFine/train").rglob("*labelTrainIds.png"))[0]
    write_image(path, np.full((64, 128), 26, np.uint8))
    cfg = data_config(data)
    assert not [finding for finding in check_data(cfg)[0].findings if finding.split == "target"]
    cfg.train_dataloader.dataset.target.ann_dir = "gtFine/train"
    hook = {"type": "AnnotationRounds", "rounds": [0], "budget": {"ratio": 0.1}, "acquisition": {"type": "RegionRandom"}}
    for oracle, kinds in (("labels", ["unknown id"]), ("people", [])):
        cfg.custom_hooks = [{**hook, "oracle": oracle}]
        found = [finding for finding in check_data(cfg)[0].findings if finding.split == "target"]
        assert [finding.kind for finding in found] == kinds and all(finding.path == str(path) for finding in found)


def test_an_image_of_the_training_among_the_validation(data):
    image, _ = val_pair(data)
    twin = data / "gta/images/00003.png"
    shutil.copy(twin, image)
    finding = found(data, "duplicate")
    assert (finding.split, finding.fatal, finding.path) == ("val", False, str(image))
    assert str(twin) in finding.text


def test_same_size_is_not_same_content(tmp_path):
    for name, content in {"a": b"one", "b": b"two", "c": b"one", "d": b"three"}.items():
        (tmp_path / name).write_bytes(content)
    a, b, c, d = (tmp_path / name for name in "abcd")
    assert list(same_files([a, d], [b, c])) == [(a, c)]
    assert list(same_files([b], [a, c, d])) == []


def test_empty_classes_are_named(data):
    for path in (data / "gta/labels").glob("*_labelTrainIds.png"):
        label = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        label[label == 8] = 255  # vegetation
        write_image(path, label)
    (source, *_) = [f for f in check_data(data_config(data))[0].findings if f.kind == "empty class"]
    assert source.split == "source" and not source.fatal and "vegetation" in source.text and "road" not in source.text


def test_statistics_that_are_missing_or_stale_are_fatal(data):
    cfg = data_config(data)
    statistics = sorted((data / "gta").glob("*.json"))
    (data / "gta/sample_class_stats.json").unlink()
    (finding,) = check_data(cfg, which="train")[0].fatal
    assert finding.kind == "statistics" and "convert_datasets/gta.py" in finding.text
    for path in statistics:
        path.unlink(missing_ok=True)
    convert_dataset(root=data / "gta", raw=GTA, nproc=1)
    assert check_data(cfg, which="train")[0].fatal == ()
    label = cv2.imread(str(data / SOURCE_LABEL), cv2.IMREAD_UNCHANGED)
    write_image(data / SOURCE_LABEL, label[:, ::-1])
    (finding,) = check_data(cfg, which="train")[0].fatal
    assert finding.kind == "statistics" and "stale" in finding.text


def test_statistics_of_other_contents_without_a_fingerprint_are_noticed(data):
    (data / "gta/sample_class_stats_fingerprint.json").unlink()
    label = cv2.imread(str(data / SOURCE_LABEL), cv2.IMREAD_UNCHANGED)
    label[label == 0] = 1
    write_image(data / SOURCE_LABEL, label)
    finding = found(data, "stale statistics")
    assert not finding.fatal and finding.path == str(data / SOURCE_LABEL)


def test_a_label_without_an_image(data):
    path = data / "gta/labels/00099_labelTrainIds.png"
    shutil.copy(data / SOURCE_LABEL, path)
    assert found(data, "label without image").path == str(path)


def test_an_image_that_is_smaller_than_the_crop(data):
    write_image(data / IMAGE, np.zeros((20, 128, 3), np.uint8))
    write_image(data / SOURCE_LABEL, np.zeros((20, 128), np.uint8))
    finding = found(data, "small image")
    assert finding.fatal and finding.path == str(data / IMAGE) and "crop_size" in finding.text


def test_a_folder_that_is_missing_leaves_the_others_checked(data):
    shutil.rmtree(data / "gta/images")
    report, opened = check_data(data_config(data))
    assert [(f.split, f.kind) for f in report.fatal] == [("source", "cannot be opened")]
    assert [split.name for split in opened] == ["target", "val"]


def test_options_that_contradict_each_other(tiny_layouts):
    cfg = data_config(tiny_layouts)
    cfg.train_dataloader.dataset.crop_pseudo_margins = [40, 40, 0, 0]
    (finding,) = check_data(cfg)[0].fatal
    assert finding.kind == "training sample" and "crop_pseudo_margins" in finding.text


def test_the_number_of_files_is_compared_with_the_published_one(data):
    (data / "demo_manifest.json").unlink()
    finding = found(data, "file count", "source")
    assert not finding.fatal and "6 images" in finding.text and "24966" in finding.text


def test_the_first_images_are_no_incomplete_split(data):
    (data / "demo_manifest.json").unlink()
    cfg = data_config(data, **{"train_dataloader.dataset.source.first": 5})
    assert not any((finding.kind, finding.split) == ("file count", "source") for finding in check_data(cfg)[0].findings)


def test_known_sizes_belong_to_data_sets_that_exist():
    assert all(DATASETS.get(name) is not None for name in KNOWN_SIZES)


def test_pseudo_labels_of_an_earlier_stage(tiny_layouts, tmp_path):
    """Every one is read, not only that of the first sample."""
    root = tiny_layouts / "cityscapes"
    made = {
        "target_soft_labels": make_soft(root, tmp_path / "soft", size=(8, 16)),
        "target_labels": make_hard(root, tmp_path / "hard", (64, 128)),
    }
    changes = {f"train_dataloader.dataset.{key}": str(folder) for key, folder in made.items()}
    assert not check_data(data_config(tiny_layouts, **changes), which="train")[0].fatal
    for name in image_names(root):
        (made["target_soft_labels"] / name).with_suffix(".npz").write_bytes(b"")
    report, _ = check_data(data_config(tiny_layouts, **changes), which="train")
    broken = [finding for finding in report.findings if finding.kind == "broken label"]
    assert [finding.split for finding in broken] == ["target"] * 4 and all(finding.fatal for finding in broken)
    assert len({finding.path for finding in broken}) == 4 and not any(finding.kind == "training sample" for finding in report.findings)
    changes["train_dataloader.dataset.target_labels"] = str(made["target_soft_labels"])
    (finding,) = check_data(data_config(tiny_layouts, **changes), which="train")[0].fatal
    assert finding.kind == "training sample" and "holds soft maps, which are no labels" in finding.text
