"""Plans are arithmetic: exact for one case, and ordered as memory is for all of them."""

import itertools
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from studio.errors import DoesNotFit
from studio.models import I2V_A14B, MODELS, POCKET, T2V_A14B, TI2V_5B, ModelSpec
from studio.plan import (
    GIB,
    SLOTS,
    TILE_OVERLAP,
    TILES,
    VRAM_RESERVE_GB,
    Hardware,
    Margin,
    Placement,
    Plan,
    Precision,
    Residency,
    Run,
    choose,
    disk_gb,
    forward_flops,
    plans,
    roomier,
    tile_starts,
)
from studio.shot import Extent

VRAM = (6, 8, 10, 12, 16, 24, 48, 80)
RAM = (16, 32, 64)


def computer(vram_gb: float, ram_gb: float, teraflops: float = 0.0) -> Hardware:
    return Hardware(
        device="a test",
        vram_total_gb=vram_gb,
        vram_free_gb=vram_gb,
        ram_total_gb=ram_gb,
        ram_free_gb=ram_gb,
        bf16=True,
        teraflops=teraflops,
    )


def extent_of(spec: ModelSpec, size: tuple[int, int]) -> Extent:
    width, height = size
    return Extent(width=width, height=height, frames=spec.frames, steps=spec.sampling.steps)


AT_480P = extent_of(T2V_A14B, (832, 480))
AT_720P = extent_of(T2V_A14B, (1280, 720))
AT_704P = extent_of(TI2V_5B, (1280, 704))
CASES = [
    pytest.param(spec, extent_of(spec, size), id=f"{spec.id}-{size[0]}x{size[1]}")
    for spec in MODELS.values()
    for shape in spec.shapes
    for size in dict.fromkeys((shape.preview, shape.final))
]


def run(precision: Precision, streamed: int = 0, **others: object) -> Run:
    """T2V-A14B at 480P, its parts taking turns."""
    plain = Run(
        extent=AT_480P,
        spec=T2V_A14B,
        placement=Placement(precision, Residency.SWAP, streamed, Precision.BF16),
        tile=None,
        bf16=True,
    )
    return replace(plain, **others)  # type: ignore[arg-type]


def test_downloads_are_as_large_as_the_repositories() -> None:
    """126,177,598,620 bytes of weights are listed for T2V-A14B; about 34 GB for TI2V-5B."""
    assert disk_gb(T2V_A14B) * 1024**3 == pytest.approx(126_177_598_620, rel=0.001)
    assert disk_gb(TI2V_5B) * 1024**3 == pytest.approx(34e9, rel=0.02)


def test_memory_of_one_case_by_hand() -> None:
    """NF4: 14.056e9 parameters in 40 blocks at 0.5636 bytes are 7.38 GiB, 0.233e9 at 2.237 0.48.
    480P: 32,760 tokens of width 5120 at 22.4 bytes are 3.50 GiB, and a twentieth more; 0.4 for the
    rest. Beside the weights of two experts, the VAE (0.47) waits, and 3 GiB are the program's."""
    whole = run(Precision.NF4).sample()
    assert whole.vram == pytest.approx(7.38 + 0.48 + 3.50 * 1.05 + 0.4, abs=0.01)
    assert whole.ram == pytest.approx(2 * (7.38 + 0.48) + 0.47 + 3.0, abs=0.02)
    streamed = run(Precision.NF4, 30).sample()
    assert streamed.vram == pytest.approx(whole.vram - (30 - SLOTS) / 40 * 7.38, abs=0.01)
    assert streamed.ram == whole.ram


def test_decoding_of_one_case_by_hand() -> None:
    """480P at 22,700 bytes a pixel is 8.44 GiB; in tiles of 256 it is 1.39, and 81 frames of 4 × 3
    tiles, 1024 × 608 pixels in all, wait in main memory at 12 bytes a pixel: 0.56."""
    whole, tiled = run(Precision.NF4).decode(), run(Precision.NF4, tile=(256, 256)).decode()
    assert whole.vram == pytest.approx(0.47 + 8.44 + 0.4, abs=0.01)
    assert tiled.vram == pytest.approx(0.47 + 1.39 + 0.4, abs=0.01)
    assert tiled.ram - whole.ram == pytest.approx(0.56, abs=0.01)


def test_reading_of_one_case_by_hand() -> None:
    """UMT5-XXL in bf16: a table of 1.96 GiB, and 2 of 24 blocks of 8.62 at once."""
    reading = run(Precision.NF4).text()
    assert reading.vram == pytest.approx(1.96 + 2 / 24 * 8.62 + 0.4, abs=0.01)
    assert reading.ram == pytest.approx(1.96 + 8.62 + 3.0, abs=0.01)


