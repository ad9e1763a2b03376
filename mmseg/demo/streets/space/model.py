"""The scene in space: flat faces, round limbs and leafy sprites, each with a surface.

World axes as in :mod:`mmseg.demo.streets.space.views`. Letters: K points of a face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

Sampler = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""(u, v, metres per pixel), each [N] -> colour [N, 3] in [0, 1] (not linear), gloss [N]."""


@dataclass(frozen=True, eq=False)
class Surface:
    """What something is made of.

    Attributes:
        label: raw Cityscapes id.
        colour: in [0, 1], as displayed (not linear).
        sample: colour and gloss by place on the face; None is ``colour`` everywhere.
        grain: strength of the noise of several scales in its brightness; 1 is about 10 %.
        gloss: share of mirrored light seen from the front, 0 to 1.
        glow: radiance of its own, in multiples of the colour.
        leafy: of leaves, which let light through.
    """

    label: int
    colour: tuple[float, float, float] = (0.5, 0.5, 0.5)
    sample: Sampler | None = None
    grain: float = 1.0
    gloss: float = 0.0
    glow: float = 0.0
    leafy: bool = False


@dataclass
class Model:
    """All faces of a scene; the index of a face tells its surface and its place.

    Attributes:
        polygons: (points [K, 3], holes, face, one-sided, casts shadows).
        limbs: (start, end, radius at the start, radius at the end, face).
        sprites: (centre, radius, mask, face, stands on the ground): masks are uint8 [h, w], 0 where one sees through, else a tone.
        covers: (points [K, 3], label): what people label as a whole although one sees through it.
        surfaces: of all faces; ``surface_of`` has their index for each face.
        normals, origins, tangents, uprights: of each face, [3] each: where it looks to, and where its texture starts and runs to.
        round: whether a face is that of a limb.
        shades: share of the sky's light that a face gets at most, 0 to 1.
    """

    polygons: list = field(default_factory=list)
    limbs: list = field(default_factory=list)
    sprites: list = field(default_factory=list)
    covers: list = field(default_factory=list)
    surfaces: list = field(default_factory=list)
    surface_of: list = field(default_factory=list)
    normals: list = field(default_factory=list)
    origins: list = field(default_factory=list)
    tangents: list = field(default_factory=list)
    uprights: list = field(default_factory=list)
    round: list = field(default_factory=list)
    shades: list = field(default_factory=list)
    _known: dict = field(default_factory=dict)

    def face(self, surface: Surface, normal, origin, tangent, upright, *, is_round: bool = False, shade: float = 1.0) -> int:
        """Registers a face and gives its index."""
        if id(surface) not in self._known:
            self._known[id(surface)] = len(self.surfaces)
            self.surfaces.append(surface)
        self.surface_of.append(self._known[id(surface)])
        for values, value in zip(
            (self.normals, self.origins, self.tangents, self.uprights), (normal, origin, tangent, upright), strict=True
        ):
            values.append(value)
        self.round.append(is_round)
        self.shades.append(shade)
        return len(self.surface_of) - 1

    def polygon(
        self,
        points,
        surface: Surface,
        *,
        outward=None,
        holes: Sequence = (),
        casts: bool = True,
        origin=None,
        tangent=None,
        upright=None,
        shade: float = 1.0,
    ) -> None:
        """A flat face; its texture starts at the first point, runs towards the second one, and upwards to the last.

        Args:
            outward: a direction that its front looks to; what has one is seen from its front only.
            origin, tangent, upright: place of the texture where it does not follow the points.
        """
        points = np.asarray(points, float)
        normal = newell(points)
        one_sided = outward is not None
        if one_sided and float(normal @ np.asarray(outward, float)) < 0:
            normal = -normal
        along = _unit(points[1] - points[0]) if tangent is None else np.asarray(tangent, float)
        if upright is None:
            (a, b, c), (d, e, f) = normal.tolist(), along.tolist()
            upright = np.array([b * f - c * e, c * d - a * f, a * e - b * d])
            upright = upright if float(upright @ (points[-1] - points[0])) >= 0 else -upright
        face = self.face(
            surface, normal, points[0] if origin is None else np.asarray(origin, float), along, np.asarray(upright, float), shade=shade
        )
        self.polygons.append((points, tuple(np.asarray(hole, float) for hole in holes), face, one_sided, casts))

    def limb(self, start, end, radius: float, surface: Surface, end_radius: float | None = None) -> None:
        """A round stick with round ends."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        face = self.face(surface, (0.0, 0.0, -1.0), start, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), is_round=True)
        self.limbs.append((start, end, radius, radius if end_radius is None else end_radius, face))

    def ball(self, centre, radius: float, surface: Surface) -> None:
        """A sphere."""
        self.limb(centre, np.add(centre, (0.0, 1e-3, 0.0)), radius, surface)

    def sprite(
        self, centre, radius: float, mask: np.ndarray, surface: Surface, normal, *, shade: float = 1.0, grounded: bool = False
    ) -> None:
        """A bunch of leaves or twigs that looks to every view; ``normal`` and ``shade`` say how it is lit."""
        centre = np.asarray(centre, float)
        face = self.face(surface, tuple(normal), centre, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), shade=shade)
        self.sprites.append((centre, radius, mask, face, grounded))

    def cover(self, points, label: int) -> None:
        """Labels what lies behind a flat outline, unless something nearer is seen there."""
        self.covers.append((np.asarray(points, float), label))


def newell(points: np.ndarray) -> np.ndarray:
    """Unit normal of a flat polygon [K, 3]."""
    (x, y, z), (x2, y2, z2) = points.T, points[[*range(1, len(points)), 0]].T
    return _unit(np.array([y @ z2 - z @ y2, z @ x2 - x @ z2, x @ y2 - y @ x2]))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.sqrt(vector @ vector)), 1e-9)
