"""What is behind everything: the sky's colours, sun or moon, clouds, stars, far ridges."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from drawing.shapes import Array, Colour, Point, clouds, noise, vector


@dataclass(frozen=True, kw_only=True)
class Disc:
    """Sun or moon. radius in degrees; halo: how far its glow reaches, in radii."""

    towards: Point
    radius: float
    paint: Colour
    halo: float = 4.0


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """A far chain of hills: height of its tops in degrees, how jagged, its colour."""

    high: float
    wide: float
    paint: Colour
    seed: int = 0
    sharp: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Sky:
    """low, high: colours at the horizon and overhead. cloud: how much of it is covered, 0 to 1.
    streak: clouds drawn out, as over a long exposure. ridges: far to near."""

    low: Colour
    high: Colour
    disc: Disc | None = None
    cloud: float = 0.0
    cloud_paint: Colour = (1.0, 1.0, 1.0)
    cloud_size: float = 1.0
    streak: float = 0.0
    stars: float = 0.0
    ridges: tuple[Ridge, ...] = ()
    steep: float = 2.4
    backdrop: Callable[[Array], Array] | None = None

    def seen(self, rays: Array) -> Array:
        """Its light along unit directions [n, 3]."""
        share = np.clip(rays[:, 1:2] * self.steep, 0, 1) ** 0.7
        light = vector(self.low) * (1 - share) + vector(self.high) * share
        if self.stars:
            light += self._starlight(rays)[:, None]
        if self.disc is not None:
            light += _shine(self.disc, rays)
        if self.cloud:
            light = self._clouded(rays, light)
        for ridge in self.ridges:
            light = np.where(_below(ridge, rays)[:, None], vector(ridge.paint), light)
        return light.astype(np.float32)

    def _starlight(self, rays: Array) -> Array:
        field = noise(rays * 90, 5)
        return np.clip(field - 0.86, 0, 1) * 9 * self.stars * np.clip(rays[:, 1] * 4, 0, 1)

    def _clouded(self, rays: Array, light: Array) -> Array:
        up = np.maximum(rays[:, 1], 0.03)
        x, z = rays[:, 0] / up, rays[:, 2] / up
        flat = np.stack([x, np.zeros_like(x), z * (1 - 0.93 * self.streak)], -1) / self.cloud_size
        thick = clouds(flat * 0.9 + 3.1, 5, 11)
        cover = np.clip((thick - (0.72 - 0.5 * self.cloud)) * 4.0, 0, 1)
        cover *= np.clip(rays[:, 1] * 9, 0, 1)
        lit = vector(self.cloud_paint) * (1.15 - 0.55 * np.clip(thick * 1.6 - 0.5, 0, 1))[:, None]
        if self.disc is not None:
            lit = lit + _shine(self.disc, rays) * 0.5
        return light * (1 - cover[:, None]) + lit * cover[:, None]


def _shine(disc: Disc, rays: Array) -> Array:
    towards = vector(disc.towards)
    towards /= np.linalg.norm(towards)
    angle = np.degrees(np.arccos(np.clip(rays @ towards, -1, 1)))[:, None]
    body = np.clip((disc.radius - angle) * 4 / max(disc.radius, 1) + 0.5, 0, 1)
    halo = 0.42 * np.exp(-angle / (disc.radius * disc.halo))
    return vector(disc.paint) * (body + halo)


def _below(ridge: Ridge, rays: Array) -> Array:
    around = np.degrees(np.arctan2(rays[:, 0], rays[:, 2]))
    raised = np.degrees(np.arcsin(np.clip(rays[:, 1], -1, 1)))
    place = np.stack([around / ridge.wide, np.full_like(around, 0.37 + ridge.seed), around * 0], -1)
    line = clouds(place, 5, ridge.seed)
    line = np.maximum((line - 0.5) * 1.9 + 0.5, 0)
    peaks = 1 - np.abs(2 * line - 1)
    return raised < ridge.high * (0.25 + line * (1 - ridge.sharp) + peaks * ridge.sharp)
