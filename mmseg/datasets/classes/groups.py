"""The class groups that papers report, by name: means over 19, 16 and 13 classes, and the 7 categories of Cityscapes.

Sources: the Cityscapes label table (Cordts et al., CVPR 2016) for the categories; the 16 and 13 classes are those of
the work on SYNTHIA, which shows 16 of the 19 classes, of which wall, fence and pole are left out as well (mIoU*).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmseg.datasets.classes.names import CLASSES
from mmseg.utils.errors import UserError, suggestion

Group = Sequence[str] | Mapping[str, Sequence[str]]
"""Names of classes whose IoU is averaged, or categories: their names, and the names of the classes that each unites."""


def _without(*left_out: str) -> tuple[str, ...]:
    return tuple(name for name in CLASSES if name not in left_out)


SYNTHIA_ABSENT = ("terrain", "truck", "train")
"""Classes that have a raw id in SYNTHIA-RAND-CITYSCAPES and occur in none of its images."""

CATEGORIES = {
    "flat": ("road", "sidewalk"),
    "construction": ("building", "wall", "fence"),
    "object": ("pole", "traffic light", "traffic sign"),
    "nature": ("vegetation", "terrain"),
    "sky": ("sky",),
    "human": ("person", "rider"),
    "vehicle": ("car", "truck", "bus", "train", "motorcycle", "bicycle"),
}
"""The 7 categories. Caravans and trailers, vehicles as well, have no train id and are not evaluated."""

NAMED_GROUPS: dict[str, Group] = {
    "19": CLASSES,
    "16": _without(*SYNTHIA_ABSENT),
    "13": _without(*SYNTHIA_ABSENT, "wall", "fence", "pole"),
    "7": CATEGORIES,
}
"""What a config may call by name: ``subsets=['16', '13', '7']``."""


def class_groups(given: Sequence[str] | Mapping[str, Group] | None) -> dict[str, Group]:
    """The groups of an option ``subsets``, which lists names of :data:`NAMED_GROUPS` or is a dictionary of groups.

    Raises:
        UserError: a name is not known.
    """
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, str):
        raise UserError(f"subsets={given!r} is one text. Use a list: subsets=[{given!r}].")
    for name in given or ():
        if name not in NAMED_GROUPS:
            fix = suggestion(str(name), NAMED_GROUPS) or f" Use {', '.join(NAMED_GROUPS)}, or a dictionary of class names."
            raise UserError(f"subsets: no group of classes is called {name!r}.{fix}")
    return {name: NAMED_GROUPS[name] for name in given or ()}
