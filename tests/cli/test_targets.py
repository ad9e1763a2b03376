"""tools/test.py on several targets, on data with conditions, and for test servers; tools/check_submission.py."""

import json
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg.apis.evaluating import submission
from mmseg.apis.evaluating.records import without_nan
from mmseg.datasets.classes.groups import SYNTHIA_ABSENT
from mmseg.evaluation.trust.counts import confidence_counts
from mmseg.evaluation.trust.measures import trust_scores
from tools import check_submission
from tools import test as test_tool

FOLDERS = {
    "CityscapesDataset": ("cityscapes", "leftImg8bit/val", "gtFine/val"),
    "ACDCDataset": ("acdc", "rgb_anon/val", "gt/val"),
    "DarkZurichDataset": ("dark_zurich", "rgb_anon/val", "gt/val"),
}


def dataset(layouts, kind: str) -> dict:
    folder, images, labels = FOLDERS[kind]
    return {"type": kind, "data_root": str(layouts / folder), "img_dir": images, "ann_dir": labels, "test_scale": (128, 64)}


def replaced(layouts, kind: str) -> str:
    """The option that evaluates on another data set."""
    return f"val_dataloader.dataset={dict(dataset(layouts, kind), _delete_=True)!r}"


@pytest.fixture
def targets(tiny_layouts, tmp_path):
    """One small config for each data set."""
    for kind in FOLDERS:
        loader = {
            "batch_size": 1,
            "num_workers": 0,
            "sampler": {"type": "DefaultSampler", "shuffle": False},
            "dataset": dataset(tiny_layouts, kind),
        }
        (tmp_path / f"{kind[:4]}.py").write_text(f"val_dataloader = {loader!r}\n")
    return tmp_path


def read(run, pattern: str) -> dict:
    (path,) = (run / "eval").glob(pattern)
    return json.loads(path.read_text())


def test_several_targets(run, evaluates, targets):
    printed = evaluates("--targets", f"cs={targets}/City.py", targets / "Dark.py", "--show-dir", run / "shown")
    record = read(run, "latest_cs_Dark.json")
    values = [record["targets"][name]["metrics"]["mIoU"] for name in ("cs", "Dark")]
    assert list(record["targets"]) == ["cs", "Dark"] and record["mean"]["mIoU"] == pytest.approx(np.mean(values))
    assert set(record["mean"]) == {"mIoU", "mAcc", "aAcc", "mIoU.thin"} and record["checkpoint"]["sha256"]
    assert "Protocol: images in cs 128x64, Dark 128x64;" in printed
    assert "│ cs " in printed and f"{record['mean']['mIoU']:.2f}" in printed
    assert all(len(list((run / "shown" / name).rglob("*.png"))) == 2 for name in ("cs", "Dark"))
    evaluates()
    assert read(run, "latest.json")["confusion"] == record["targets"]["cs"]["confusion"]


def test_conditions_of_acdc(run, evaluates, tiny_layouts):
    printed = evaluates("--cfg-options", replaced(tiny_layouts, "ACDCDataset"))
    record = read(run, "latest_*.json")
    parts = record["conditions"]
    assert {name: part["images"] for name, part in parts.items()} == {"fog": 1, "night": 1}
    assert np.array_equal(sum(np.array(part["confusion"]) for part in parts.values()), record["confusion"])
    assert all(record["metrics"][f"mIoU.{name}"] == part["metrics"]["mIoU"] for name, part in parts.items())
    assert "IoU fog" in printed and "IoU night" in printed


def test_classes_that_the_source_lacks(run, evaluates):
    source = ["train_dataloader.dataset.source.type=SynthiaDataset"]
    penalised = " ".join(evaluates("--cfg-options", *source, "val_evaluator.subsets=['16', '7']").split())  # the title is wrapped
    record = read(run, "latest_*.json")
    assert record["eval_absent"] == {"mode": "penalise", "classes": list(SYNTHIA_ABSENT)} and "mIoU.16" in record["metrics"]
    assert "their pixels count against the predicted class (eval_absent='penalise')" in penalised and "mean of 7" in penalised
    (run / "eval").rename(run / "penalised")
    ignored = " ".join(evaluates("--cfg-options", *source, "val_evaluator.eval_absent=ignore").split())
    assert read(run, "latest_*.json")["eval_absent"]["mode"] == "ignore"
    assert read(run, "latest_*.json")["confusion"] == record["confusion"]
    assert "their pixels are left out (eval_absent='ignore')" in ignored


def check(monkeypatch, capsys, *arguments) -> tuple[int, str]:
    """Exit code and output of tools/check_submission.py."""
    monkeypatch.setattr(sys, "argv", ["check_submission.py", *map(str, arguments)])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        check_submission.main()
    return ended.value.code, capsys.readouterr().out


