"""tools/test.py --metrics trust: what it prints and writes, over one process and over two."""

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score

from mmseg.apis import init_model
from mmseg.apis.predicting.inference import class_probabilities
from mmseg.evaluation.trust.counts import LEVELS
from tests.cli.study_script import launched
from tools import test as test_tool


def trust_of(run, name: str = "latest") -> dict:
    return json.loads((run / "eval" / f"{name}.json").read_text())["trust"]


@pytest.fixture
def pixels(run, tiny_data) -> tuple[np.ndarray, np.ndarray]:
    """Whether each labelled pixel is right, and how sure the network is: predicted image by image."""
    method = init_model(str(run / "config.py"), str(run / "latest.pth"))
    right, confidence = [], []
    for path in sorted(tiny_data.rglob("leftImg8bit/val/*/*.png")):
        name = str(path).replace("leftImg8bit/val", "gtFine/val").replace("_leftImg8bit.png", "_gtFine_labelTrainIds.png")
        label = torch.from_numpy(np.array(Image.open(name)))
        best, prediction = class_probabilities(method, np.asarray(Image.open(path).convert("RGB"))).max(dim=0)
        counted = label != 255
        right.append((prediction == label)[counted].numpy())
        confidence.append(best[counted].numpy())
    return np.concatenate(right), np.concatenate(confidence).astype(float)


def test_measures_of_the_pixels(run, evaluates, pixels):
    printed = evaluates("--metrics", "trust")
    metrics = trust_of(run)["metrics"]
    right, confidence = pixels
    assert metrics["AUROC"] == pytest.approx(100 * roc_auc_score(right, confidence), abs=0.01)
    assert metrics["AUPR.error"] == pytest.approx(100 * average_precision_score(~right, 1 - confidence), abs=0.01)
    diagram = trust_of(run)["reliability"]
    assert sum(diagram["pixels"]) == right.size
    means = [(n, c, a) for n, c, a in zip(diagram["pixels"], diagram["confidence"], diagram["accuracy"], strict=True) if n]
    assert sum(n * c for n, c, _ in means) == pytest.approx(confidence.sum(), rel=1 / LEVELS)
    assert sum(n * a for n, _, a in means) == pytest.approx(right.sum())
    assert metrics["ECE"] == pytest.approx(100 * sum(n * abs(a - c) for n, c, a in means) / right.size)
    assert metrics["OOD.AUROC"] is None and "OOD.AUROC" not in printed  # no pixel is marked as unknown
    assert "│ ECE " in printed and f"{metrics['ECE']:.2f}" in printed


def test_nothing_is_counted_where_nobody_asks(run, evaluates):
    evaluates()
    assert "trust" not in json.loads((run / "eval" / "latest.json").read_text())


def test_the_labels_are_the_same(run, evaluates):
    evaluates()
    plain = json.loads((run / "eval" / "latest.json").read_text())
    evaluates("--metrics", "trust")
    asked = json.loads((run / "eval" / "latest.json").read_text())
    assert asked["confusion"] == plain["confusion"] and asked["metrics"] == plain["metrics"]


def test_figure(run, evaluates):
    evaluates("--metrics", "trust", "--figures")
    assert (run / "eval" / "latest_reliability.pdf").read_bytes().startswith(b"%PDF")


def test_two_processes_count_as_one(run, evaluates):
    """Exactly, where batches have the same images: one each."""
    flags = ("--metrics", "trust", "--cfg-options", "val_dataloader.batch_size=1", "--out")
    evaluates(*flags, run / "one.json")
    script = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "tools/test.py"]
    done = launched([*script, str(run / "config.py"), str(run / "latest.pth"), *flags, str(run / "two.json")])
    assert done.returncode == 0, done.stderr
    one, two = (json.loads((run / f"{name}.json").read_text()) for name in ("one", "two"))
    assert two["trust"] == one["trust"] and two["confusion"] == one["confusion"]


@pytest.mark.parametrize("other", ["--format-only", ("--hrda-out", "ATT")])
def test_what_compares_nothing_is_refused(run, fails, other):
    flags = (other,) if isinstance(other, str) else other
    line = fails(test_tool.main, run / "config.py", run / "latest.pth", "--metrics", "trust", *flags)
    assert line == f"--metrics trust compares predictions with labels, and {' '.join(flags)} compares none. Leave one of them out."


def test_unknown_objects(run, evaluates, tiny_data):
    """A mask that calls the upper half unknown and the rest known, and the same files as photographs of a data set of one's own."""
    masks = run / "masks"
    for path in tiny_data.rglob("leftImg8bit/val/*/*.png"):
        mask = np.zeros(np.asarray(Image.open(path)).shape[:2], np.uint8)
        mask[: len(mask) // 2] = 1
        (masks / path.parent.name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(masks / path.parent.name / path.name)
    classes = init_model(str(run / "config.py"), str(run / "latest.pth")).classes
    target = run / "unknown.py"
    dataset = {
        "type": "FolderDataset",
        "images": str(tiny_data / "cityscapes/leftImg8bit/val"),
        "labels": str(masks),
        "classes": list(classes),
        "label_map": {},
        "unknown_objects": [1],
        "known_objects": [0],
        "test_scale": (128, 64),
    }
    target.write_text(
        f"val_dataloader = dict(batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False), dataset={dataset!r})\n"
    )
    evaluates("--metrics", "trust", "--targets", f"unknown={target}")
    written = json.loads((run / "eval" / "latest_unknown.json").read_text())["targets"]["unknown"]["trust"]
    assert 0 < written["metrics"]["OOD.AUROC"] < 100 and written["metrics"]["ECE"] is None
    assert written["undefined"].startswith("no pixel has a label")
