"""Frame by frame is the whole, bit for bit."""

import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.engine import decode, film, load, seams
from studio.engine.load import Parts
from studio.engine.watch import Watch
from studio.events import Event, Progress
from studio.models import MODELS
from studio.plan import TILE_OVERLAP, Placement, Precision, Residency

KINDS = pytest.mark.parametrize("model", ["t2v-a14b", "ti2v-5b"])
WAY = Placement(Precision.FP32, Residency.CPU)
TILE = 192
# Height and width of which the VAE's own tiles reach no further than ours.
NO_TILE_TOO_MANY = (224, 352)
LENGTHS = pytest.mark.parametrize("length", [1, 2, 4])


@pytest.fixture
def vae(models: Path) -> Callable[[str], torch.nn.Module]:
    return lambda model: Parts(MODELS[model], models / model, WAY, bf16=False).get(load.VAE)


@pytest.fixture
def watch() -> Watch:
    return Watch(lambda _: None, lambda: False)


@KINDS
@LENGTHS
def test_streamed_decoding_is_the_vaes_own(
    model: str, length: int, vae: Callable[[str], torch.nn.Module], watch: Watch
) -> None:
    whole = vae(model)
    latents = torch.randn(1, whole.config.z_dim, length, 4, 6)
    mean, deviation = decode._statistics(whole)
    wanted = whole.decode(latents / (1.0 / deviation) + mean).sample
    scaled = latents / (1.0 / deviation) + mean
    assert torch.equal(pixels_of(whole, decode._decoded(whole, scaled)), wanted)
    frames = np.stack(list(decode.frames(whole, latents, watch)))
    unit = (wanted[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 3, 0).numpy()
    np.testing.assert_array_equal(frames, (unit * 255).round().astype(np.uint8))
    assert len(frames) == 4 * length - 3


@KINDS
def test_tiles_are_blended_as_the_vae_blends_them(
    model: str, vae: Callable[[str], torch.nn.Module], watch: Watch
) -> None:
    """Several tiles across, the last of them narrow; a film of 5 frames."""
    whole = vae(model)
    height, width = NO_TILE_TOO_MANY
    stride = MODELS[model].stride[1]
    latents = torch.randn(1, whole.config.z_dim, 2, height // stride, width // stride)
    wanted = tiled_by_the_vae(whole, latents)
    assert torch.equal(tiled_by_us(whole, latents), wanted)
    tiled = np.stack(list(decode.frames(whole, latents, watch, tile=TILE)))
    assert tiled.shape == (5, height, width, 3)


@KINDS
def test_one_tile_has_a_past_at_a_time(
    model: str,
    vae: Callable[[str], torch.nn.Module],
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a tile keeps of its past is nearly half of what the plan counts for it."""

    class Past(list[Any]):
        pass

    pasts: list[weakref.ref[Past]] = []
    most = [0]
    empty, chunks = seams.empty_cache, (seams.decode_chunk, seams.encode_chunk)

    def counted(half: torch.nn.Module) -> Past:
        past = Past(empty(half))
        pasts.append(weakref.ref(past))
        return past

    def watched(chunk: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        def work(*given: Any) -> torch.Tensor:
            most[0] = max(most[0], sum(past() is not None for past in pasts))
            return chunk(*given)

        return work

    monkeypatch.setattr(seams, "empty_cache", counted)
    monkeypatch.setattr(seams, "decode_chunk", watched(chunks[0]))
    monkeypatch.setattr(seams, "encode_chunk", watched(chunks[1]))
    whole = vae(model)
    height, width = NO_TILE_TOO_MANY
    stride = MODELS[model].stride[1]
    latents = torch.randn(1, whole.config.z_dim, 2, height // stride, width // stride)
    film = list(decode.frames(whole, latents, watch, tile=TILE))
    tiles = len(pasts)
    assert tiles == 2 * 3
    decode.latents_of(whole, film, watch, tile=TILE)
    assert len(pasts) == 2 * tiles
    assert most == [1]


def test_at_its_end_a_film_is_what_the_last_tile_has_seen(
    vae: Callable[[str], torch.nn.Module],
) -> None:
    """160 rows are one tile and 288 columns are two; the VAE's own code begins one more of each."""
    whole = vae("t2v-a14b")
    latents = torch.randn(1, whole.config.z_dim, 1, 160 // 8, 288 // 8)
    ours, theirs = tiled_by_us(whole, latents), tiled_by_the_vae(whole, latents)
    assert torch.equal(ours[..., :128, :256], theirs[..., :128, :256])
    mean, deviation = decode._statistics(whole)
    best = whole.decode(latents / (1.0 / deviation) + mean).sample
    for end in (np.s_[..., 128:, :], np.s_[..., 256:]):
        assert (ours[end] - best[end]).abs().mean() < (theirs[end] - best[end]).abs().mean()


def pixels_of(whole: torch.nn.Module, decoded: Iterator[torch.Tensor]) -> torch.Tensor:
    return torch.cat([seams.to_pixels(whole, one) for one in decoded], 2)


def tiled_by_us(whole: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    mean, deviation = decode._statistics(whole)
    nobody = Watch(lambda _: None, lambda: False)
    scaled = latents / (1.0 / deviation) + mean
    return pixels_of(whole, decode._tiles(whole, scaled, TILE, nobody))


def tiled_by_the_vae(whole: torch.nn.Module, latents: torch.Tensor) -> torch.Tensor:
    mean, deviation = decode._statistics(whole)
    whole.enable_tiling(TILE, TILE, TILE - TILE_OVERLAP, TILE - TILE_OVERLAP)
    try:
        return whole.decode(latents / (1.0 / deviation) + mean).sample
    finally:
        whole.disable_tiling()


@KINDS
@LENGTHS
def test_streamed_encoding_is_the_vaes_own(
    model: str, length: int, vae: Callable[[str], torch.nn.Module], watch: Watch
) -> None:
    whole = vae(model)
    film = np.random.default_rng(1).integers(0, 256, (4 * length - 3, 64, 96, 3), np.uint8)
    pixels = 2.0 * (torch.from_numpy(film).permute(3, 0, 1, 2)[None] / 255.0) - 1.0
    mean, deviation = decode._statistics(whole)
    wanted = (whole.encode(pixels).latent_dist.mode() - mean) * (1.0 / deviation)
    assert torch.equal(decode.latents_of(whole, iter(film), watch), wanted)


@KINDS
def test_tiles_are_encoded_as_the_vae_encodes_them(
    model: str, vae: Callable[[str], torch.nn.Module], watch: Watch
) -> None:
    """Tiles of several sizes, the last ones narrow; a film of 5 frames. The VAE counts its tiles in
    patches here, and in pixels where it decodes."""
    whole = vae(model)
    height, width = NO_TILE_TOO_MANY
    film = np.random.default_rng(1).integers(0, 256, (5, height, width, 3), np.uint8)
    pixels = 2.0 * (torch.from_numpy(film).permute(3, 0, 1, 2)[None] / 255.0) - 1.0
    mean, deviation = decode._statistics(whole)
    patch = whole.config.patch_size or 1
    side, step = TILE // patch, (TILE - TILE_OVERLAP) // patch
    whole.enable_tiling(side, side, step, step)
    try:
        wanted = (whole.encode(pixels).latent_dist.mode() - mean) * (1.0 / deviation)
    finally:
        whole.disable_tiling()
    ours = decode.latents_of(whole, iter(film), watch, tile=TILE)
    assert torch.equal(ours, wanted)
    assert not torch.equal(ours, decode.latents_of(whole, iter(film), watch))


def test_decoding_says_how_far_it_is(vae: Callable[[str], torch.nn.Module]) -> None:
    heard: list[Event] = []
    stages = decode.frames(
        vae("t2v-a14b"), torch.randn(1, 16, 3, 4, 6), Watch(heard.append, lambda: False)
    )
    assert len(list(stages)) == 9
    steps = [event for event in heard if isinstance(event, Progress)]
    assert [(event.stage, event.step, event.of) for event in steps] == [
        ("decode", 1, 3),
        ("decode", 2, 3),
        ("decode", 3, 3),
    ]
    assert steps[-1].seconds_left == 0


def test_the_vae_begins_with_the_plans_tiles(models: Path) -> None:
    here = Parts(MODELS["t2v-a14b"], models / "t2v-a14b", WAY, bf16=False)
    assert [way.tile for way in film.ways(here, None)] == [None, 512, 384, 256]
    assert [way.tile for way in film.ways(here, (384, 352))] == [384, 256]
    here.device = torch.device("cuda")
    assert film.ways(here, (256, 256))[1:] == [film.Way(device=load.PROCESSOR, tile=256)]
