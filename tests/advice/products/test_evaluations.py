"""Advice about evaluations and their metrics."""

import torch

from mmseg.apis.evaluating.evaluate import check_classes, evaluation_loader, target_loaders
from mmseg.apis.evaluating.testing import output_folders, result_paths
from mmseg.datasets import CityscapesDataset, FolderDataset
from mmseg.datasets.classes.names import CLASSES
from mmseg.evaluation import IoUMetric
from tests import tiny
from tests.advice.command_lines import parsed
from tests.advice.following import Followed, advice, table
from tests.apis.data_config import data_config
from tools import test as test_tool


def test_a_test_split(tiny_data):
    def loader(**changes: object):
        return lambda: evaluation_loader(
            data_config(tiny_data, **{key.replace("__", "."): value for key, value in changes.items()}), test_set=True
        )

    split = data_config(tiny_data).val_dataloader.to_dict()
    (tiny_data / "cityscapes/list.txt").write_text("")
    advice("--test-set: {}. Add a test_dataloader to the config.", loader(val_dataloader__dataset__split="list.txt"))
    assert len(loader(val_dataloader__dataset__split="list.txt", test_dataloader=split)().dataset) == 2
    advice("--test-set: {}. Add a test_dataloader to the config.", loader(val_dataloader__dataset__img_dir="leftImg8bit/train"))
    assert len(loader(val_dataloader__dataset__img_dir="leftImg8bit/train", test_dataloader=split)().dataset) == 2


def test_a_result_that_has_no_place(tmp_path):
    (tmp_path / "eval").write_text("in the place of a folder")
    command = f"config.py {tmp_path}/latest.pth"
    advice("and the result would be lost. Add --out FILE.json, in a folder that", lambda: result_paths(parsed(test_tool, command)))
    assert result_paths(parsed(test_tool, f"{command} --out {tmp_path}/result.json")) == [tmp_path / "result.json"]


def test_other_classes():
    fewer = CLASSES[:16]
    advice("Evaluate it on data with the classes that it was trained for.", lambda: check_classes(16, fewer, CLASSES))
    check_classes(16, fewer, fewer)
    swapped = [CLASSES[1], CLASSES[0], *CLASSES[2:]]
    advice("Give the data set this order (classes=[…]).", lambda: check_classes(19, swapped, CLASSES))
    check_classes(19, swapped, CityscapesDataset.class_info({"classes": swapped})["classes"])


def test_targets(trained, tiny_layouts, tmp_path):
    file = str(trained / "config.py")
    (name,) = advice("--targets: two are called '{}'. Write NAME=FILE for one of them.", lambda: target_loaders([file, file]))
    assert list(target_loaders([file, f"other={file}"])) == [name, "other"]
    (tmp_path / "own.py").write_text("model = {}\n")
    advice(
        "has no val_dataloader. Give files such as configs/_base_/datasets/bdd100k_val.py.",
        lambda: target_loaders([str(tmp_path / "own.py")]),
    )
    base, folder = tiny.ROOT / "configs/_base_/datasets/bdd100k_val.py", str(tiny_layouts / "bdd100k")
    (tmp_path / "own.py").write_text(
        f"_base_ = [{str(base)!r}]\nval_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(data_root={folder!r}))\n"
    )
    assert len(target_loaders([str(tmp_path / "own.py")])["own"].dataset) == 2


def test_one_folder_for_two_kinds_of_predictions():
    options = "config.py run/latest.pth --format-only --imgfile-prefix out --show-dir"
    (folder,) = advice(
        "would both be written to {}. Choose another --show-dir.",
        lambda: output_folders(parsed(test_tool, f"{options} out"), labelled=True),
    )
    assert [str(path) for path in output_folders(parsed(test_tool, f"{options} other"), labelled=True)] == ["other", folder]


def metric(meta: dict | None = None, **options: object):
    def build() -> IoUMetric:
        made = IoUMetric(**options)
        made.dataset_meta = {"classes": ("sky", "grass")} if meta is None else meta
        return made

    return build


def of_categories(**categories: list[str]):
    return metric(subsets={"two": categories})


@table(
    [
        Followed(
            "IoUMetric: eval_absent={} is not known. Did you mean '{}'?",
            metric(eval_absent="ignor"),
            lambda _, near: metric(eval_absent=near, absent=["sky"])(),
        ),
        Followed(
            "IoUMetric: eval_absent={} is not known. Use '{}' or '{}'.",
            metric(eval_absent="no"),
            lambda *said: [metric(eval_absent=name, absent=["sky"])() for name in said[1:]],
        ),
        Followed("Add absent=[…].", metric(eval_absent="ignore"), metric(eval_absent="ignore", absent=["sky"])),
        Followed(
            "Add classes=['…', …], and its labels, to the data set that is evaluated.",
            lambda: metric({}, subsets=["19"])(),
            lambda: metric(FolderDataset.class_info({"labels": "a", "classes": ["sky"]}), subsets={"a": ["sky"]})(),
        ),
        Followed("names the unknown class '{}'. Did you mean '{}'?", metric(absent=["skye"]), lambda _, near: metric(absent=[near])()),
        Followed("names the unknown class '{}'. Correct it.", metric(absent=["zzz"]), lambda _: metric(absent=["grass"])()),
        Followed("Name every class in one category.", of_categories(above=["sky"]), of_categories(above=["sky"], below=["grass"])),
    ]
)
def test_metrics(row):
    row.follow()


def test_a_metric_without_labels(own):
    data = {**own, "label_map": {0: "sky", 1: "grass", 17: "sky"}}
    scores = metric(FolderDataset(**data).metainfo)()
    prediction = torch.zeros(40, 80, dtype=torch.uint8)
    unlabelled = FolderDataset(**{**data, "labels": None})[0]
    advice(
        "Set ann_dir of the data set that is evaluated, or labels where it is a FolderDataset.",
        lambda: scores.process(None, [{**unlabelled, "prediction": prediction}]),
    )
    scores.process(None, [{**FolderDataset(**data)[0], "prediction": prediction}])
