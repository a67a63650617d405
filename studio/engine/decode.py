"""Latents ↔ frames, one latent frame at a time, so that a whole film is never in memory.

Where not even one frame has room, a film goes in tiles: each tile by itself from its first frame to
its last, for what it keeps of its past takes nearly half as much as its work. Its frames wait in
main memory until they are blended with its neighbours'.

Bit for bit what `vae.decode` and `vae.encode` give; in tiles, too, but at the right and lower edge:
there diffusers begins one tile more than it takes to get to the end, narrow and without
surroundings, and blends it over what the tile before has seen better. Knows nothing of shots or
files.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from diffusers import AutoencoderKLWan

from studio.engine import seams
from studio.engine.watch import Watch
from studio.plan import TILE_OVERLAP, tile_starts

FRAMES_PER_LATENT = 4

# The pixels of one latent frame: f frames, uint8 [H, W, 3].
Chunk = list[np.ndarray]


def frames(
    vae: AutoencoderKLWan, latents: torch.Tensor, watch: Watch, tile: int | None = None
) -> Iterator[np.ndarray]:
    """Normalised latents [1, C, T, h, w] → 4T−3 frames, uint8 [H, W, 3].

    tile: side in pixels of overlapping tiles, for a fraction of the memory; None for whole frames.
    """
    watch.begin("decode")
    mean, deviation = _statistics(vae)
    # In the pipeline's order of operations; multiplying instead would round differently.
    scaled = latents.to(vae.device, vae.dtype) / (1.0 / deviation) + mean
    made = _whole(vae, scaled, watch) if tile is None else _tiles(vae, scaled, tile, watch)
    for decoded in made:
        yield from _to_bytes(seams.to_pixels(vae, decoded))


def probe(vae: AutoencoderKLWan, shape: tuple[int, int, int], tile: int | None) -> None:
    """Decode a film of two empty latent frames, shape (C, h, w), or a tile of it, to see that
    memory suffices.

    Two, because only the second has a past to keep. tile: as for `frames`. Raises what torch raises
    where it does not.
    """
    channels, *sides = shape
    if tile is not None:
        sides = [min(side, tile // vae.config.scale_factor_spatial) for side in sides]
    empty = torch.zeros(1, channels, 2, *sides, device=vae.device, dtype=vae.dtype)
    for _ in _decoded(vae, empty):
        pass


def _whole(vae: AutoencoderKLWan, scaled: torch.Tensor, watch: Watch) -> Iterator[torch.Tensor]:
    for index, decoded in enumerate(_decoded(vae, scaled)):
        yield decoded
        watch.step(index + 1, scaled.shape[2])


def _tiles(
    vae: AutoencoderKLWan, scaled: torch.Tensor, tile_side: int, watch: Watch
) -> Iterator[torch.Tensor]:
    """Neighbours are blended as `vae.tiled_decode` does."""
    space = vae.config.scale_factor_spatial
    patch = vae.config.patch_size or 1
    side, length = tile_side // space, scaled.shape[2]
    tops, lefts = (
        [start // space for start in tile_starts(size * space, tile_side)]
        for size in scaled.shape[-2:]
    )
    films: list[list[list[torch.Tensor]]] = [[[] for _ in lefts] for _ in tops]
    of, done = len(tops) * len(lefts) * length, 0
    for row, top in zip(films, tops, strict=True):
        for film, left in zip(row, lefts, strict=True):
            part = scaled[..., top : top + side, left : left + side]
            for decoded in _decoded(vae, part):
                film.append(decoded.cpu())
                done += 1
                watch.step(done, of)
    yield from _joined(vae, films, (tile_side - TILE_OVERLAP) // patch, TILE_OVERLAP // patch)


def _decoded(vae: AutoencoderKLWan, scaled: torch.Tensor) -> Iterator[torch.Tensor]:
    """Unnormalised latents [1, C, T, h, w] → each latent frame as `seams.to_pixels` takes it."""
    past = seams.empty_cache(vae.decoder)
    for index in range(scaled.shape[2]):
        with torch.no_grad():
            decoded = seams.decode_chunk(vae, scaled[:, :, index : index + 1], past, index == 0)
        yield decoded


def latents_of(
    vae: AutoencoderKLWan, film: Iterable[np.ndarray], watch: Watch, tile: int | None = None
) -> torch.Tensor:
    """4T−3 frames, uint8 [H, W, 3] → normalised latents [1, C, T, h, w], fp32, on the CPU.

    The mode of the VAE's distribution, as the pipelines take a reference picture. tile: as for
    `frames`.
    """
    mean, deviation = _statistics(vae)
    chunks = _chunks(film)
    made = _encoded(vae, chunks, watch) if tile is None else _tiles_of(vae, chunks, tile, watch)
    found = [((mode - mean) * (1.0 / deviation)).float().cpu() for mode in made]
    return torch.cat(found, dim=2)


def _tiles_of(
    vae: AutoencoderKLWan, chunks: Iterable[Chunk], side: int, watch: Watch
) -> Iterator[torch.Tensor]:
    """As `_tiles`, the other way: blended as `vae.tiled_encode` does."""
    whole = list(chunks)
    tops, lefts = (tile_starts(length, side) for length in whole[0][0].shape[:2])

    def encoded(top: int, left: int) -> list[torch.Tensor]:
        place = np.s_[top : top + side, left : left + side]
        return list(_encoded(vae, ([frame[place] for frame in chunk] for chunk in whole), watch))

    space = vae.config.scale_factor_spatial
    films = [[encoded(top, left) for left in lefts] for top in tops]
    yield from _joined(vae, films, (side - TILE_OVERLAP) // space, TILE_OVERLAP // space)


def _encoded(
    vae: AutoencoderKLWan, chunks: Iterable[Chunk], watch: Watch
) -> Iterator[torch.Tensor]:
    """The mode of each latent frame, [1, C, 1, h, w]."""
    past = seams.empty_cache(vae.encoder)
    for chunk in chunks:
        watch.check()
        with torch.no_grad():
            mode = seams.encode_chunk(vae, _to_pixels(chunk, vae), past)
        yield mode


def _joined(
    vae: AutoencoderKLWan, films: list[list[list[torch.Tensor]]], kept: int, blend: int
) -> Iterator[torch.Tensor]:
    """The films of tiles, by row, column and latent frame, as one film; kept, blend: as in
    `_blended`."""
    for index in range(len(films[0][0])):
        yield _blended(vae, ([film[index] for film in row] for row in films), kept, blend)


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


def _to_pixels(chunk: Chunk, vae: AutoencoderKLWan) -> torch.Tensor:
    """f frames, uint8 [H, W, 3] → [1, 3, f, H, W] in −1 … 1."""
    unit = torch.from_numpy(np.stack(chunk)).permute(3, 0, 1, 2)[None] / 255.0
    return (2.0 * unit - 1.0).to(vae.device, vae.dtype)


def _chunks(film: Iterable[np.ndarray]) -> Iterator[Chunk]:
    """The first frame alone, then four by four."""
    chunk: Chunk = []
    wanted = 1
    for frame in film:
        chunk.append(frame)
        if len(chunk) == wanted:
            yield chunk
            chunk, wanted = [], FRAMES_PER_LATENT
