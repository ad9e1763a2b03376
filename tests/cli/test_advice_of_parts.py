"""Advice that was tried, as in ``test_advice.py``: of errors about files of this project and about the options of parts."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.registry import Registry

from mmseg.datasets import FolderDataset, GTADataset
from mmseg.demo.choices import Parameters
from mmseg.evaluation.curve import read_curve, read_result
from mmseg.registry import MASKS, METRICS, MODELS
from mmseg.utils.storage.files import write_json
from tests import tiny
from tests.cli.failures import refusal
from tools import make_demo_data as demo_tool
from tools import train as train_tool
from tools.convert_datasets import gta as gta_tool

# Products


def test_a_broken_result_and_a_broken_curve(run, fails, works, tmp_path, tiny_data):
    """Moved elsewhere, both are written anew, as far as they can be."""
    options = tiny.options(tiny_data)
    resume = (tiny.CONFIG, "--work-dir", run, "--resume")
    (run / "result.json").write_text("null")
    assert "Move it elsewhere and run the training again" in refusal(lambda: read_result(run))
    (run / "result.json").rename(tmp_path / "result.json")
    works(train_tool.main, *resume, *options)
    assert read_result(run)["iteration"] == 2
    (run / "evaluations.json").write_text("[3]")
    longer = [*options, "train_cfg.max_iters=3", "train_cfg.val_interval=3"]
    line = fails(train_tool.main, *resume, *longer)
    assert line.startswith(f"{run / 'evaluations.json'} holds [0] = 3, which should be a dictionary. Move it elsewhere: ")
    (run / "evaluations.json").rename(tmp_path / "evaluations.json")
    works(train_tool.main, *resume, *longer)
    assert [entry["iteration"] for entry in read_curve(run)] == [3]


def test_a_broken_manifest_of_demo_data(tmp_path, works):
    out = tmp_path / "demo"
    small = ("--out", out, "--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1")
    works(demo_tool.main, *small)
    (out / "demo_manifest.json").write_text("{}")
    line = refusal(lambda: demo_tool.make_demo_data(out=out, parameters=Parameters(width=64, height=32, source=1, target=1, val=1)))
    assert line.endswith(f"has no entry ['drawing']. Move the folder {out} elsewhere and draw the demo data again.")
    out.rename(tmp_path / "elsewhere")
    works(demo_tool.main, *small)
    assert (out / "gta/images/00001.png").is_file()


def test_class_statistics_of_other_labels(tiny_data, tmp_path, works):
    """What their fingerprint does not give away: numbers that were changed by hand."""
    root = shutil.copytree(tiny_data / "gta", tmp_path / "gta")
    dataset = GTADataset(data_root=str(root), ann_dir="labels")
    before = dataset.class_statistics()
    move, command = re.search(
        r"^Move (\S+) elsewhere\. Create it with: python tools/convert_datasets/gta\.py (\S+)$", dataset.recount_hint
    ).groups()
    for path in root.glob(move.removeprefix(f"{root}/")):
        path.rename(tmp_path / path.name)
    works(gta_tool.main, command, "--nproc", "1")
    assert dataset.class_statistics() == before


def test_counts_of_a_folder(own):
    options = {**own, "label_map": {0: "sky", 1: "grass", 17: "sky"}}
    before = FolderDataset(**options).class_statistics()
    path = Path(re.search(r"^Delete (\S+): the labels are counted anew then\.$", FolderDataset(**options).recount_hint).group(1))
    path.unlink()
    assert FolderDataset(**options).class_statistics() == before and path.is_file()


def test_a_folder_where_a_file_is_to_be_written(tmp_path):
    path = tmp_path / "a.json"
    path.mkdir()
    assert refusal(lambda: write_json(path, 1)).endswith("Is a directory. Move this folder elsewhere.")
    path.rename(tmp_path / "elsewhere")
    write_json(path, 1)
    assert path.is_file()


# Options of parts


def part(kind: Registry, **options: object) -> Callable:
    return lambda: kind.build(options)


def head(**options: object) -> Callable:
    fcn = {"type": "FCNHead", "in_channels": 8, "channels": 8, "num_classes": 3, "in_index": 0}
    return part(MODELS, **{**fcn, **options})


def metric(**options: object) -> Callable:
    return part(METRICS, type="IoUMetric", **options)


def loss(**options: object) -> Callable:
    return part(MODELS, type="CrossEntropyLoss", **options)


def resnet(**options: object) -> Callable:
    return part(MODELS, **{"type": "ResNetV1c", "depth": 18, **options})


def transformer(*widths: int) -> Callable:
    return part(MODELS, type="MixVisionTransformer", embed_dims=list(widths), depths=[1, 1, 1, 1])


PARTS = [
    (metric(subsets="thin"), "It should be a list or be a dictionary", metric(subsets=["16"])),
    (metric(eval_absent="ignore"), "Add absent=[", metric(eval_absent="ignore", absent=["a"])),
    (metric(eval_absent="no"), "Use 'penalise' or 'ignore'", metric(eval_absent="penalise")),
    (loss(use_sigmoid=True), "Use use_sigmoid=False", loss(use_sigmoid=False)),
    (loss(reduction="x"), "It should be 'mean' or 'sum'", loss(reduction="sum")),
    (head(num_convs=0, channels=4), "Use channels=8", head(num_convs=0, channels=8)),
    (resnet(depth=19), "Use one of 18, 34, 50, 101, 152", resnet(depth=34)),
    (resnet(style="caffe"), "Use style='pytorch'", resnet(style="pytorch")),
    (resnet(type="ResNeXt", groups=2), "Use groups=1", resnet(type="ResNeXt", groups=1)),
    (resnet(out_indices=(4,)), "Use indices from 0 to 3", resnet(out_indices=(3,))),
    (transformer(8, 16, 40), "Give four values", transformer(8, 16, 40, 64)),
    (part(MASKS, type="blok"), "Did you mean 'block'?", part(MASKS, type="block")),
]


@pytest.mark.parametrize(("given", "advice", "instead"), PARTS, ids=[advice for _, advice, _ in PARTS])
def test_options_of_a_part(given, advice, instead):
    assert advice in refusal(given)
    instead()


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        ({"depth": 17}, {"depth": 16}),
        ({"range": (3, 1)}, {"range": (1, 3)}),
        ({"depth": 12, "range": (0, 3)}, {"depth": 12}),
        ({"label_suffix": "_x.png"}, {"label_suffix": ".png"}),
        ({"img_suffix": ".jpg"}, {"img_suffix": ".png"}),
        ({"split": "none.txt"}, {}),
        ({"palette": [[0, 0, 0]]}, {"palette": [[0, 0, 0], [1, 2, 3]]}),
        ({"palette": [[0, 0, 0], [1, 2, 300]]}, {"palette": [[0, 0, 0], [1, 2, 255]]}),
        ({"classes": ["a", "a"]}, {"classes": ["a", "b"]}),
        ({"classes": "ab"}, {"classes": ["background", "crack"]}),
    ],
)
def test_options_of_a_folder(own, given, instead):
    """The same option with a value as the error asks for works."""
    line = refusal(lambda: FolderDataset(**{**own, **given}))
    assert any(word in line for word in ("Use ", "Take out", "orrect ", "set img_suffix", "Give "))
    FolderDataset(**{**own, **instead})
