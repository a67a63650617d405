"""Latents of a small picture → latents of a large one, noise and all.

Spectral: the orthonormal 2-D DCT of each latent frame becomes the low band of the larger grid, the
rest is filled with noise of the same strength (arXiv 2605.18736). `studio.ladder` has the sigmas.
"""

import math

import torch

from studio import ladder


def lifted(
    latents: torch.Tensor, sigma: float, size: tuple[int, int], noise: torch.Tensor
) -> torch.Tensor:
    """Noisy latents [1, C, T, h, w] at sigma → [1, C, T, H, W] at `ladder.rewound(sigma, ratio)`.

    size: (H, W). noise: unit noise [1, C, T, H, W], of which the high band is used. The ratio is
    the root of how many times more latents there are.
    """
    height, width = latents.shape[-2:]
    ratio = math.sqrt(size[0] * size[1] / (height * width))
    spectrum = sigma * _transformed(noise.double())
    spectrum[..., :height, :width] = _transformed(latents.double())
    # An orthonormal transform keeps energy, so the same picture on more points is fainter.
    scale = ratio / (1 + (ratio - 1) * sigma)
    return (scale * _back(spectrum)).float()


def renoised(clean: torch.Tensor, sigma: float, noise: torch.Tensor) -> torch.Tensor:
    """Clean latents on their path to noise, at sigma."""
    return (1 - sigma) * clean + sigma * noise


def enlarged(
    clean: torch.Tensor, sigma: float, size: tuple[int, int], noise: torch.Tensor
) -> torch.Tensor:
    """Clean latents [1, C, T, h, w] → latents [1, C, T, H, W] that are noisy at sigma.

    They are given the noise that, lifted, has that sigma. noise: unit noise [1, C, T, H, W]; its
    low band is the small picture's noise.
    """
    height, width = clean.shape[-2:]
    ratio = math.sqrt(size[0] * size[1] / (height * width))
    before = ladder.before(sigma, ratio)
    small = _back(_transformed(noise.double())[..., :height, :width])
    return lifted(renoised(clean, before, small.float()), before, size, noise)


def mixed(small: torch.Tensor, large: torch.Tensor) -> torch.Tensor:
    """Clean latents [1, C, T, H, W]: the lower half of small's frequencies, all others of large.

    small: clean latents [1, C, T, h, w]. large: the same picture, enlarged in pixels and encoded.
    """
    height, width = (side // 2 for side in small.shape[-2:])
    unit = torch.zeros_like(large)
    low = lifted(small, 0.0, (large.shape[-2], large.shape[-1]), unit)
    spectrum = _transformed(large.double())
    spectrum[..., :height, :width] = _transformed(low.double())[..., :height, :width]
    return _back(spectrum).float()


def _transformed(picture: torch.Tensor) -> torch.Tensor:
    """Orthonormal DCT-II of the last two dimensions."""
    rows, columns = _basis(picture.shape[-2], picture), _basis(picture.shape[-1], picture)
    return rows @ picture @ columns.T


def _back(spectrum: torch.Tensor) -> torch.Tensor:
    rows, columns = _basis(spectrum.shape[-2], spectrum), _basis(spectrum.shape[-1], spectrum)
    return rows.T @ spectrum @ columns


def _basis(points: int, like: torch.Tensor) -> torch.Tensor:
    """The DCT-II matrix [frequency, point]; float64, so that there and back is exact to 1e-13."""
    frequency = torch.arange(points, dtype=torch.float64, device=like.device)
    matrix = torch.cos(math.pi * (frequency + 0.5) * frequency[:, None] / points)
    matrix *= math.sqrt(2 / points)
    matrix[0] *= math.sqrt(0.5)
    return matrix
