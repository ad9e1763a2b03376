"""Advice about data sets: their folders and classes, and how a training samples them."""

import ast
import shutil
from pathlib import Path

import pytest

from mmseg.config import load_config
from mmseg.config.config import apply_options
from mmseg.datasets import CityscapesDataset, CropOptions, FolderDataset, GTADataset, SeveralDatasets, UDADataset
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.check import check_class_lists
from mmseg.datasets.classes.groups import class_groups
from mmseg.datasets.classes.names import check_class_names
from mmseg.datasets.classes.palettes import check_palette
from mmseg.datasets.sampling.rare_class_sampling import RareClassOptions, build_rare_class_table
from mmseg.datasets.sampling.samplers import RunningIndexSampler
from mmseg.datasets.sampling.source_classes import source_note
from tests import tiny
from tests.advice.following import Followed, advice, table
from tests.datasets.toy import HEIGHT, WIDTH, crop, make_cityscapes, make_gta, position_image, source_config, target_config, write_png
from tools import make_demo_data as demo_tool

# Classes


def classes_of(**changes: object):
    """Compares the classes of the demo config with changes by dotted key."""
    return lambda: check_class_lists(
        load_config(tiny.ROOT / tiny.CONFIG, {key.replace("__", "."): value for key, value in changes.items()})
    )


OTHER_ORDER = CityscapesDataset.classes[::-1]


@table(
    [
        Followed(
            "Set classes of both to one list.",
            classes_of(val_dataloader__dataset__classes=OTHER_ORDER),
            classes_of(train_dataloader__dataset__source__classes=OTHER_ORDER, val_dataloader__dataset__classes=OTHER_ORDER),
        ),
        Followed(
            "{} has {} numbers, but the source data have {} classes. Give one weight per class, or None.",
            classes_of(uda__source_class_weight=[1.0]),
            lambda _, __, count: [classes_of(uda__source_class_weight=value)() for value in ([1.0] * int(count), None)],
        ),
        Followed(
            "so nothing would be learned. Give one weight per class, or None.",
            classes_of(uda__source_class_weight=[0.0] * 19),
            lambda: [classes_of(uda__source_class_weight=value)() for value in ([1.0] * 19, None)],
        ),
        Followed(
            "List the indices of your own things that ImageNet shows, or None for all pixels.",
            classes_of(uda__imnet_feature_dist_classes=[19]),
            lambda: [classes_of(uda__imnet_feature_dist_classes=value)() for value in ([11, 12], None)],
        ),
    ]
)
def test_lists_of_classes(row):
    row.follow()


def test_another_number_of_classes():
    cfg = load_config(tiny.ROOT / tiny.CONFIG, {"model.decode_head.num_classes": 3})
    key, value = advice("Set {}.num_classes={}.", lambda: check_class_lists(cfg))
    apply_options(cfg, {f"{key}.num_classes": int(value)}, tiny.CONFIG)
    check_class_lists(cfg)


def test_a_class_that_no_label_can_show():
    """Of data of one's own: its name is corrected, mapped, or taken out."""

    def check(names: list[str], label_map: dict):
        data = {"_delete_": True, "type": "FolderDataset", "images": "a", "labels": "b", "classes": names, "label_map": label_map}
        options = {"train_dataloader.dataset.source": data, "val_dataloader.dataset": data, "model.decode_head.num_classes": len(names)}
        cfg = load_config(tiny.ROOT / tiny.CONFIG, {**options, "uda.imnet_feature_dist_classes": None, "uda.source_class_weight": None})
        check_class_lists(cfg)

    _, name = advice(
        "No label {} can show the class '{}'. Correct its name, map a label id to it with label_map, or take it out of classes.",
        lambda: check(["sky", "gras"], {0: "sky"}),
    )
    check(["sky", "grass"], {0: "sky", 1: "grass"})
    check(["sky", name], {0: "sky", 1: name})
    check(["sky"], {0: "sky"})


