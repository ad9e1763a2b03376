"""What a metric, pictures and the exporter need to know of the classes of a training."""

from __future__ import annotations

from collections.abc import Sequence

from mmseg.datasets.classes.names import IGNORE, check_class_names
from mmseg.datasets.classes.palettes import Color, default_palette


def described_classes(
    classes: Sequence[str], palette: Sequence[Color], label_ids: Sequence[int], *, chosen: Sequence[str] | None, owner: str
) -> dict:
    """``metainfo`` of a data set with its own ``classes``, of which, or of others, a training has ``chosen``; None for all of them.

    Returns:
        ``classes`` names, ``palette`` RGB, ``label_ids`` raw ids for a test server (255 where there is none), ``absent`` names of
        classes that no label of this data set can show.

    Raises:
        UserError: ``chosen`` is no list of names; opens with ``owner``.
    """
    if chosen is None:
        return {"classes": tuple(classes), "palette": palette, "label_ids": label_ids, "absent": ()}
    names = check_class_names(chosen, owner)
    own = {name: (color, label_id) for name, color, label_id in zip(classes, palette, label_ids, strict=True)}
    others = zip(default_palette(len(names)), [IGNORE] * len(names), strict=True)
    colors, ids = zip(*(own.get(name, other) for name, other in zip(names, others, strict=True)), strict=True)
    return {"classes": names, "palette": colors, "label_ids": ids, "absent": tuple(name for name in names if name not in own)}
