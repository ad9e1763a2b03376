"""Labels of the target leave through the oracle alone: what a training opens, and what the code could open."""

import ast
import os
import shutil
import sys

import pytest

from mmseg.apis.training.train import train
from mmseg.datasets.kinds.cityscapes import CityscapesDataset
from mmseg.datasets.reading.image_files import ImageFiles
from mmseg.engine.parts import build_loader_config
from mmseg.utils.errors import UserError
from tests import annotated, tiny
from tests.datasets.earlier import make_hard, make_soft
from tests.datasets.sampling.test_target_views import build
from tests.datasets.toy import make_cityscapes, make_gta

WATCHED: list[str] = []
OPENED: list[tuple[str, bool]] = []
"""(file, whether the oracle has opened it) of all files below the folders in :data:`WATCHED`."""
DOOR = os.path.join("mmseg", "datasets", "annotating", "oracle.py")


def notice(event: str, arguments: tuple) -> None:
    """Python tells it of every file that is opened in this process, and there is no way around it."""
    if event == "open" and WATCHED and isinstance(arguments[0], (str, bytes, os.PathLike)):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if any(path.startswith(folder + os.sep) for folder in WATCHED):
            frame, files = sys._getframe(1), set()
            while frame is not None:
                files.add(frame.f_code.co_filename)
                frame = frame.f_back
            OPENED.append((path, any(file.endswith(DOOR) for file in files)))


@pytest.fixture
def opened():
    """The list of what was opened below the folders that a test appends to :data:`WATCHED`."""
    if not getattr(sys, "_notices_opened_files", False):
        sys._notices_opened_files = True
        sys.addaudithook(notice)
    OPENED.clear()
    yield OPENED
    WATCHED.clear()


def test_a_training_opens_target_labels_through_the_oracle_alone(tiny_data, tmp_path, monkeypatch, opened):
    """Training, rounds, evaluation, checkpoints, pictures: in this process, so that every opened file is seen."""
    monkeypatch.chdir(tiny.ROOT)
    WATCHED.append(os.path.realpath(tiny_data / "cityscapes/gtFine/train"))
    cfg = annotated.config(tiny_data)
    cfg.custom_hooks += [{"type": "PictureHook", "interval": 1}, {"type": "ClassHealthHook", "interval": 2}]
    train(cfg, tmp_path / "run_watched")
    assert len(opened) >= 3 * 4  # sizes of all images, and two rounds
    assert all(by_oracle for _, by_oracle in opened)


def test_the_watch_sees_others(tiny_data, opened):
    """The test above can fail."""
    WATCHED.append(os.path.realpath(tiny_data / "cityscapes/gtFine/train"))
    CityscapesDataset(data_root=str(tiny_data / "cityscapes"), img_dir="leftImg8bit/train", ann_dir="gtFine/train")[0]
    assert opened and not any(by_oracle for _, by_oracle in opened)


def test_a_training_without_rounds_needs_no_target_labels(tiny_data, tmp_path, monkeypatch):
    """The same data set with the labels named, but not there: nothing of a training looks for them."""
    monkeypatch.chdir(tiny.ROOT)
    data = tmp_path / "data"
    shutil.copytree(tiny_data, data)
    shutil.rmtree(data / "cityscapes/gtFine/train")
    changes = {"custom_hooks": [{"type": "ResultHook"}], "uda.annotated": None, "train_cfg.max_iters": 2, "train_cfg.val_interval": 2}
    train(annotated.config(data, **changes), tmp_path / "run_without")
    with pytest.raises(UserError, match="4 of 4 images have no label"):
        train(annotated.config(data), tmp_path / "run_with")


def test_training_data_hold_image_files_alone(tiny_data):
    dataset = build_loader_config(annotated.config(tiny_data).train_dataloader, seed=0)["dataset"]
    assert type(dataset.target) is ImageFiles and not hasattr(dataset.target, "label_path")


def test_pseudo_labels_of_the_target_are_no_other_door(tmp_path, opened):
    """Labels of the data set lie beside its images, and only what a network has made is read."""
    root = make_cityscapes(tmp_path / "city", labels=True)
    hard, soft = make_hard(root, tmp_path / "hard"), make_soft(root, tmp_path / "soft")
    WATCHED.append(os.path.realpath(root / "gtFine"))
    data = build((make_gta(tmp_path / "gta"), root), target_labels=str(hard), target_soft_labels=str(soft))
    assert {"label", "soft"} <= set(data[0]["target"])
    assert not opened


READERS = {"read_label", "label_path", "read_label_ids", "ids_of", "read_annotation"}
"""What opens labels of a data set, or says where they are."""
OWNERS = {
    "mmseg/datasets/annotating/oracle.py": {"self.dataset", None},  # the door, and what it has given
    "mmseg/datasets/sampling/uda_dataset.py": {"self.source"},
    # A crop of what it is given: of the source, and of the few target images whose labels a config asks for.
    "mmseg/datasets/sampling/labelled/crop.py": {"data"},
    "mmseg/datasets/sampling/labelled/target.py": {"self.data"},
    "mmseg/datasets/sampling/source_classes.py": {"part"},  # of the source
    "mmseg/datasets/sampling/made_targets.py": {None},  # what a network has made, and a header of pseudo-labels says so
    # What annotating has given so far: RoundFolder.read_label, and files in a folder of annotations.
    "mmseg/datasets/annotating/rounds.py": {"RoundFolder(self.root, self.number - 1, self.names)", None},
    "mmseg/datasets/annotating/label_files.py": {None},
    "mmseg/datasets/annotating/maps.py": {None},
    "mmseg/engine/annotating/making.py": {"folder"},
    "mmseg/engine/annotating/picture.py": {"folder"},
}
"""Where a training reads labels, and of what; None are functions that get a path."""


def test_the_code_of_a_training_reads_no_other_labels():
    """Of all that is imported by a training: methods, engine, sampling, annotating."""
    found: dict[str, set] = {}
    for room in ("mmseg/engine", "mmseg/models", "mmseg/datasets/sampling", "mmseg/datasets/annotating"):
        for file in sorted((tiny.ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in READERS:
                    owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else None
                    found.setdefault(file.relative_to(tiny.ROOT).as_posix(), set()).add(owner)
    assert found == OWNERS