@pytest.mark.parametrize(("benchmark", "kind"), zip(("cityscapes", "acdc", "dark_zurich"), FOLDERS, strict=True))
def test_archive_for_a_server(run, evaluates, tiny_layouts, monkeypatch, capsys, benchmark, kind):
    known = submission.BENCHMARKS[benchmark]
    monkeypatch.setitem(submission.BENCHMARKS, benchmark, replace(known, images=2))
    option = replaced(tiny_layouts, kind)
    printed = evaluates("--format-only", "--benchmark", benchmark, "--archive", run / "sent.zip", "--cfg-options", option)
    assert f"Archive: {run}/sent.zip" in printed and not (run / "eval").exists()
    val = tiny_layouts / FOLDERS[kind][0]
    images = [path for path in val.rglob(f"*{known.image_suffix}") if "val" in path.parts]
    with zipfile.ZipFile(run / "sent.zip") as packed:
        assert packed.namelist() == sorted(path.name for path in images)
        assert np.isin(np.asarray(Image.open(packed.open(images[0].name))), known.ids).all()
    folder = val / "leftImg8bit/val" if benchmark == "cityscapes" else copied(images, run / "images")
    assert check(monkeypatch, capsys, run / "sent.zip", "--benchmark", benchmark, "--images", folder)[0] == 0
    monkeypatch.setitem(submission.BENCHMARKS, benchmark, known)
    code, printed = check(monkeypatch, capsys, run / "sent.zip", "--benchmark", benchmark, "--images", folder)
    assert code == 1 and f"2 images, but the test split of {known.title} has {known.images}" in printed and "1 found" in printed


def test_names_in_an_archive_cannot_steer_a_terminal(monkeypatch, capsys, tmp_path, tiny_data):
    with zipfile.ZipFile(tmp_path / "sent.zip", "w") as packed:
        packed.writestr("a\x1b[2J.png", b"")
    folder = tiny_data / "cityscapes/leftImg8bit/val"
    code, printed = check(monkeypatch, capsys, tmp_path / "sent.zip", "--benchmark", "bravo", "--images", folder)
    assert code == 1 and "a\\x1b[2J.png: no test image has this name" in printed and "\x1b" not in printed


def test_an_archive_for_bravo(run, evaluates, monkeypatch, capsys, tiny_data):
    """In the folders of the images, and its confidences are those that the measures of the same evaluation were made of."""
    sent, images = run / "sent.zip", tiny_data / "cityscapes/leftImg8bit/val"
    evaluates("--metrics", "trust")
    printed = evaluates("--format-only", "--benchmark", "bravo", "--archive", sent)
    assert f"Archive: {sent}" in printed
    code, said = check(monkeypatch, capsys, sent, "--benchmark", "bravo", "--images", images)
    assert code == 0 and "for the test server of BRAVO, problems: none found" in said
    counts = 0
    with zipfile.ZipFile(sent) as packed:
        names = sorted(str(path.relative_to(images).with_suffix("")) for path in images.rglob("*.png"))
        assert packed.namelist() == [f"{name}_{kind}.png" for name in names for kind in ("conf", "pred")]
        for name in names:
            label = tiny_data / "cityscapes/gtFine/val" / f"{name.removesuffix('_leftImg8bit')}_gtFine_labelTrainIds.png"
            arrays = [np.asarray(Image.open(file)) for file in (packed.open(f"{name}_pred.png"), label, packed.open(f"{name}_conf.png"))]
            predicted, true, level = (torch.from_numpy(array.astype(np.int64)) for array in arrays)
            counts = counts + confidence_counts(predicted, true, level / 65535, 255)
    record = read(run, "latest.json")
    assert without_nan(trust_scores(counts, record["metrics"]["mIoU"])) == record["trust"]["metrics"]


def copied(images, folder):
    folder.mkdir()
    for path in images:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--benchmark", "acdc"], "--benchmark is about files for a test server. Add --format-only."),
        (["--archive", "a.zip"], "--archive is about files for a test server. Add --format-only."),
        (["--format-only", "--archive", "a.tar"], "--archive a.tar: servers take zip archives. Use --archive a.zip."),
        (["--format-only", "--benchmark", "acdc", "--to-label-id"], "--benchmark acdc says which ids are written. Leave to_label_id out."),
        (["--targets", "a.py", "--test-set"], "--targets and --test-set exclude each other"),
        (["--targets", "nowhere.py"], "Config nowhere.py does not exist."),
        (["--targets", "a=configs/_base_/uda/dacs.py"], "configs/_base_/uda/dacs.py has no val_dataloader. Give files such as"),
        (["--cfg-options", "val_evaluator.eval_absent=ignore"], "eval_absent='ignore' needs the classes that the source lacks."),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)
def test_mistakes(fails, run, arguments, line):
    assert line in fails(test_tool.main, run / "config.py", run / "latest.pth", *arguments)


def test_two_targets_of_one_name(fails, run, targets):
    line = fails(test_tool.main, run / "config.py", run / "latest.pth", "--targets", targets / "City.py", targets / "City.py")
    assert line == "--targets: two are called 'City'. Write NAME=FILE for one of them."