@table(
    [
        Followed(
            "subsets={} is one text. Use a list: subsets=[{}].",
            lambda: class_groups("16"),
            lambda _, name: class_groups([ast.literal_eval(name)]),
        ),
        Followed(
            "no group of classes is called {}. Did you mean '{}'?", lambda: class_groups(["166"]), lambda _, near: class_groups([near])
        ),
        Followed(
            "Use {}, or a dictionary of class names.",
            lambda: class_groups(["thin"]),
            lambda names: [class_groups(names.split(", ")), class_groups({"thin": ("pole",)})],
        ),
        Followed(
            "Give a list of names, such as classes=['background', 'crack'].",
            lambda: check_class_names("ab", "X"),
            lambda: check_class_names(["background", "crack"], "X"),
        ),
        Followed(
            "classes names '{}' twice. Give every class its own name.",
            lambda: check_class_names(["a", "a"], "X"),
            lambda name: check_class_names([name, f"{name}2"], "X"),
        ),
        Followed(
            "but labels of 8 bits hold {}. Join some of the classes.",
            lambda: check_class_names([str(number) for number in range(300)], "X"),
            lambda count: check_class_names([str(number) for number in range(int(count))], "X"),
        ),
        Followed(
            "Give one [red, green, blue] per class.",
            lambda: check_palette([[0, 0, 0]], 2, "X"),
            lambda: check_palette([[0, 0, 0], [1, 2, 3]], 2, "X"),
        ),
        Followed(
            "Use three whole numbers from 0 to 255.",
            lambda: check_palette([[0, 0, 300]], 1, "X"),
            lambda: check_palette([[0, 0, 255]], 1, "X"),
        ),
    ]
)
def test_names_groups_and_colours(row):
    row.follow()


# Folders


def test_missing_demo_data(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tiny, "ROOT", tmp_path)
    small = ("--size", "64", "32", "--source", "1", "--target", "1", "--val", "1", "--nproc", "1")
    for kind, options in (
        (GTADataset, {"data_root": "data/demo/gta", "ann_dir": "labels"}),
        (CityscapesDataset, {"data_root": str(tmp_path / "data/demo/cityscapes"), "img_dir": "leftImg8bit/val"}),
        (FolderDataset, {"images": "data/demo/synthia/RGB"}),
    ):
        said = advice(
            "Draw the demo data with: python tools/make_demo_data.py --out {}{}", lambda kind=kind, options=options: kind(**options)
        )
        call(demo_tool.main, "--out", *"".join(said).split(), *small)
        assert len(kind(**options)) == 1
        shutil.rmtree(tmp_path / "data")


def test_missing_and_empty_folders(tmp_path):
    root = make_gta(tmp_path / "gta")

    def build(**options):
        return GTADataset(**{"data_root": str(root), **options})

    advice("Put the data there or change data_root and img_dir.", lambda: build(img_dir="photos"))
    (root / "empty").mkdir()
    advice("Put the images there or change img_dir or img_suffix.", lambda: build(img_dir="empty"))
    advice("Put the images there or change img_dir or img_suffix.", lambda: build(img_suffix=".jpg"))
    assert len(build(img_dir="images", img_suffix=".png")) == 6
    for folder in ("photos", "empty"):
        shutil.copytree(root / "images", root / folder, dirs_exist_ok=True)
        assert len(build(img_dir=folder)) == 6
    advice("needs the option 'img_dir'. Add img_dir=… to its dictionary in the config.", lambda: SegmentationDataset(data_root=str(root)))
    assert len(SegmentationDataset(data_root=str(root), img_dir="images")) == 6
    (name,) = advice("({}=None). Set {} to use its labels.", lambda: build().label_path(0))[1:]
    assert build(**{name: "labels"}).read_label(0).shape == (HEIGHT, WIDTH)


def test_a_pair_of_two_sizes(tmp_path):
    root = make_gta(tmp_path / "gta")
    image = root / "images/00001.png"
    whole = image.read_bytes()
    write_png(image, position_image(1)[:20])
    data = GTADataset(data_root=str(root), ann_dir="labels")
    advice("Copy the matching pair again.", lambda: data[0])
    image.write_bytes(whole)
    assert data[0]["label"].shape == (HEIGHT, WIDTH)


