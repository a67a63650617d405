"""Many shapes as one, found quickly: spheres within spheres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drawing.shapes import ENDLESS, Array, Shape, join, length, vector

# Farther from a sphere than this share of its radius, the way to the sphere will do.
LOOSE = 0.25


@dataclass(frozen=True)
class Tree:
    """whole: all of it as a shape. parts: the two halves, none of a single shape."""

    whole: Shape
    parts: tuple[Tree, ...] = ()

    @classmethod
    def of(cls, shapes: list[Shape]) -> Tree:
        """Shapes joined with their neighbours, two by two."""
        if len(shapes) == 1:
            return cls(shapes[0])
        if not shapes:
            return cls(
                Shape(lambda points: np.full(len(points), ENDLESS, np.float32), (0, 0, 0), 0)
            )
        if any(shape.radius >= ENDLESS for shape in shapes):
            raise ValueError("An endless shape cannot be among things; make it a ground.")
        centres = np.array([shape.centre for shape in shapes])
        axis = int(np.ptp(centres, axis=0).argmax())
        order = [shapes[place] for place in centres[:, axis].argsort(kind="stable")]
        middle = len(order) // 2
        parts = cls.of(order[:middle]), cls.of(order[middle:])
        return cls(join(*(part.whole for part in parts)), parts)

    def nearest(self, points: Array, known: Array, enough: Array | float = 0.0) -> None:
        """Lowers known [n] to the distances from points [n, 3]; to less, but never below enough,
        for what is well away, so that it need not be worked out."""
        radius = self.whole.radius
        bound = length(points - vector(self.whole.centre)) - radius
        worth = bound < known
        far = worth & (bound > np.maximum(enough, LOOSE * radius + 0.02))
        known[far] = bound[far]
        picked = np.flatnonzero(worth & ~far)
        if not len(picked):
            return
        here, best = points[picked], known[picked]
        margin = enough if isinstance(enough, float) else enough[picked]
        if self.parts:
            for part in self.parts:
                part.nearest(here, best, margin)
        else:
            best = np.minimum(best, self.whole.distance(here))
        known[picked] = best
