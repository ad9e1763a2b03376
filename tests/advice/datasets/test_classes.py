"""Advice about classes, their names, colours and groups."""

import ast

from mmseg.config import load_config
from mmseg.config.config import apply_options
from mmseg.datasets import CityscapesDataset
from mmseg.datasets.classes.check import check_class_lists
from mmseg.datasets.classes.groups import class_groups
from mmseg.datasets.classes.names import check_class_names
from mmseg.datasets.classes.palettes import check_palette
from tests import tiny
from tests.advice.following import Followed, advice, table


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