def test_tiles_cover_a_frame_and_share_what_is_blended() -> None:
    assert [*tile_starts(832, 256)] == [0, 192, 384, 576]
    assert [*tile_starts(480, 512)] == [*tile_starts(480, 480)] == [0]
    for length, tile in itertools.product((480, 704, 720, 832, 1248, 1280), TILES):
        starts = tile_starts(length, tile)
        assert starts[0] == 0 and starts[-1] + tile >= length
        assert all(start + tile < length for start in starts[:-1])
        for before, after in itertools.pairwise(starts):
            assert before + tile - after == TILE_OVERLAP


def merit(plan: Plan) -> tuple[bool, int, float]:
    """Smaller is better, in the order fits, precision, seconds."""
    assert plan.seconds is not None
    return (
        not plan.fits,
        [*Precision].index(plan.precision) if plan.fits else 0,
        (plan.seconds if plan.fits else 0.0),
    )


@pytest.mark.parametrize(("spec", "extent"), CASES)
@pytest.mark.parametrize("reached", [None, 30.0])
def test_more_memory_is_never_worse(spec: ModelSpec, extent: Extent, reached: float | None) -> None:
    best = {
        (vram, ram): plans(extent, spec, computer(vram, ram, 80), reached)[0]
        for vram, ram in itertools.product(VRAM, RAM)
    }
    for ram in RAM:
        for less, more in itertools.pairwise(VRAM):
            assert merit(best[more, ram]) <= merit(best[less, ram])
    for vram in VRAM:
        for less, more in itertools.pairwise(RAM):
            assert merit(best[vram, more]) <= merit(best[vram, less])


@pytest.mark.parametrize(("spec", "extent"), CASES)
def test_what_fits_stays_within_what_is_free_and_the_rest_does_not(
    spec: ModelSpec, extent: Extent
) -> None:
    for vram, ram in itertools.product((0, *VRAM), RAM):
        found = plans(extent, spec, computer(vram, ram))
        assert [plan.fits for plan in found] == sorted((plan.fits for plan in found), reverse=True)
        for plan in found:
            over = plan.vram_peak_gb > max(vram - VRAM_RESERVE_GB, 0) or plan.ram_peak_gb > ram - 2
            assert not (plan.fits and over)
            if vram:
                # Exactly what was chosen, counted once more.
                again = Run(
                    extent=extent, spec=spec, placement=plan.placement, tile=plan.tile, bf16=True
                ).peak()
                assert (plan.vram_peak_gb, plan.ram_peak_gb) == pytest.approx(again, abs=0.01)


@pytest.mark.parametrize(
    ("spec", "extent", "vram", "ram"),
    [
        (TI2V_5B, AT_704P, 8, 16),
        (T2V_A14B, AT_480P, 8, 16),
        (T2V_A14B, AT_480P, 12, 32),
        (I2V_A14B, AT_480P, 12, 32),
        (T2V_A14B, extent_of(T2V_A14B, (1248, 720)), 12, 32),
        (I2V_A14B, extent_of(I2V_A14B, (1248, 720)), 12, 32),
    ],
)
def test_small_cards_have_a_plan(spec: ModelSpec, extent: Extent, vram: int, ram: int) -> None:
    plan = choose(extent, spec, computer(vram, ram))
    assert plan.streamed_blocks > SLOTS


def test_the_readme_says_what_fits() -> None:
    text = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) GB, (\d+) GB \| (.+) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    assert len(rows) == 5
    at_full_size = extent_of(I2V_A14B, (1248, 720))
    for vram, ram, *told in rows:
        for extent, specs, precision in zip(
            (AT_704P, AT_480P, at_full_size),
            ((TI2V_5B,), (T2V_A14B, I2V_A14B), (T2V_A14B, I2V_A14B)),
            told,
            strict=True,
        ):
            for spec in specs:
                best = plans(extent, spec, computer(float(vram), float(ram)))[0]
                assert precision == (best.precision.value if best.fits else "–")


def test_only_as_much_streams_and_only_so_small_tiles_are_as_must_be() -> None:
    """With one block fewer streamed, or the next larger tile, it would not fit."""
    plan = choose(AT_704P, TI2V_5B, computer(8, 32))
    here = Run(extent=AT_704P, spec=TI2V_5B, placement=plan.placement, tile=plan.tile, bf16=True)
    fewer = plan.placement._replace(streamed=plan.streamed_blocks - 1)
    assert here.sample().vram <= 8 - VRAM_RESERVE_GB < replace(here, placement=fewer).sample().vram
    assert plan.tile is not None
    side = TILES[TILES.index(plan.tile[0]) - 1]
    larger = replace(here, tile=(side, side))
    assert here.decode().vram <= 8 - VRAM_RESERVE_GB < larger.decode().vram