def test_a_folder(own):
    """The same option with a value as the error asks for works."""

    def build(**options):
        return lambda: FolderDataset(**{**own, **options})

    advice("Correct the option or put the images there.", build(images="none"))
    advice("Correct the option images, or set img_suffix.", build(img_suffix=".jpg"))
    advice("Correct labels or label_suffix, or leave labels out for an unlabelled domain.", build(label_suffix="_x.png"))
    advice("Add classes=['…', …], in the order of the network's outputs.", build(classes=None))
    for options in ({}, {"img_suffix": ".png"}, {"label_suffix": ".png"}, {"labels": None}, {"labels": None, "classes": None}):
        assert len(build(**options)()) == 1


def test_two_images_of_one_label(own):
    photo = Path(own["images"]) / "a.png"
    shutil.copy(photo, photo.with_suffix(".jpg"))
    advice("Rename one, or choose the images with img_suffix.", lambda: FolderDataset(**own))
    assert len(FolderDataset(**own, img_suffix=".png")) == 1
    photo.with_suffix(".jpg").rename(photo.with_name("b.png"))
    shutil.copy(Path(own["labels"]) / "a.png", Path(own["labels"]) / "b.png")
    assert len(FolderDataset(**own)) == 2


def test_images_without_labels(own):
    photo = Path(own["images"]) / "b.png"
    shutil.copy(Path(own["images"]) / "a.png", photo)
    advice("Add the labels, move images without one elsewhere, or correct label_suffix.", lambda: FolderDataset(**own))
    label = Path(own["labels"]) / "b.png"
    shutil.copy(Path(own["labels"]) / "a.png", label)
    assert len(FolderDataset(**own)) == 2
    label.unlink()
    photo.rename(Path(own["images"]).parent / "b.png")
    assert len(FolderDataset(**own)) == 1


def test_class_statistics_of_a_folder(own, tmp_path, monkeypatch):
    options = {**own, "label_map": {0: "sky", 1: "grass", 17: "sky"}}
    (tmp_path / "taken").write_text("")
    advice(
        "Set statistics_dir='…' in its dictionary to a folder that is writable.",
        FolderDataset(**options, statistics_dir=str(tmp_path / "taken/counts")).class_statistics,
    )
    before = FolderDataset(**options, statistics_dir=str(tmp_path / "counts")).class_statistics()
    assert FolderDataset(**options).class_statistics() == before
    (path,) = advice("Delete {}: the labels are counted anew then.", FolderDataset(**options).recount_hint)
    Path(path).unlink()
    assert FolderDataset(**options).class_statistics() == before and Path(path).is_file()


# Several data sets


def test_several_data_sets(tmp_path):
    roots = [make_gta(tmp_path / name) for name in ("a", "b")]
    whole = [source_config(root) for root in roots]

    def several(datasets, **options):
        return SeveralDatasets(datasets=datasets, **options)

    advice("Give all of them labels, or none.", lambda: several([whole[0], {**whole[1], "ann_dir": None}]))
    assert several(whole).labelled and not several([{**part, "ann_dir": None} for part in whole]).labelled
    advice("Set datasets=[dict(type='…', …), …].", lambda: several([]))
    advice("Give one number above 0 for each of them.", lambda: several(whole, weights=[1]))
    assert len(several(whole, weights=[1, 2])) == 12
    advice("Give all of them one list with the option classes.", lambda: several([whole[0], {**whole[1], "classes": ["road"]}]))
    assert several([{**part, "classes": ["road"]} for part in whole]).classes == ("road",)
    sizes = [(WIDTH, HEIGHT)] * 3
    joined = {"type": "SeveralDatasets", "datasets": whole}
    advice(
        "Give one (width, height) for all, or one for each data set.",
        lambda: UDADataset(source=joined, source_crop={**crop(), "img_scale": sizes}),
    )
    for scale in (sizes[0], sizes[:2]):
        UDADataset(source=joined, source_crop={**crop(), "img_scale": scale})


# The training data


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    root = tmp_path_factory.mktemp("pair")
    source, target = source_config(make_gta(root / "gta")), target_config(make_cityscapes(root / "city"))
    return {"source": source, "target": target, "source_crop": crop(), "target_crop": crop()}


