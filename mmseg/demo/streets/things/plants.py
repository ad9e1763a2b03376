"""Trees with crowns of several shapes, bare trees, hedges, bushes and far woods: bunches of leaves around branches."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from mmseg.demo.streets import colours
from mmseg.demo.streets.space.model import Model, Surface
from mmseg.demo.streets.things.parts import Frame

VEGETATION = 21
SHAPES = ("round", "tall", "conical", "spreading", "bare")
MASK = 72  # pixels of a bunch


@functools.cache
def bunches(kind: str) -> tuple[np.ndarray, ...]:
    """Masks of bunches, the same in all scenes: uint8 [MASK, MASK], 0 where one sees through, else the tone of a leaf or twig."""
    rng = np.random.default_rng([ord(letter) for letter in kind])
    draw = {"leaves": _leaves, "needles": _needles, "twigs": _twigs}[kind]
    return tuple(draw(rng) for _ in range(10))


def _leaves(rng: np.random.Generator) -> np.ndarray:
    mask = np.zeros((MASK, MASK), np.uint8)
    for _ in range(120):
        angle, away = rng.uniform(0, 2 * np.pi), MASK * 0.44 * np.sqrt(rng.random())
        x, y = MASK / 2 + away * np.cos(angle), MASK / 2 + away * np.sin(angle)
        size = (int(rng.uniform(2, 5.5)), int(rng.uniform(1, 3.4)))
        cv2.ellipse(mask, (int(x), int(y)), size, rng.uniform(0, 180), 0, 360, int(rng.uniform(20, 255)), -1)
    return mask


def _needles(rng: np.random.Generator) -> np.ndarray:
    mask = np.zeros((MASK, MASK), np.uint8)
    for _ in range(130):
        x, y = rng.normal(MASK / 2, MASK / 5.5, 2)
        end = (int(x + rng.normal(0, 3)), int(y + rng.uniform(2, 12)))
        cv2.line(mask, (int(x), int(y)), end, int(rng.uniform(20, 255)), int(rng.integers(1, 3)))
    return mask


def _twigs(rng: np.random.Generator) -> np.ndarray:
    mask = np.zeros((MASK, MASK), np.uint8)
    for _ in range(9):
        x, y, angle = MASK / 2 + rng.normal(0, 5), MASK / 2 + rng.normal(0, 5), rng.uniform(0, 2 * np.pi)
        tone = int(rng.uniform(40, 200))
        for _ in range(6):
            angle += rng.normal(0, 0.4)
            x2, y2 = x + 7 * np.cos(angle), y + 7 * np.sin(angle)
            cv2.line(mask, (int(x), int(y)), (int(x2), int(y2)), tone, 1)
            x, y = x2, y2
    return mask


def leaf_surface(colour) -> Surface:
    return Surface(VEGETATION, colour, grain=1.2, leafy=True)


def crown(
    model: Model,
    centre,
    radii,
    density: float,
    surfaces,
    kind: str,
    rng: np.random.Generator,
    *,
    grounded: bool = False,
    size: float = 0.45,
) -> None:
    """Fills an ellipsoid with bunches, more of them near its skin; those inside and below are darker."""
    masks, centre, radii = bunches(kind), np.asarray(centre, float), np.asarray(radii, float)
    count = int(np.clip(density * radii[0] * radii[1] * 14, 10, 260))
    lumps = rng.normal(0, 1, (7, 3))
    lumps /= np.linalg.norm(lumps, axis=1, keepdims=True)
    for _ in range(count):
        direction = rng.normal(0, 1, 3)
        direction /= max(np.linalg.norm(direction), 1e-6)
        if rng.random() < 0.6:  # boughs: bunches gather around some directions
            direction = direction * 0.55 + lumps[rng.integers(len(lumps))] * rng.uniform(0.5, 1.0)
            direction /= max(np.linalg.norm(direction), 1e-6)
        away = rng.random() ** 0.4
        at = centre + direction * away * radii
        if at[1] < 0.15:
            continue
        shade = float(np.clip(0.25 + 0.55 * away + 0.3 * direction[1], 0.15, 1.0))
        radius = size * rng.uniform(0.65, 1.35) * min(1.0, float(radii.min()) / (1.4 * size))
        model.sprite(
            at, radius, masks[rng.integers(len(masks))], surfaces[rng.integers(len(surfaces))], direction, shade=shade, grounded=grounded
        )


def draw_species(rng: np.random.Generator) -> tuple[str, list[Surface], Surface]:
    """Shape, leaves and bark of the trees of a street."""
    shape = str(rng.choice(SHAPES, p=(0.3, 0.14, 0.1, 0.2, 0.26)))
    base = colours.foliage(rng) if shape != "conical" else colours.hsv(rng, (0.22, 0.4), (0.2, 0.5), (0.14, 0.34))
    if shape == "bare":
        base = colours.bark(rng)
    return shape, [leaf_surface(colours.varied(rng, base, 0.14)) for _ in range(4)], Surface(VEGETATION, colours.bark(rng), grain=1.3)


def add_tree(model: Model, frame: Frame, height: float, species, rng: np.random.Generator) -> None:
    """A tree of ``height`` metres."""
    shape, leaves, bark = species
    thick = height * rng.uniform(0.014, 0.028)
    if shape == "conical":
        _conical(model, frame, height, thick, leaves, bark, rng)
        return
    trunk = height * (rng.uniform(0.2, 0.38) if shape != "tall" else 0.15)
    tips = _branches(model, frame, height, trunk, thick, bark, rng, bare=shape == "bare", narrow=shape == "tall")
    if shape == "bare":
        masks = bunches("twigs")
        for tip in tips:
            size = height * rng.uniform(0.04, 0.09)
            model.sprite(tip, size, masks[rng.integers(len(masks))], leaves[rng.integers(4)], (0, 1, -0.3), shade=0.8)
        return
    wide = height * {"round": rng.uniform(0.24, 0.36), "tall": rng.uniform(0.1, 0.17), "spreading": rng.uniform(0.32, 0.5)}[shape]
    low = trunk * rng.uniform(0.75, 1.0)
    centre = frame.at([(0, (low + height) / 2, 0)])[0]
    crown(
        model,
        centre,
        (wide, (height - low) / 2, wide),
        rng.uniform(0.5, 1.1),
        leaves,
        "leaves",
        rng,
        size=height * rng.uniform(0.05, 0.085),
    )


def _branches(model: Model, frame: Frame, height, trunk, thick, bark, rng, *, bare: bool, narrow: bool) -> list[np.ndarray]:
    """The trunk and its boughs, down to twigs on bare trees; gives the tips."""
    lean = rng.normal(0, 0.03, 2)
    top = (lean[0] * trunk, trunk, lean[1] * trunk)
    base, fork = frame.at([(0, -0.05, 0), top])
    model.limb(base, fork, thick * 1.15, bark, thick * 0.85)
    tips, queue = [], []
    for angle in np.arange(5 if bare else 4) * 2 * np.pi / (5 if bare else 4) + rng.uniform(0, 6):
        spread = rng.uniform(0.15, 0.35) if narrow else rng.uniform(0.35, 0.9)
        queue.append(
            (
                fork,
                np.array([np.cos(angle) * spread, 1.0, np.sin(angle) * spread]),
                (height - trunk) * rng.uniform(0.3, 0.42),
                thick * 0.62,
                0,
            )
        )
    queue.append((fork, np.array([rng.normal(0, 0.1), 1.0, rng.normal(0, 0.1)]), (height - trunk) * 0.42, thick * 0.75, 0))
    depth = 3 if bare else 1
    while queue:
        start, direction, length, radius, level = queue.pop()
        end = start + direction / np.linalg.norm(direction) * length
        model.limb(start, end, radius, bark, radius * 0.6)
        if level >= depth:
            tips.append(end)
            continue
        for _ in range(int(rng.integers(2, 4))):
            turned = direction / np.linalg.norm(direction) + rng.normal(0, 0.42, 3) + (0, 0.12, 0)
            queue.append((end, turned, length * rng.uniform(0.55, 0.8), radius * 0.55, level + 1))
    return tips


def _conical(model: Model, frame: Frame, height, thick, leaves, bark, rng: np.random.Generator) -> None:
    """A fir or a yew: bunches in a cone down to near the ground."""
    model.limb(frame.at([(0, 0, 0)])[0], frame.at([(0, height * 0.9, 0)])[0], thick, bark, thick * 0.3)
    masks, wide, low = bunches("needles"), height * rng.uniform(0.16, 0.26), height * rng.uniform(0.03, 0.15)
    for _ in range(int(np.clip(height * 22, 40, 220))):
        share = rng.random() ** 0.7
        reach = wide * share * rng.uniform(0.5, 1.0)
        angle = rng.uniform(0, 2 * np.pi)
        at = frame.at([(reach * np.cos(angle), low + (height - low) * (1 - share), reach * np.sin(angle))])[0]
        shade = 0.3 + 0.6 * reach / max(wide * share, 0.05)
        direction = np.array([np.cos(angle), 0.5, np.sin(angle)])
        model.sprite(
            at,
            height * 0.07 * rng.uniform(0.6, 1.2),
            masks[rng.integers(len(masks))],
            leaves[rng.integers(4)],
            direction,
            shade=shade,
            grounded=True,
        )


def add_bush(model: Model, frame: Frame, size: float, leaves, rng: np.random.Generator) -> None:
    """A bush of about ``size`` metres across."""
    high = size * rng.uniform(0.35, 0.6)
    crown(
        model,
        frame.at([(0, high * 0.8, 0)])[0],
        (size / 2, high, size / 2),
        2.5,
        leaves,
        "leaves",
        rng,
        grounded=True,
        size=rng.uniform(0.16, 0.28),
    )


def add_hedge(model: Model, start: Frame, end: Frame, height: float, leaves, rng: np.random.Generator) -> None:
    """A clipped hedge: a dark body under a skin of leaves."""
    a, b = np.array([start.x, start.y, start.z]), np.array([end.x, end.y, end.z])
    along = b - a
    length = float(np.linalg.norm(along))
    across = np.array([along[2], 0, -along[0]]) / max(length, 1e-6)
    half, dark = rng.uniform(0.25, 0.5), Surface(VEGETATION, colours.tinted(leaves[0].colour, 0.6), grain=4.5)
    for sign in (-1, 1):
        offset = across * half * 0.8 * sign
        model.polygon([a + offset, b + offset, b + offset + (0, height * 0.92, 0), a + offset + (0, height * 0.92, 0)], dark)
    model.polygon(
        [a - across * half, a + across * half, a + across * half + (0, height * 0.9, 0), a - across * half + (0, height * 0.9, 0)], dark
    )
    masks = bunches("leaves")
    for _ in range(int(np.clip(length * (height + 0.8) * 10, 10, 380))):
        share, v = rng.random() ** 1.4 if length > 12 else rng.random(), rng.uniform(0.08, 1.0) * height
        sign = rng.choice((-1, 1))
        at = a + along * share + across * half * sign * (1 if v < 0.85 * height else rng.uniform(-1, 1)) + (0, v, 0)
        direction = across * sign + (0, 1.5 * (v / height) ** 4, 0)
        shade = 0.45 + 0.5 * v / height
        model.sprite(
            at,
            rng.uniform(0.12, 0.24),
            masks[rng.integers(len(masks))],
            leaves[rng.integers(len(leaves))],
            direction,
            shade=shade,
            grounded=True,
        )


def add_wood(model: Model, frame: Frame, width: float, height: float, leaves, rng: np.random.Generator) -> None:
    """Far trees as one row of crowns across the heading; the nearer ones hide the gaps."""
    masks = bunches("leaves" if rng.random() < 0.7 else "needles")
    for _ in range(int(np.clip(width * 2.2, 20, 130))):
        u, v = rng.uniform(-0.5, 0.5) * width, height * rng.random() ** 0.7
        high = height * (0.75 + 0.25 * np.sin(u * 0.7) * np.cos(u * 0.23 + height))
        at = frame.at([(u, min(v, high) + 0.3, rng.uniform(-2, 2))])[0]
        model.sprite(
            at,
            height * rng.uniform(0.1, 0.2),
            masks[rng.integers(len(masks))],
            leaves[rng.integers(len(leaves))],
            (0, 0.7, -0.7),
            shade=0.4 + 0.5 * v / height,
        )