def test_parts_wait_on_disk_where_main_memory_is_small() -> None:
    assert choose(AT_480P, T2V_A14B, computer(12, 16)).residency is Residency.DISK
    waiting = plans(AT_480P, T2V_A14B, computer(80, 16))[0]
    assert waiting.residency is Residency.RESIDENT


def test_the_text_encoder_is_kept_as_well_as_main_memory_allows() -> None:
    encoders = [choose(AT_480P, T2V_A14B, computer(24, ram)).encoder for ram in (11, 13, 64)]
    assert encoders == [Precision.NF4, Precision.INT8, Precision.BF16]


def test_streaming_costs_seconds_only_where_the_card_waits_for_it() -> None:
    """On a card three times as fast as PCIe can feed, at a preview's size."""
    small = replace(AT_480P, width=416, height=240)
    slow, fast = 20.0, 2000.0
    whole, streamed = (run(Precision.BF16, blocks, extent=small) for blocks in (0, 40))
    assert streamed.seconds(slow) == pytest.approx(whole.seconds(slow))
    assert streamed.seconds(fast) > 2 * whole.seconds(fast)


def test_a_render_that_ran_out_of_memory_is_planned_with_more_room() -> None:
    first = choose(AT_480P, T2V_A14B, computer(12, 64))
    second = choose(AT_480P, T2V_A14B, computer(12, 64), None, Margin(vram=1.2))
    assert second.streamed_blocks > first.streamed_blocks
    assert second.vram_peak_gb <= 12 - VRAM_RESERVE_GB
    assert second.reason.startswith(
        "The computer ran out of memory before, so: Wan2.2 T2V-A14B at 832×480 in bf16 fits: "
    )
    assert first.reason.startswith("Wan2.2 T2V-A14B at 832×480 in bf16 fits: ")
    bare = Run(
        extent=AT_480P, spec=T2V_A14B, placement=second.placement, tile=second.tile, bf16=True
    )
    assert second.vram_peak_gb == pytest.approx(1.2 * bare.peak().vram, abs=0.01)


def test_after_main_memory_ran_out_less_of_it_is_planned_with() -> None:
    """What fits the card is left alone; what waited in main memory is read from disk."""
    here = computer(12, 32)
    first = choose(AT_480P, T2V_A14B, here)
    found = roomier(AT_480P, T2V_A14B, here, first, Margin().wider(main=True))
    assert found is not None
    second, margin = found
    assert margin.vram == 1.0 < margin.ram
    assert second.ram_peak_gb / margin.ram < first.ram_peak_gb
    card = roomier(AT_480P, T2V_A14B, here, first, Margin().wider(main=False))
    assert card is not None
    assert card[1].ram == 1.0 < card[1].vram


def test_only_what_is_kept_is_planned_with() -> None:
    roomy = computer(80, 128)
    assert choose(AT_480P, T2V_A14B, roomy).precision is Precision.BF16
    kept = {Precision.NF4, Precision.INT8}
    assert choose(AT_480P, T2V_A14B, roomy, kept=kept).precision is Precision.INT8
    told = plans(AT_480P, T2V_A14B, roomy, kept={Precision.NF4})
    assert {plan.precision for plan in told} == {Precision.NF4}
    assert choose(AT_480P, T2V_A14B, roomy, kept={Precision.FP32}).precision is Precision.BF16


def test_a_card_without_bf16_computes_in_fp32() -> None:
    plan = plans(AT_480P, T2V_A14B, replace(computer(24, 64), bf16=False))[0]
    assert plan.precision in (Precision.FP32, Precision.INT8)
    assert Precision.BF16 not in {plan.precision, plan.encoder}


def test_what_cannot_fit_is_refused_with_what_is_missing() -> None:
    with pytest.raises(DoesNotFit, match=r"graphics memory and 3\.2 GB are free"):
        choose(AT_480P, T2V_A14B, computer(4, 64))
    with pytest.raises(DoesNotFit, match="main memory"):
        choose(AT_480P, I2V_A14B, computer(12, 8))


