"""The demo scenes: deterministic, all classes, thin things thin, a hood in the target only."""

import numpy as np
import pytest

from mmseg.datasets.classes.names import CLASSES, IGNORE, LABEL_IDS
from mmseg.demo import CITYSCAPES, GTA, STYLES, render
from mmseg.demo.layout import Thing, far_to_near
from mmseg.demo.painting.camera import Camera
from mmseg.demo.painting.canvas import Canvas
from mmseg.demo.planning import draw_layout
from mmseg.demo.scene import EGO_VEHICLE, paint_thing

SMALL = (256, 128)
POLE = CLASSES.index("pole")


@pytest.fixture(scope="module")
def scenes():
    return {name: [render(0, index, style, SMALL) for index in range(40)] for name, style in STYLES.items()}


def test_same_arguments_give_the_same_scene_and_others_do_not():
    first, again = render(3, 5, GTA, SMALL), render(3, 5, GTA, SMALL)
    for name in ("image", "label", "label_ids", "inverse_depth"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    for other in (render(3, 6, GTA, SMALL), render(4, 5, GTA, SMALL), render(3, 5, CITYSCAPES, SMALL)):
        assert not np.array_equal(first.label, other.label)


def test_shapes_types_and_values(scenes):
    for scene in scenes["cityscapes"]:
        assert scene.image.shape == (128, 256, 3) and scene.image.dtype == np.uint8
        assert scene.label.shape == (128, 256) and scene.label.dtype == np.uint8
        assert set(np.unique(scene.label)) <= {*range(19), IGNORE}
        assert scene.inverse_depth.shape == (128, 256) and scene.inverse_depth.dtype == np.float32
        assert (scene.inverse_depth[scene.label == CLASSES.index("sky")] == 0).all()
        assert (scene.inverse_depth[scene.label == CLASSES.index("road")] > 0).all()
        ignored = np.unique(scene.label_ids[scene.label == IGNORE])
        assert not set(ignored) & set(LABEL_IDS)


@pytest.mark.parametrize("name", sorted(STYLES))
def test_all_classes_occur(scenes, name):
    seen = set().union(*(np.unique(scene.label) for scene in scenes[name]))
    assert seen >= set(range(19))


def test_the_hood_is_in_the_target_only(scenes):
    assert not any((scene.label_ids == EGO_VEHICLE).any() for scene in scenes["gta"])
    for scene in scenes["cityscapes"]:
        assert (scene.label_ids[-1] == EGO_VEHICLE).all()
        assert (scene.label[scene.label_ids == EGO_VEHICLE] == IGNORE).all()
        assert not (scene.label_ids[:100] == EGO_VEHICLE).any()


@pytest.mark.parametrize(("z", "widest"), [(20.0, 3), (40.0, 2), (60.0, 1)])
def test_poles_are_one_to_three_pixels_wide(z, widest):
    layout = draw_layout(GTA, 512, 256, np.random.default_rng(0))
    canvas = Canvas(width=512, height=256)
    paint_thing(canvas, layout, GTA, Thing("lamp", 0.0, z, seed=0, heading=1, width=0.3, length=0.3, height=6.5))
    row = round(layout.camera.project(np.array([[0.0, 3.0, z]]))[0, 1])  # above the collar at its foot, below its arm
    assert 1 <= (canvas.ids[row] == LABEL_IDS[POLE]).sum() <= widest


def test_thin_things_outnumber_thick_ones_in_a_row(scenes):
    runs = np.concatenate([_runs(scene.label == POLE) for scene in scenes["cityscapes"]])
    assert np.median(runs) <= 2  # 256 pixels wide; twice that at full size


def test_camera_projection_and_ground_are_inverse():
    camera = Camera(width=64, height=32, focal=40.0, horizon=12.3, eye=1.5, yaw=0.05, bend=0.001)
    first, x, z = camera.ground()
    row, column = 25, 17
    point = np.array([[x[row - first, column], 0.0, z[row - first, 0]]])
    assert camera.project(point)[0] == pytest.approx([column, row], abs=1e-3)


def test_long_things_are_painted_over_what_they_hide_and_under_what_stands_before_them():
    train = Thing("train", 6.0, 20.0, seed=0, length=24.0, width=2.6)
    behind = Thing("person", 9.0, 12.0, seed=1, length=0.5, width=0.5)  # nearer than the train's middle, beyond its side
    before = Thing("lamp", 4.0, 25.0, seed=2, length=0.3, width=0.3)
    far = Thing("car", 0.0, 50.0, seed=3, length=4.3, width=1.8)
    assert far_to_near([behind, train, before, far]) == [far, behind, train, before]


def test_the_street_does_not_depend_on_the_resolution():
    small, large = render(0, 1, GTA, (128, 64)).label, render(0, 1, GTA, (256, 128)).label
    assert (small == large[::2, ::2]).mean() > 0.85


def _runs(mask: np.ndarray) -> np.ndarray:
    """Lengths of the horizontal runs of a mask [H, W]."""
    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    return np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
