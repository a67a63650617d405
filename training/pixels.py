"""A clip → what can be read off its pixels: its edges, its subject, where that is,
how noisy it is.

Clips are fp32 [F, H, W, 3] in 0 to 1. Knows nothing of words or of the world's tables.
"""

import numpy as np

from training.world import LUMA, Array

EDGE = 0.12  # of the width: columns left and right that no subject in the middle reaches
SUBJECT_STANDS_OUT = 0.11  # difference of a channel to the row's edges


def edges(clip: Array) -> Array:
    """The picture's outer columns [F, H, 2·edge, 3]."""
    edge = max(2, round(EDGE * clip.shape[2]))
    return np.concatenate((clip[:, :, :edge], clip[:, :, -edge:]), 2)


def rows(clip: Array, begin: float, end: float) -> Array:
    """The median colour [3] of the outer columns between two heights."""
    height = clip.shape[1]
    band = edges(clip)[:, int(begin * height) : max(int(begin * height) + 1, int(end * height))]
    return np.median(band.reshape(-1, 3), 0)


def subject(clip: Array) -> Array:
    """Where the subject is, [F, H, W] of bool: the largest thing that differs from its row."""
    behind = np.median(edges(clip), 2)[:, :, None]
    stands_out = np.abs(clip - behind).max(-1) > SUBJECT_STANDS_OUT
    count = sum(_shifted(stands_out, y, x) for y in (-1, 0, 1) for x in (-1, 0, 1))
    solid = stands_out & (count >= 5)
    density = _box_sum(solid.astype(np.float32), max(2, min(clip.shape[1:3]) // 10))
    flat = np.where(solid, density, -1).reshape(len(clip), -1)
    grown = np.zeros_like(solid)
    grown.reshape(len(clip), -1)[np.arange(len(clip)), flat.argmax(1)] = True
    grown &= solid
    while True:
        wider = solid & sum(_shifted(grown, y, x) for y, x in _NEIGHBOURS).astype(bool) | grown
        if (wider == grown).all():
            return grown
        grown = wider


_NEIGHBOURS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))


def _shifted(mask: Array, down: int, across: int) -> Array:
    result = np.zeros(mask.shape, np.int8)
    height, width = mask.shape[1:]
    result[:, max(0, down) : height + min(0, down), max(0, across) : width + min(0, across)] = mask[
        :, max(0, -down) : height - max(0, down), max(0, -across) : width - max(0, across)
    ]
    return result


def _box_sum(values: Array, radius: int) -> Array:
    for axis in (1, 2):
        pads = [(0, 0)] * 3
        pads[axis] = (radius + 1, radius)
        sums = np.pad(values, pads).cumsum(axis)
        sums = np.concatenate((sums, np.repeat(np.take(sums, [-1], axis), radius, axis)), axis)
        places = np.arange(values.shape[axis])
        values = np.take(sums, places + 2 * radius + 1, axis) - np.take(sums, places, axis)
    return values


def centres(clip: Array) -> Array:
    """The subject's middle in each frame, [F, 2] of (across, down) in short sides from the middle;
    nan where there is none."""
    mask = subject(clip)
    _, height, width = mask.shape
    amount = mask.sum((1, 2)).astype(np.float32)
    amount[amount < 4] = np.nan
    across = (mask.sum(1) @ (np.arange(width) + 0.5 - width / 2)) / amount
    down = (mask.sum(2) @ (np.arange(height) + 0.5 - height / 2)) / amount
    return np.stack((across, down), 1) / min(width, height)


def middle(centres: Array) -> Array:
    """The median of the centres there are, [2]; nan without any."""
    there = centres[~np.isnan(centres[:, 0])]
    return np.median(there, 0) if len(there) else np.full(2, np.nan)


def grain(clip: Array) -> float:
    """The deviation of fine noise, by what is left of the luma where a plane was taken away.

    Of J. Immerkær, Fast Noise Variance Estimation (1996), with the median, which edges do not move.
    """
    luma = clip @ LUMA
    left = np.diff(np.diff(luma, 2, axis=1), 2, axis=2)
    # The mask's weights have the root of squares 6; a median of normal deviations is 0.6745 of one.
    return float(np.median(np.abs(left))) / 6 / 0.6745