def test_what_does_not_fit_is_named_by_the_way_that_lacks_least() -> None:
    best = plans(AT_720P, T2V_A14B, computer(8, 64))[0]
    assert (best.fits, best.precision) == (False, Precision.NF4)
    assert best.streamed_blocks == T2V_A14B.layers
    best = plans(AT_704P, TI2V_5B, computer(8, 8))[0]
    assert (best.fits, best.residency) == (False, Residency.DISK)


def test_one_sentence_says_how_it_runs_and_why_not_better() -> None:
    assert choose(AT_704P, TI2V_5B, replace(computer(8, 16), ram_free_gb=11)).reason == (
        "Wan2.2 TI2V-5B at 1280×704 in nf4 fits: its parts are read from disk and take turns on "
        "the card, 18 of 30 blocks come anew in every step, the film is decoded in tiles of "
        "384×384; in int8 it would need 7.8 GB of graphics memory and 7.2 GB are free."
    )
    assert choose(AT_480P, T2V_A14B, computer(80, 64)).reason == (
        "Wan2.2 T2V-A14B at 832×480 in bf16 fits: everything stays on the card."
    )


def test_the_built_in_model_fits_anywhere_in_full_precision() -> None:
    extent = extent_of(POCKET, POCKET.shapes[0].final)
    plan = choose(extent, POCKET, computer(0, 4))
    assert (plan.precision, plan.residency) == (Precision.FP32, Residency.CPU)
    assert (plan.vram_peak_gb, plan.streamed_blocks, plan.tile) == (0, 0, None)


def test_a_computer_that_nobody_measured_has_no_limits() -> None:
    endless = replace(computer(0, 64), ram_total_gb=math.inf, ram_free_gb=math.inf)
    assert choose(AT_480P, T2V_A14B, endless).precision is Precision.FP32


def test_seconds_come_from_past_renders_where_there_are_some() -> None:
    hardware = computer(80, 128, teraflops=790)
    told = plans(AT_720P, T2V_A14B, hardware)
    reached = plans(AT_720P, T2V_A14B, hardware, 200.0)
    assert reached[0].seconds == pytest.approx(forward_flops(AT_720P, T2V_A14B) / 200e12, rel=1e-3)
    assert told[0].seconds is not None and reached[0].seconds is not None
    assert told[0].seconds < reached[0].seconds
    # The others keep their proportion to the first.
    for one, other in zip(told, reached, strict=True):
        assert one.seconds is not None and other.seconds is not None
        share = other.seconds / reached[0].seconds
        assert share == pytest.approx(one.seconds / told[0].seconds, rel=1e-3)
    assert plans(AT_720P, T2V_A14B, computer(80, 128))[0].seconds is None


def test_a_plan_from_before_there_was_streaming_is_still_one() -> None:
    kept = json.loads(
        '{"model": "pocket", "precision": "nf4", "residency": "swap", "vram_peak_gb": 6.0, '
        '"ram_peak_gb": 9.0, "disk_gb": 0.5, "seconds": 3.0, "fits": true, "reason": "fits"}'
    )
    plan = Plan(**kept)
    assert plan.placement == Placement(Precision.NF4, Residency.SWAP)
    assert kept.items() <= plan.to_json().items()


def test_text_alone_takes_less_of_a_model_with_a_timestep_for_each_token() -> None:
    """65.1 − 27.2 bytes for each of 27,280 tokens and 3,072 channels, and 5 % of gaps."""
    told = replace(AT_704P, pictured=False)
    one, each = (
        choose(extent, TI2V_5B, computer(24, 64)).vram_peak_gb for extent in (told, AT_704P)
    )
    # Where sampling is the peak; the film's decoding may be.
    saved = (65.1 - 27.2) * 27_280 * 3_072 * 1.05 / GIB
    assert saved == pytest.approx(3.1, abs=0.05)
    assert one <= each
    runs = [
        Run(
            extent=extent,
            spec=TI2V_5B,
            placement=Placement(Precision.BF16, Residency.SWAP),
            tile=None,
            bf16=True,
        ).sample()
        for extent in (told, AT_704P)
    ]
    assert runs[1].vram - runs[0].vram == pytest.approx(saved, abs=0.01)
    assert forward_flops(told, TI2V_5B) < forward_flops(AT_704P, TI2V_5B)
    assert forward_flops(replace(AT_480P, pictured=False), T2V_A14B) == forward_flops(
        AT_480P, T2V_A14B
    )


def test_without_guidance_there_is_one_forward_a_step() -> None:
    once = replace(AT_480P, guided=False)
    assert forward_flops(once, T2V_A14B) == forward_flops(AT_480P, T2V_A14B) / 2
