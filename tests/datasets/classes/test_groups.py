"""The named groups of classes: members, numbers, and what a config may write."""

import pytest

from mmseg.config import load_config
from mmseg.datasets.classes.groups import CATEGORIES, NAMED_GROUPS, SYNTHIA_ABSENT, class_groups
from mmseg.datasets.classes.names import CLASSES
from mmseg.utils.errors import UserError
from tests import tiny


def test_members():
    assert {name: len(group) for name, group in NAMED_GROUPS.items()} == {"19": 19, "16": 16, "13": 13, "7": 7}
    assert SYNTHIA_ABSENT == ("terrain", "truck", "train")
    assert [name for name in NAMED_GROUPS["16"] if name not in NAMED_GROUPS["13"]] == ["wall", "fence", "pole"]
    assert sorted(name for members in CATEGORIES.values() for name in members) == sorted(CLASSES)
    assert list(CATEGORIES) == ["flat", "construction", "object", "nature", "sky", "human", "vehicle"]


def test_the_synthia_configs_report_the_named_groups():
    evaluator = load_config(tiny.ROOT / "configs/daformer/syn2cs_daformer.py").val_evaluator
    assert {name: list(group) for name, group in class_groups(evaluator.subsets).items()} == {
        name: list(NAMED_GROUPS[name]) for name in ("16", "13")
    }


def test_forms_of_the_option():
    assert class_groups(["16", "7"]) == {"16": NAMED_GROUPS["16"], "7": CATEGORIES}
    assert class_groups({"thin": ["pole"]}) == {"thin": ["pole"]}
    assert class_groups(None) == {}


@pytest.mark.parametrize(
    ("given", "text"), [(["thin"], "no group of classes is called 'thin'. Use 19, 16, 13, 7,"), ("16", r"Use a list: subsets=\['16'\]")]
)
def test_mistakes(given, text):
    with pytest.raises(UserError, match=text):
        class_groups(given)
