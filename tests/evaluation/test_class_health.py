"""Which classes count as dead, on curves of a few entries."""

import pytest

from mmseg.evaluation import ClassDeath, dead_classes, death_notices


def curve(*, share: dict | None = None, **iou: list) -> list[dict]:
    """Entries at iteration 100, 200, … from the IoU of each class; ``share`` goes into the last one."""
    count = len(next(iter(iou.values())))
    entries = [
        {"iteration": 100 * (i + 1), "metrics": {"mIoU": 0.0, **{f"IoU.{name}": values[i] for name, values in iou.items()}}}
        for i in range(count)
    ]
    if share is not None:
        entries[-1]["pseudo_share"] = share
    return entries


def test_a_collapsed_class_is_named_with_its_best_and_its_share():
    deaths = dead_classes(curve(road=[80, 90, 90], train=[12.5, 43.25, 0.4], share={"road": 99.0, "train": 0.125}), max_iters=1000)
    assert deaths == [ClassDeath("train", iou=0.4, best_iou=43.25, best_iteration=200, pseudo_share=0.125)]
    assert deaths[0].collapsed


@pytest.mark.parametrize(("values", "dead"), [([10, 0.99], True), ([9.99, 0.99], False), ([10, 1], False), ([0.5, 10], False)])
def test_limits_in_the_first_half(values, dead):
    assert bool(dead_classes(curve(bus=values), max_iters=1000)) is dead


@pytest.mark.parametrize(("max_iters", "named"), [(None, True), (400, True), (401, False)])
def test_a_class_that_was_never_learned_is_named_from_the_middle_on(max_iters, named):
    deaths = dead_classes(curve(bus=[9.99, 0.99]), max_iters)
    assert [(death.name, death.collapsed, death.pseudo_share) for death in deaths] == ([("bus", False, None)] if named else [])


def test_a_class_that_the_source_does_not_show_is_not_named():
    assert [death.name for death in dead_classes(curve(train=[0, 0], bus=[0, 0]), absent=["train"])] == ["bus"]


def test_a_recovered_class_is_not_named():
    assert dead_classes(curve(bus=[40, 0, 20])) == []


def test_classes_without_validation_labels_are_not_judged():
    """Neither one that nothing predicts (IoU null) nor one that is predicted somewhere (IoU 0, accuracy null)."""
    entries = curve(bus=[None, None], train=[0.0, 0.0], truck=[None, 0.0])
    for entry in entries:
        entry["metrics"] |= {"Acc.bus": None, "Acc.train": None, "Acc.truck": 0.0}
    assert [death.name for death in dead_classes(entries)] == ["truck"]


def test_no_evaluation_yet():
    assert dead_classes([]) == []


def test_notices():
    deaths = [
        ClassDeath("train", iou=0.04, best_iou=43.21, best_iteration=8000, pseudo_share=0.004),
        ClassDeath("rider", iou=0, best_iou=0, best_iteration=4000, pseudo_share=1.234),
        ClassDeath("pole", iou=0, best_iou=0, best_iteration=4000, pseudo_share=0),
    ]
    expected = [
        "Class 'train' has died: IoU 0.0 % (best 43.2 % at iteration 8000), 0.00 % of the pseudo-label pixels.",
        "Not learned so far (IoU below 1 %; share of the pseudo-label pixels): 'rider' 1.23 %, 'pole' 0.00 %.",
    ]
    assert death_notices(deaths) == expected
    assert death_notices(deaths[:1]) == expected[:1] and death_notices(deaths[1:]) == expected[1:]
    assert death_notices([]) == []


def test_notices_without_pseudo_labels():
    deaths = [
        ClassDeath("bus", iou=0.96, best_iou=10, best_iteration=4000, pseudo_share=None),
        ClassDeath("pole", iou=0, best_iou=0, best_iteration=4000, pseudo_share=None),
    ]
    assert death_notices(deaths) == [
        "Class 'bus' has died: IoU 1.0 % (best 10.0 % at iteration 4000).",
        "Not learned so far (IoU below 1 %): 'pole'.",
    ]
