"""Latents ↔ frames, one latent frame at a time, so that a whole film is never in memory.

Bit for bit what `vae.decode` and `vae.encode` give; in tiles, too, but at the right and lower edge:
there diffusers begins one tile more than it takes to get to the end, narrow and without
surroundings, and blends it over what the tile before has seen better. Knows nothing of shots or
files.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKLWan

from studio.engine import seams
from studio.engine.watch import Watch
from studio.plan import TILE_OVERLAP, tile_starts

FRAMES_PER_LATENT = 4

# Decodes one latent frame [1, C, 1, h, w], unnormalised, of a film from its first on.
Decoder = Callable[[torch.Tensor, bool], torch.Tensor]
# Encodes the pixels of one latent frame [1, 3, f, H, W] likewise.
Encoder = Callable[[torch.Tensor], torch.Tensor]


def frames(
    vae: AutoencoderKLWan, latents: torch.Tensor, watch: Watch, tile: int | None = None
) -> Iterator[np.ndarray]:
    """Normalised latents [1, C, T, h, w] → 4T−3 frames, uint8 [H, W, 3].

    tile: side in pixels of overlapping tiles, for a fraction of the memory; None for whole frames.
    """
    watch.begin("decode")
    decode = _whole(vae) if tile is None else _tiles(vae, tile)
    mean, deviation = _statistics(vae)
    # In the pipeline's order of operations; multiplying instead would round differently.
    scaled = latents.to(vae.device, vae.dtype) / (1.0 / deviation) + mean
    total = scaled.shape[2]
    for index in range(total):
        with torch.no_grad():
            pixels = decode(scaled[:, :, index : index + 1], index == 0)
        yield from _to_bytes(pixels)
        watch.step(index + 1, total)


def probe(vae: AutoencoderKLWan, shape: tuple[int, int, int], tile: int | None) -> None:
    """Decode a film of two empty latent frames, shape (C, h, w), to see that memory suffices.

    Two, because only the second has a past to keep. tile: as for `frames`. Raises what torch raises
    where it does not.
    """
    decode = _whole(vae) if tile is None else _tiles(vae, tile)
    channels, height, width = shape
    latent = torch.zeros(1, channels, 1, height, width, device=vae.device, dtype=vae.dtype)
    with torch.no_grad():
        for first in (True, False):
            decode(latent, first)


def _whole(vae: AutoencoderKLWan) -> Decoder:
    cache = seams.empty_cache(vae.decoder)

    def decode(latent: torch.Tensor, first: bool) -> torch.Tensor:
        return seams.to_pixels(vae, seams.decode_chunk(vae, latent, cache, first))

    return decode


def _tiles(vae: AutoencoderKLWan, tile_side: int) -> Decoder:
    """Each tile has a past of its own; neighbours are blended as `vae.tiled_decode` does."""
    space = vae.config.scale_factor_spatial
    patch = vae.config.patch_size or 1
    side = tile_side // space
    kept, blend = (tile_side - TILE_OVERLAP) // patch, TILE_OVERLAP // patch
    caches: dict[tuple[int, int], list[Any]] = {}

    def tile(latent: torch.Tensor, top: int, left: int, first: bool) -> torch.Tensor:
        cache = caches.setdefault((top, left), seams.empty_cache(vae.decoder))
        part = latent[..., top : top + side, left : left + side]
        return seams.decode_chunk(vae, part, cache, first)

    def decode(latent: torch.Tensor, first: bool) -> torch.Tensor:
        tops, lefts = (
            [start // space for start in tile_starts(length * space, tile_side)]
            for length in latent.shape[-2:]
        )
        rows = ([tile(latent, top, left, first) for left in lefts] for top in tops)
        return seams.to_pixels(vae, _blended(vae, rows, kept, blend))

    return decode


def latents_of(
    vae: AutoencoderKLWan, film: Iterable[np.ndarray], watch: Watch, tile: int | None = None
) -> torch.Tensor:
    """4T−3 frames, uint8 [H, W, 3] → normalised latents [1, C, T, h, w], fp32, on the CPU.

    The mode of the VAE's distribution, as the pipelines take a reference picture. tile: as for
    `frames`.
    """
    encode = _whole_encoder(vae) if tile is None else _tiled_encoder(vae, tile)
    mean, deviation = _statistics(vae)
    found = []
    for chunk in _chunks(film):
        watch.check()
        with torch.no_grad():
            mode = encode(_to_pixels(chunk, vae))
        found.append(((mode - mean) * (1.0 / deviation)).float().cpu())
    return torch.cat(found, dim=2)


def _whole_encoder(vae: AutoencoderKLWan) -> Encoder:
    cache = seams.empty_cache(vae.encoder)
    return lambda pixels: seams.encode_chunk(vae, pixels, cache)


def _tiled_encoder(vae: AutoencoderKLWan, side: int) -> Encoder:
    """As `_tiles`, the other way: blended as `vae.tiled_encode` does."""
    space = vae.config.scale_factor_spatial
    kept, blend = (side - TILE_OVERLAP) // space, TILE_OVERLAP // space
    caches: dict[tuple[int, int], list[Any]] = {}

    def tile(pixels: torch.Tensor, top: int, left: int) -> torch.Tensor:
        cache = caches.setdefault((top, left), seams.empty_cache(vae.encoder))
        return seams.encode_chunk(vae, pixels[..., top : top + side, left : left + side], cache)

    def encode(pixels: torch.Tensor) -> torch.Tensor:
        tops, lefts = (tile_starts(length, side) for length in pixels.shape[-2:])
        rows = ([tile(pixels, top, left) for left in lefts] for top in tops)
        return _blended(vae, rows, kept, blend)

    return encode


def _blended(
    vae: AutoencoderKLWan, rows: Iterable[list[torch.Tensor]], kept: int, blend: int
) -> torch.Tensor:
    """Rows of tiles [1, C, f, h, w] as one. kept: so much of each is its own, all of the last; of
    what follows, blend goes over into the next."""
    above: list[torch.Tensor] = []
    bands: list[torch.Tensor] = []
    for row in rows:
        for place, one in enumerate(row):
            if above:
                vae.blend_v(above[place], one, blend)
            if place:
                vae.blend_h(row[place - 1], one, blend)
        if bands:
            bands[-1] = bands[-1][..., :kept, :]
        bands.append(torch.cat([*(one[..., :kept] for one in row[:-1]), row[-1]], -1))
        above = row
    return torch.cat(bands, -2)


def _statistics(vae: AutoencoderKLWan) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the VAE's latents, [1, C, 1, 1, 1]."""

    def shaped(values: list[float]) -> torch.Tensor:
        return torch.tensor(values).view(1, -1, 1, 1, 1).to(vae.device, vae.dtype)

    return shaped(vae.config.latents_mean), shaped(vae.config.latents_std)


def _to_bytes(pixels: torch.Tensor) -> Iterator[np.ndarray]:
    """[1, 3, f, H, W] in −1 … 1 → f frames, uint8 [H, W, 3]; rounds as diffusers' `pil` output."""
    unit = (pixels[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 3, 0).float().cpu().numpy()
    yield from (unit * 255).round().astype(np.uint8)


def _to_pixels(chunk: list[np.ndarray], vae: AutoencoderKLWan) -> torch.Tensor:
    """f frames, uint8 [H, W, 3] → [1, 3, f, H, W] in −1 … 1."""
    unit = torch.from_numpy(np.stack(chunk)).permute(3, 0, 1, 2)[None] / 255.0
    return (2.0 * unit - 1.0).to(vae.device, vae.dtype)


def _chunks(film: Iterable[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """The first frame alone, then four by four."""
    chunk: list[np.ndarray] = []
    wanted = 1
    for frame in film:
        chunk.append(frame)
        if len(chunk) == wanted:
            yield chunk
            chunk, wanted = [], FRAMES_PER_LATENT