def test_parts_of_the_training_data(pair):
    def build(change: dict):
        return lambda: UDADataset(**{**pair, **change})[0]

    def works(*changes: dict) -> None:
        for change in changes:
            assert build(change)()["index"] == 0

    advice("Add target_crop=dict(img_scale=…, crop_size=…).", build({"target_crop": None}))
    works({"target_crop": {"img_scale": (WIDTH, HEIGHT), "crop_size": (16, 16)}})
    advice("Add target=… or remove them.", build({"target": None}))
    works({}, {"target": None, "target_crop": None})
    advice("would need target labels. Set it in source_crop only.", build({"target_crop": crop(cat_max_ratio=0.5)}))
    works({"source_crop": crop(cat_max_ratio=0.5)})
    advice("is for the source alone. Set it in source_crop only.", build({"target_crop": crop(photo_metric_distortion=True)}))
    works({"source_crop": crop(photo_metric_distortion=True)})
    (option,) = advice("has no labels. Set {} in its config.", build({"source": {**pair["source"], "ann_dir": None}}))
    works({"source": {**pair["source"], option: "labels"}})
    advice("UDADataset got on_bad_sample={}. Use 'raise' or 'skip'.", build({"on_bad_sample": "no"}))
    works({"on_bad_sample": "raise"}, {"on_bad_sample": "skip"})
    advice("Use one crop_size for both.", build({"target_crop": crop(8)}))
    works({"source_crop": crop(8), "target_crop": crop(8)})
    (size,) = advice("sync_crop_size {} is larger than crop_size. Use a smaller one.", build({"sync_crop_size": (32, 32)}))
    works({"sync_crop_size": tuple(side // 4 for side in ast.literal_eval(size))})
    advice("target image. Use smaller margins.", build({"crop_pseudo_margins": [20, 20, 0, 0]}))
    works({"crop_pseudo_margins": [2, 2, 0, 0]})


def test_crops():
    scale, large = (WIDTH, HEIGHT), (64, 64)
    advice("Use a smaller crop_size, a larger img_scale, or pad=True.", lambda: CropOptions(img_scale=scale, crop_size=large))
    CropOptions(img_scale=scale, crop_size=(32, 32))
    CropOptions(img_scale=(160, 80), crop_size=large)
    CropOptions(img_scale=scale, crop_size=large, pad=True)
    *_, most = advice(
        "{}=({}, {}) is more than the {} pixels that an image may have. Use less.",
        lambda: CropOptions(img_scale=(10**6, 10**6), crop_size=large),
    )
    CropOptions(img_scale=(int(most) // 100, 100), crop_size=large)


def test_samples_that_are_skipped(tmp_path, pair):
    source = source_config(make_gta(tmp_path / "gta"))
    images = sorted((tmp_path / "gta/images").iterdir())
    kept = {path: path.read_bytes() for path in images}
    for path in images:
        path.write_bytes(b"")
    data = UDADataset(**{**pair, "source": source, "on_bad_sample": "skip"})
    (last,) = advice("so many files must be. Find them with tools/check_data.py. {}", lambda: data[0])
    assert str(tmp_path) in last
    for path, content in kept.items():
        path.write_bytes(content)
    assert data[0]["skipped"] == 0


def test_rare_classes(own, tmp_path):
    options = RareClassOptions(min_pixels=1, class_temp=0.1)
    ignored = {**own, "label_map": {7: "sky", 8: "grass"}, "ignore": [0, 1, 17]}
    mapped = {**own, "label_map": {0: "sky", 1: "grass"}, "ignore": [17]}
    advice(
        "all of them are ignored. Correct label_map, ignore or classes, or the labels.",
        lambda: build_rare_class_table(FolderDataset(**ignored), options),
        file="rare_class_sampling.py",
    )
    build_rare_class_table(FolderDataset(**mapped), options)

    def note(data: dict):
        return source_note(UDADataset(source={"type": "FolderDataset", **data}, source_crop=crop()))

    advice("The source {}: {}. Correct label_map, ignore or classes, or the labels.", lambda: note(ignored))
    assert note(mapped) is None
    few = RareClassOptions(min_pixels=10**6, class_temp=0.1)
    advice(
        "Lower rare_class_sampling.min_pixels or add images with this class.", lambda: build_rare_class_table(FolderDataset(**mapped), few)
    )


def test_running_numbers():
    sampler = RunningIndexSampler(dataset=range(3))
    advice("RunningIndexSampler cannot skip {} samples. Use a number >= 0.", lambda: sampler.skip(-1))
    sampler.skip(0)
