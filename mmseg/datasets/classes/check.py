"""Whether network, data and method of a config speak of the same classes."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import Config

from mmseg.datasets.base import class_info
from mmseg.datasets.choosing.labeled import labeled_config
from mmseg.utils.errors import UserError


def check_class_lists(cfg: Config) -> None:
    """Refuses a config whose parts have other classes; needs no data.

    Raises:
        UserError: names the key of the config that is wrong.
    """
    source, val = (class_info(config) for config in (cfg.train_dataloader.dataset.source, cfg.val_dataloader.dataset))
    check_same_classes(source["classes"], val["classes"])
    if few := labeled_config(cfg.train_dataloader.dataset.get("target")):
        check_same_classes(source["classes"], class_info(few)["classes"], "train_dataloader.dataset.target")
    count = len(source["classes"])
    heads = {"decode_head": cfg.model.decode_head, "auxiliary_head": cfg.model.get("auxiliary_head")}
    for name, head in heads.items():
        check_num_classes(f"model.{name}", head, count)
    unknown = [name for name in source["absent"] if name in val["absent"]]
    if unknown:
        where = "of train_dataloader.dataset.source or val_dataloader.dataset"
        fix = "Correct its name, map a label id to it with label_map, or take it out of classes."
        raise UserError(f"No label {where} can show the class '{unknown[0]}'. {fix}")
    check_method(cfg.uda, count)


def check_same_classes(source: Sequence[str], other: Sequence[str], key: str = "val_dataloader.dataset") -> None:
    """Refuses the labelled data at ``key`` with other classes than the source, or in another order."""
    if list(source) != list(other):
        differing = [name for name in (*source, *other) if (name in source) != (name in other)]
        what = f"'{differing[0]}' is in one list only" if differing else "the order differs"
        raise UserError(
            f"train_dataloader.dataset.source has {len(source)} classes and {key} {len(other)}: {what}. Set classes of both to one list."
        )


def check_num_classes(key: str, head: dict | Sequence[dict] | None, count: int) -> None:
    """Refuses a head, or one of several, with another number of outputs."""
    for single in head if isinstance(head, (list, tuple)) else [head] if head else []:
        if single.get("num_classes") != count:
            given = f"{key}.num_classes is {single.get('num_classes')}, but the source data have {count} classes"
            raise UserError(f"{given}. Set {key}.num_classes={count}.")
        loss = single.get("loss_decode")
        if isinstance(loss, dict):
            check_weights(f"{key}.loss_decode.class_weight", loss.get("class_weight"), count)


def check_weights(key: str, weights: Sequence[float] | None, count: int) -> None:
    """Refuses weights of other classes; what is no list is refused where its part is built."""
    if isinstance(weights, (list, tuple)) and len(weights) != count:
        raise UserError(f"{key} has {len(weights)} numbers, but the source data have {count} classes. Give one weight per class, or None.")
    if isinstance(weights, (list, tuple)) and not any(weights):
        raise UserError(f"{key} is 0 for all classes, so nothing would be learned. Give one weight per class, or None.")


def check_method(uda: dict, count: int) -> None:
    """Refuses options of a method that are made for other classes."""
    check_weights("uda.source_class_weight", uda.get("source_class_weight"), count)
    for name, objective in (uda.get("objectives") or {}).items():
        if isinstance(objective, dict):
            check_weights(f"uda.objectives.{name}.class_weight", objective.get("class_weight"), count)
    things = uda.get("imnet_feature_dist_classes") or ()
    if things and max(things) >= count:
        fix = "List the indices of your own things that ImageNet shows, or None for all pixels."
        raise UserError(f"uda.imnet_feature_dist_classes names the class {max(things)}, but the source data have {count} classes. {fix}")
