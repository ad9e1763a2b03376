"""Advice about targets of which a few images are labelled."""

import pytest

from mmseg.apis.training.train import train
from mmseg.datasets import CityscapesDataset, UDADataset
from mmseg.engine.parts import labeled_note, target_note
from tests import annotated, tiny
from tests.advice.following import advice
from tests.datasets.toy import crop, make_cityscapes, make_gta, source_config, target_config
from tests.models.uda.test_methods import build

CITY = {"img_dir": "leftImg8bit/train", "ann_dir": "gtFine/train"}


def test_lists_of_the_field(tmp_path):
    root = make_cityscapes(tmp_path, count=3, labels=True)
    names = [f"ulm/{number:06}" for number in range(183)]
    for folder, end in (("leftImg8bit/train", "_leftImg8bit.png"), ("gtFine/train", "_gtFine_labelTrainIds.png")):
        for name in names:
            (root / folder / f"{name}{end}").touch()
    known = [f"ulm/ulm_{number:06}_000019" for number in range(100, 103)]

    def few(labeled):
        return CityscapesDataset(data_root=str(root), **CITY, labeled=labeled)

    _, path, _, _ = advice("{}: the list {} of {} images is not there. {}", lambda: few("cityscapes_1_16"))
    _, number = advice("Copy {} there, or draw as many with labeled={}.", lambda: few("cityscapes_1_16"))
    assert len(few(int(number))) == 186
    (root / "lists").mkdir()
    assert path == str(root / "lists/cityscapes_1_16.txt")
    (root / "lists/cityscapes_1_16.txt").write_text("\n".join([*names, *known]))
    assert len(few("cityscapes_1_16")) == 186
    (root / "lists/cityscapes_1_16.txt").write_text("\n".join(known))
    folder, name = advice(
        "Copy the list again, or name the file itself to use it as it is: labeled='{}/{}.txt'.", lambda: few("cityscapes_1_16")
    )
    assert len(few(f"{folder}/{name}.txt")) == 3


def test_numbers(tmp_path):
    root = make_cityscapes(tmp_path, labels=True)

    def few(labeled):
        return CityscapesDataset(data_root=str(root), **CITY, labeled=labeled)

    (most,) = advice("Give a number from 1 to {}, or a share such as 0.05.", lambda: few(6))
    assert len(few(int(most))) == 5 and len(few(0.05)) == 1


@pytest.fixture
def data(tmp_path):
    source, target = make_gta(tmp_path / "gta"), make_cityscapes(tmp_path / "city", labels=True)

    def dataset(unlabeled: str = "all", **changes: object) -> UDADataset:
        given = {"source": source_config(source), "target": {**target_config(target), **changes}, "unlabeled": unlabeled}
        return UDADataset(**given, source_crop=crop(), target_crop=crop())

    return dataset


def test_targets_with_labels(data):
    (option,) = advice(
        "UDADataset: the target {} has labeled images, but no labels. Set {} in its config.", lambda: data(labeled=2, ann_dir=None)
    )[1:]
    assert option == "ann_dir" and len(data(labeled=2).labeled) == 2
    advice("Set labeled in target, or unlabeled='all'.", lambda: data("rest"))
    assert len(data("rest", labeled=2).target) == 3 and len(data("all").target) == 5
    advice("Use unlabeled='all' or 'none'.", lambda: data("rest", labeled=1.0))
    assert len(data("all", labeled=1.0).target) == 5 and data("none", labeled=1.0).target is None


def test_methods_and_their_data(data):
    few, plain = build(labeled={}), build()
    advice("Set train_dataloader.dataset.target.labeled, such as to 0.05, or leave uda.labeled out.", lambda: labeled_note(data(), few))
    assert labeled_note(data(labeled=0.05), few) is labeled_note(data(), plain) is labeled_note(data(labeled=0), few) is None
    advice("{}. Add labeled=dict() to uda.", labeled_note(data(labeled=2), plain))
    supervised = build("SourceOnly", labeled={})
    advice("Set train_dataloader.dataset.unlabeled='none'.", target_note(data(labeled=2), supervised))
    assert target_note(data("none", labeled=2), supervised) is None


def test_rounds_of_annotating(tiny_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tiny.ROOT)
    cfg = annotated.config(tiny_data, **{"train_dataloader.dataset.target.labeled": 2, "uda.labeled": {}})

    advice("Set train_dataloader.dataset.target.labeled=None, or leave the hook out.", lambda: train(cfg, tmp_path / "run"))
    cfg = annotated.config(tiny_data, **{"train_dataloader.dataset.target.labeled": None})
    with pytest.raises(SystemExit):
        train_to_the_first_round(cfg, tmp_path / "run_none")


def train_to_the_first_round(cfg, folder) -> None:
    """Everything is accepted once the first iteration begins."""

    def begun(*_: object, **__: object) -> None:
        raise SystemExit

    patch = pytest.MonkeyPatch()
    patch.setattr("mmseg.models.uda.base.UDAMethod.train_step", begun)
    try:
        train(cfg, folder)
    finally:
        patch.undo()


def test_margins_of_targets(data):
    def dataset(**options: object) -> UDADataset:
        own = data()
        folders = {"source": source_config(own.source.data_root), "target": target_config(own.target.folder.parents[1])}
        return UDADataset(**folders, source_crop=crop(), target_crop=crop(), **options)

    margins = [3, 25, 3, 3]
    advice("Set one of them to None.", lambda: dataset(target_margins=margins, crop_pseudo_margins=[1, 1, 1, 1]), file="target_margins.py")
    advice(
        "Give one [top, bottom, left, right] for all, or one for each data set, None for none.", lambda: dataset(target_margins=[None] * 2)
    )
    advice("Use less than 100 for both sides together.", lambda: dataset(target_margins=[60, 40, 0, 0]))
    for good in (margins, [margins], [None], [60, 30, 0, 0]):
        assert dataset(target_margins=good)[0]["target"]["valid"].shape == (16, 16)
