"""What the weights of a checkpoint were trained for: classes in their order, colours, normalisation; compared with a config."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmseg.datasets.base import class_info
from mmseg.models.data_preprocessor import SegDataPreprocessor
from mmseg.utils.errors import UserError, one_line
from mmseg.utils.options.config_text import read_config_text

Colors = Sequence[Sequence[int]]
ORDER = "Give the data sets of the config that order (classes=[…]), or use the config it was trained with."


@dataclass(frozen=True)
class TrainedFor:
    """What a checkpoint says of itself; None where it says nothing, as most published files do of most.

    Attributes:
        classes: names by train id.
        palette: RGB by train id.
        normalisation: (mean, std) in grey levels, RGB each.
    """

    classes: tuple[str, ...] | None = None
    palette: tuple[tuple[int, ...], ...] | None = None
    normalisation: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> TrainedFor:
        """From ``CLASSES`` and ``PALETTE`` of the metadata, as OpenMMLab's files and ours have them, else from the config in there."""
        meta = content.get("meta")
        if not isinstance(meta, Mapping):
            return cls()
        cfg = _native_config(meta.get("config"))
        info = _class_info(cfg)
        classes, palette = _names(meta.get("CLASSES", info.get("classes"))), _colors(meta.get("PALETTE", info.get("palette")))
        return cls(classes, palette, _stated_normalisation(meta.get("normalisation")) or _normalisation(cfg))

    def warnings(
        self, classes: Sequence[str], palette: Colors, preprocessor: SegDataPreprocessor, path: str | os.PathLike, fix: str = ORDER
    ) -> list[str]:
        """What a config says otherwise, and goes: one sentence for each of other names, colours and normalisation.

        Args:
            classes, palette: of the config.
            preprocessor: of the config.
            path: of the checkpoint.
            fix: ends the error about another order.

        Raises:
            UserError: a class is another output of the network: every result would be false.
        """
        found = []
        if self.classes is not None and len(self.classes) == len(classes):
            check_order(self.classes, classes, f"Checkpoint {path} was trained", "the config", fix)
            pairs = [f"'{old}' is '{new}'" for old, new in zip(self.classes, classes, strict=True) if old != new]
            found += [f"Checkpoint {path} was trained with other names of classes: {', '.join(pairs)} in the config."] if pairs else []
        same_length = self.palette is not None and len(self.palette) == len(palette)
        if same_length and self.palette != tuple(map(tuple, palette)):
            found.append(f"Checkpoint {path} was trained with another palette: the colours are those of the config.")
        return [one_line(text) for text in found + self.normalisation_warning(preprocessor, path)]

    def normalisation_warning(self, preprocessor: SegDataPreprocessor, path: str | os.PathLike) -> list[str]:
        """The sentence about another normalisation than that of the config, of which ``preprocessor`` is; none where it is the same."""
        given = (preprocessor.grey_mean, preprocessor.grey_std)
        if self.normalisation in (None, given):
            return []
        values = " and ".join(f"mean {list(mean)}, std {list(std)}" for mean, std in (self.normalisation, given))
        text = f"Checkpoint {path} was trained with another normalisation than that of the config ({values})"
        return [f"{text}: results are worse than they should be."]


def check_order(trained: Sequence[str], given: Sequence[str], what: str, where: str, fix: str) -> None:
    """Refuses lists of classes in which a name that both have stands at two places.

    Args:
        trained: what the outputs of the network mean.
        given: what they are taken for.
        what, where: the first words of the error, and who says ``given``.
        fix: the sentence that ends it.

    Raises:
        UserError: names the first such class.
    """
    for index, name in enumerate(given):
        if name in trained and trained.index(name) != index:
            text = f"with the classes in another order than {where}: '{name}' is number {trained.index(name)}, not {index}"
            raise UserError(f"{what} {text}. {fix}")


def _native_config(text: object) -> dict[str, Any]:
    """A config in the form of this package; empty for those of others."""
    try:
        cfg = read_config_text(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return cfg if isinstance(cfg.get("uda"), dict) and isinstance(cfg.get("val_dataloader"), dict) else {}


def _class_info(cfg: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return class_info(cfg["val_dataloader"]["dataset"])
    except (UserError, KeyError, TypeError):  # a data set that is not known here
        return {}


def _names(value: object) -> tuple[str, ...] | None:
    names = isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)
    return tuple(value) if names else None


def _colors(value: object) -> tuple[tuple[int, ...], ...] | None:
    colors = isinstance(value, (list, tuple)) and all(isinstance(color, (list, tuple)) for color in value)
    return tuple(map(tuple, value)) if colors else None


def _stated_normalisation(stated: object) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """As checkpoints state it since it may come from the encoder."""
    pair = [stated.get(key) for key in ("mean", "std")] if isinstance(stated, Mapping) else []
    return tuple(map(tuple, pair)) if pair and all(isinstance(values, list) for values in pair) else None


def _normalisation(cfg: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Of an older checkpoint, where what the config does not name was ImageNet's, whatever the encoder."""
    if not cfg:
        return None
    default, options = SegDataPreprocessor(), cfg["uda"].get("data_preprocessor") or {}
    mean, std = options.get("mean") or default.grey_mean, options.get("std") or default.grey_std
    return (tuple(mean), tuple(std)) if isinstance(mean, (list, tuple)) and isinstance(std, (list, tuple)) else None
