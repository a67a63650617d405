"""Plan: how a shot will run on a computer. Pure arithmetic over a Hardware value.

Knows sizes and speeds; measures and loads nothing. Memory is in GiB, called gb as everywhere.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from studio.attention import NATIVE
from studio.errors import DoesNotFit
from studio.models import ModelSpec
from studio.shot import Extent

GIB = 1024**3


class Precision(StrEnum):
    """How a transformer's block weights are kept, best first."""

    FP32 = "fp32"
    BF16 = "bf16"
    INT8 = "int8"
    NF4 = "nf4"


class Residency(StrEnum):
    """Where weights wait, fastest first. RESIDENT: all where they run. SWAP: in main memory, one
    part at a time on the card. DISK: on disk, one part at a time in memory. CPU: everything in
    main memory, run there."""

    RESIDENT = "resident"
    SWAP = "swap"
    DISK = "disk"
    CPU = "cpu"


class Placement(NamedTuple):
    """How a model's weights are kept and brought to where they work.

    streamed: blocks of an expert that come from main memory in every forward, 0 for none. encoder:
    how the text encoder is kept, None for as the experts are.
    """

    precision: Precision
    residency: Residency
    streamed: int = 0
    encoder: Precision | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hardware:
    """A computer. free: what a render may take; what the studio holds itself is counted as free.
    vram 0: no graphics card that torch can use. teraflops: measured matrix multiplication in the
    dtype the plan would use, 0 where not measured. bf16: the processor (or card) multiplies bf16
    natively. capability: the card's compute capability, "8.6"; "" without one. page_file_gb: what
    the system may write to disk when main memory is full; no plan counts on it. disk_gb_s: GiB a
    second that the disk of the models takes in, 0 where not measured. attention, attention_reason:
    see `studio.attention.Attention`."""

    device: str
    vram_total_gb: float
    vram_free_gb: float
    ram_total_gb: float
    ram_free_gb: float
    bf16: bool
    teraflops: float
    capability: str = ""
    page_file_gb: float = 0.0
    disk_gb_s: float = 0.0
    attention: str = NATIVE
    attention_reason: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One way to run a shot, with what it is predicted to need. seconds None: not known here.

    streamed_blocks: see `Placement.streamed`. tile: (width, height) in pixels of the tiles a film
    is decoded in, None for whole frames. encoder: how the text encoder is kept.
    """

    model: str
    precision: Precision
    residency: Residency
    vram_peak_gb: float
    ram_peak_gb: float
    disk_gb: float
    seconds: float | None
    fits: bool
    reason: str
    streamed_blocks: int = 0
    tile: tuple[int, int] | None = None
    encoder: Precision | None = None

    @property
    def placement(self) -> Placement:
        return Placement(self.precision, self.residency, self.streamed_blocks, self.encoder)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


# Bytes of a parameter in the blocks, counted on the real configurations: NF4 is 4 bits and a 4-byte
# absmax for 64 weights, INT8 a byte and a 4-byte scale for each output row; with biases and norms.
_BYTES = {Precision.FP32: 4.0, Precision.BF16: 2.0004, Precision.INT8: 1.002, Precision.NF4: 0.5636}
# What is never quantized stays as it is computed in; of an expert's, an eighth (the time embedder)
# always in fp32.
_PLAIN_BYTES = {Precision.FP32: 4.0, Precision.BF16: 2.0}
_KEPT_BYTES = {Precision.FP32: 4.0, Precision.BF16: 2.237}
# Streamed blocks that lie on the card at once: the one at work and the next.
SLOTS = 2
# UMT5-XXL's.
_ENCODER_BLOCKS = 24

# Peak of one forward for each token and unit of width, in bytes, by whether the model can have a
# timestep for each token, whether it has (only pictures need it), and what is computed in: traced
# on the real configurations of A14B and TI2V-5B, weights not counted
# (`tests/engine/test_published.py` traces them again).
_WORKING_BYTES = {
    (False, False, Precision.BF16): 22.4,
    (False, False, Precision.FP32): 38.0,
    (True, False, Precision.BF16): 27.2,
    (True, False, Precision.FP32): 54.0,
    (True, True, Precision.BF16): 65.1,
    (True, True, Precision.FP32): 105.9,
}
# 8 bits add bitsandbytes' 32-bit sums and 16-bit results of the widest layer. Likewise.
_INT8_WORKING_BYTES = {False: 8.6, True: 19.7}
# Gaps in torch's memory (`benchmarks/gaps.py`); cuBLAS' workspaces, latents, embeddings and
# guidance's two results; 512 tokens in the text encoder. On an H200 a forward took 0.5 to 0.7 GB
# less than is counted so, which leaves that for the gaps (`benchmarks/results.jsonl`).
_GAPS = 1.05
_FIXED_GB = 0.4
_TEXT_GB = 0.4

# Sides in pixels of the tiles a film may be decoded in, and what neighbours share to be blended.
TILES = (512, 384, 256)
TILE_OVERLAP = 64
# Three channels in fp32: a film waits so in main memory until its tiles are blended, and
# image-to-video gives the VAE frames to encode so, twice while it puts them together.
_PIXEL_BYTES = 12

# After a render ran out of memory so many times more is counted on, until another plan is best;
# beyond the last, memory is not what is missing.
MARGIN_STEP = 1.1
MOST_MARGIN = 3.0

# Kept free for the desktop and the driver.
VRAM_RESERVE_GB = 0.8
_RAM_RESERVE_GB = 2.0
# What the system and its programs have of main memory at the least: a computer that is told by its
# size alone has not all of it free.
_SYSTEM_SHARE = 0.15
# Python, torch and diffusers before any weight is loaded; with a card, CUDA's libraries too.
_PROCESS_GB = 1.2
_CUDA_GB = 1.0
# The largest weight in fp32 on its way into fewer bits (A14B: 0.26 GiB), and its copies.
_LOADING_GB = 0.8
# Sustained share of the measured matrix multiplication speed that a whole forward reaches, and
# that decoding in fp32 does.
_EFFICIENCY = 0.5
_DECODE_EFFICIENCY = 0.25
# What one layer of one forward takes at least, however small it is (a Pocket preview takes about
# a second on two cores).
_LAYER_SECONDS = 0.01
# GiB a second from main memory to the card (12 GB: PCIe 3.0 ×16 or 4.0 ×8), and from a slow
# solid-state disk.
_BUS = 11.2
_DISK = 1.0
# Orders the plans of a computer that was not measured; a 4090 reaches about this (diffusers).
_NOMINAL_TERAFLOPS = 100.0


class Needs(NamedTuple):
    """GiB of graphics and of main memory."""

    vram: float
    ram: float

    def within(self, budget: "Needs") -> bool:
        return self.vram <= budget.vram and self.ram <= budget.ram


class Margin(NamedTuple):
    """How many times the predicted graphics and main memory to count on; above 1 where a render
    ran out of it before."""

    vram: float = 1.0
    ram: float = 1.0

    def wider(self, *, main: bool) -> Iterator["Margin"]:
        """Ever more to count on, after a render ran out of main memory or of the card's."""
        margin = self
        while max(margin) < MOST_MARGIN:
            if main:
                margin = margin._replace(ram=margin.ram * MARGIN_STEP)
            else:
                margin = margin._replace(vram=margin.vram * MARGIN_STEP)
            yield margin


_NO_MARGIN = Margin()


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One way to run a shot of some extent: what each stage needs, and how long it takes.

    tile: as in `Plan`. bf16: as in `Hardware`.
    """

    extent: Extent
    spec: ModelSpec
    placement: Placement
    tile: tuple[int, int] | None
    bf16: bool
    margin: Margin = _NO_MARGIN

    def peak(self) -> Needs:
        stages = (self.text(), self.sample(), self.decode())
        return Needs(max(one.vram for one in stages), max(one.ram for one in stages))

    def text(self) -> Needs:
        """While the text encoder reads; the experts make room for it where they must."""
        kept = self.placement.encoder or self.placement.precision
        plain = _PLAIN_BYTES[self._computed(kept)]
        table = self.spec.encoder_table_params * plain / GIB
        blocks = (self.spec.encoder_kept_params - self.spec.encoder_table_params) * plain
        blocks += (self.spec.encoder_params - self.spec.encoder_kept_params) * _BYTES[kept]
        encoder = table + blocks / GIB
        on_card = table + SLOTS / _ENCODER_BLOCKS * blocks / GIB
        return self._needs(on_card, (encoder, encoder), _TEXT_GB)

    def sample(self) -> Needs:
        """While the experts work."""
        waiting = self.expert_gb if self.placement.streamed else 0.0
        absent = max(self.placement.streamed - SLOTS, 0)
        on_card = self.expert_gb - absent * self._block_gb
        return self._needs(on_card, (waiting, self._all_gb), self._working_gb + _FIXED_GB)

    def decode(self) -> Needs:
        """While the VAE works: on reference pictures or a preview's frames before sampling, on the
        film after it, which takes more."""
        extent, spec = self.extent, self.spec
        width, height = self.tile or (extent.width, extent.height)
        working = spec.decode_bytes_per_pixel * width * height / GIB + _FIXED_GB
        if spec.needs_picture:
            working += 2 * self._film_gb(extent.width, extent.height)
        film = self._film_gb(*self._covered) if self.tile else 0.0
        return self._needs(spec.vae_bytes / GIB, (0.0, self._all_gb), working, film)

    def seconds(self, teraflops: float) -> float:
        """On a computer that multiplies matrices at this speed."""
        forwards, spec, placement = self.extent.forwards, self.spec, self.placement
        forward = forward_flops(self.extent, spec) / forwards / (teraflops * _EFFICIENCY * 1e12)
        forward += spec.layers * _LAYER_SECONDS
        if placement.streamed:
            # The next block comes while one works.
            forward = max(forward, placement.streamed * self._block_gb / _BUS)
        pixels = self.extent.frames * self._covered[0] * self._covered[1]
        decode = spec.decode_flops_per_pixel * pixels / (teraflops * _DECODE_EFFICIENCY * 1e12)
        moved = 0.0
        if placement.residency in (Residency.SWAP, Residency.DISK):
            moved += spec.experts * self.expert_gb / _BUS
        if placement.residency is Residency.DISK:
            moved += 4 * spec.experts * spec.expert_params / GIB / _DISK
        return forwards * forward + decode + moved

    def _needs(
        self, on_card: float, waiting: tuple[float, float], working: float, aside: float = 0.0
    ) -> Needs:
        """on_card: weights there while parts take turns. waiting: weights in main memory where
        the others are on disk, and where nothing is. aside: in main memory in any case."""
        from_disk, everything = waiting
        host = _PROCESS_GB + _CUDA_GB + _LOADING_GB + aside
        match self.placement.residency:
            case Residency.CPU:
                card, host = 0.0, _PROCESS_GB + everything + working + aside
            case Residency.RESIDENT:
                card = everything + working
            case Residency.SWAP:
                card, host = on_card + working, host + everything
            case Residency.DISK:
                card, host = on_card + working, host + from_disk
        return Needs(card * self.margin.vram, host * self.margin.ram)

    @property
    def _all_gb(self) -> float:
        return self.spec.experts * self.expert_gb + self.spec.vae_bytes / GIB

    @property
    def expert_gb(self) -> float:
        kept = _KEPT_BYTES[self._computed(self.placement.precision)]
        return self.spec.layers * self._block_gb + self.spec.expert_kept_params * kept / GIB

    @property
    def _block_gb(self) -> float:
        parameters = (self.spec.expert_params - self.spec.expert_kept_params) / self.spec.layers
        return parameters * _BYTES[self.placement.precision] / GIB

    @property
    def _working_gb(self) -> float:
        expanded, precision = self.spec.expand_timesteps, self.placement.precision
        per_token = _expanded(self.extent, self.spec)
        each = _WORKING_BYTES[expanded, per_token, self._computed(precision)]
        if precision is Precision.INT8:
            each += _INT8_WORKING_BYTES[expanded]
        return each * self.spec.width * _tokens(self.extent, self.spec) * _GAPS / GIB

    @property
    def _covered(self) -> tuple[int, int]:
        """Pixels across and down of the tiles laid side by side."""
        width, height = self.extent.width, self.extent.height
        if self.tile is None:
            return width, height
        across, down = self.tile
        return (
            sum(min(across, width - start) for start in tile_starts(width, across)),
            sum(min(down, height - start) for start in tile_starts(height, down)),
        )

    def _film_gb(self, width: int, height: int) -> float:
        return _PIXEL_BYTES * self.extent.frames * width * height / GIB

    def _computed(self, kept: Precision) -> Precision:
        """What weights kept so are computed in."""
        halved = self.bf16 and kept is not Precision.FP32
        return Precision.BF16 if halved or kept is Precision.BF16 else Precision.FP32


def plans(
    extent: Extent,
    spec: ModelSpec,
    hardware: Hardware,
    reached_teraflops: float | None = None,
    margin: Margin = _NO_MARGIN,
    kept: Collection[Precision] = (),
) -> list[Plan]:
    """The best way in each precision and residency to run a shot of this extent, best first.

    What fits comes first, by precision and then by seconds; then what does not, by how little
    memory is missing. More memory never gives a worse first plan.

    reached_teraflops: what past renders of this model reached on this computer; None if there
    are none, then the measured speed is taken with the usual share. kept: the only
    precisions that the experts can be had in, where their originals were released.
    """
    budget = _budget(hardware)
    speed = hardware.teraflops or _NOMINAL_TERAFLOPS
    placements = _placements(hardware, kept)
    plainest = Run(
        extent=extent,
        spec=spec,
        placement=placements[0],
        tile=None,
        bf16=hardware.bf16,
        margin=margin,
    )
    found = [_roomiest(replace(plainest, placement=one), budget) for one in placements]
    runs = sorted(found, key=lambda run: _merit(run, budget, speed))
    scale = reached_teraflops and forward_flops(extent, spec) / (reached_teraflops * 1e12)
    if scale is not None:
        scale /= runs[0].seconds(speed)
    elif hardware.teraflops:
        scale = 1.0
    return [
        _plan(
            run,
            budget,
            None if scale is None else run.seconds(speed) * scale,
            _next_better(runs, budget) if run is runs[0] else None,
        )
        for run in runs
    ]


def choose(
    extent: Extent,
    spec: ModelSpec,
    hardware: Hardware,
    reached_teraflops: float | None = None,
    margin: Margin = _NO_MARGIN,
    kept: Collection[Precision] = (),
) -> Plan:
    """The best plan that fits. Raises DoesNotFit, saying what is missing, where none does."""
    best = plans(extent, spec, hardware, reached_teraflops, margin, kept)[0]
    if not best.fits:
        raise DoesNotFit(best.reason, "Choose a smaller size, fewer frames, or a smaller model.")
    return best


def roomier(
    extent: Extent,
    spec: ModelSpec,
    hardware: Hardware,
    failed: Plan,
    wider: Iterable[Margin],
    kept: Collection[Precision] = (),
) -> tuple[Plan, Margin] | None:
    """The best plan that does it otherwise than one that ran out of memory, and the first of the
    wider margins that leads to it; None where there is no other that fits."""
    for margin in wider:
        best = plans(extent, spec, hardware, None, margin, kept)[0]
        if not best.fits:
            return None
        if (best.placement, best.tile) != (failed.placement, failed.tile):
            return best, margin
    return None


def forward_flops(extent: Extent, spec: ModelSpec) -> float:
    """Floating point operations of all transformer forwards of a shot: two a step with
    classifier-free guidance. The text passes only the keys and values of the cross-attention."""
    tokens, width, text = _tokens(extent, spec), spec.width, spec.text_tokens
    keys_and_values = 2 * spec.layers * width**2
    blocks = spec.expert_params - spec.expert_kept_params - keys_and_values
    attention = 2 * spec.layers * width * tokens * (tokens + text)
    # One timestep per token: each passes the time embedder's last layer and its six projections.
    timesteps = 7 * width**2 * tokens if _expanded(extent, spec) else 0
    forward = 2 * (blocks * tokens + keys_and_values * text + attention + timesteps)
    return float(extent.forwards) * forward


def disk_gb(spec: ModelSpec) -> float:
    """GiB of the files as they are downloaded: experts in fp32, the text encoder in bf16."""
    experts = 4 * spec.experts * spec.expert_params
    return (experts + 2 * spec.encoder_params + spec.vae_bytes) / GIB


def kept_share(spec: ModelSpec, precision: Precision) -> float:
    """What an expert takes as it runs in a precision, of what it takes as it is downloaded."""
    blocks = (spec.expert_params - spec.expert_kept_params) * _BYTES[precision]
    around = spec.expert_kept_params * _KEPT_BYTES[Precision.BF16]
    return (blocks + around) / (4 * spec.expert_params)


def tile_starts(length: int, tile: int) -> range:
    """Where tiles of this side begin along a side of a frame, in pixels: until one reaches its end,
    where that tile is cut."""
    return range(0, max(length - TILE_OVERLAP, 1), tile - TILE_OVERLAP)


def _placements(hardware: Hardware, kept: Collection[Precision]) -> list[Placement]:
    """In every precision that can be had, best first, and every residency, before anything else is
    chosen. Where none of those kept is for this computer, in all: loading then says what to do."""
    on_card = hardware.vram_total_gb > 0
    full = Precision.BF16 if hardware.bf16 and on_card else Precision.FP32
    residencies = [one for one in Residency if (one is not Residency.CPU) == on_card]
    every = (full, Precision.INT8, Precision.NF4)
    return [
        Placement(precision, residency, 0, encoder=full)
        for precision in [one for one in every if one in kept] or every
        for residency in residencies
    ]


def _roomiest(run: Run, budget: Needs) -> Run:
    """The run with the best text encoder, the fewest streamed blocks and the largest tiles that
    fit, each by itself: no two of them are in memory together. Where none fits, the least."""
    placement, extent = run.placement, run.extent
    assert placement.encoder is not None
    encoders = [placement.encoder, Precision.INT8, Precision.NF4]
    run = _first(
        [replace(run, placement=placement._replace(encoder=one)) for one in encoders],
        lambda one: one.text().within(budget),
    )
    if placement.residency in (Residency.SWAP, Residency.DISK):
        streamed = [0, *range(SLOTS + 1, run.spec.layers + 1)]
        run = _first(
            [replace(run, placement=run.placement._replace(streamed=one)) for one in streamed],
            lambda one: one.sample().within(budget),
        )
    sides = [side for side in TILES if side < max(extent.width, extent.height)]
    tiles = [(min(side, extent.width), min(side, extent.height)) for side in sides]
    return _first(
        [replace(run, tile=tile) for tile in (None, *tiles)],
        lambda one: one.decode().within(budget),
    )


def _first(options: Sequence[Run], fits: Callable[[Run], bool]) -> Run:
    return next((option for option in options if fits(option)), options[-1])


def _merit(run: Run, budget: Needs, teraflops: float) -> tuple[float, ...]:
    """Smaller is better: what fits by precision, then seconds; what does not by what it lacks."""
    peak, placement = run.peak(), run.placement
    if not peak.within(budget):
        return 1, max(peak.vram - budget.vram, 0) + max(peak.ram - budget.ram, 0)
    seconds = run.seconds(teraflops)
    residency = list(Residency).index(placement.residency)
    return 0, list(Precision).index(placement.precision), seconds, residency


def _budget(hardware: Hardware) -> Needs:
    most = hardware.ram_total_gb * (1 - _SYSTEM_SHARE)
    return Needs(
        vram=max(hardware.vram_free_gb - VRAM_RESERVE_GB, 0.0),
        ram=max(min(hardware.ram_free_gb - _RAM_RESERVE_GB, most), 0.0),
    )


def _plan(run: Run, budget: Needs, seconds: float | None, better: Run | None) -> Plan:
    peak, placement = run.peak(), run.placement
    return Plan(
        model=run.spec.id,
        precision=placement.precision,
        residency=placement.residency,
        vram_peak_gb=round(peak.vram, 2),
        ram_peak_gb=round(peak.ram, 2),
        disk_gb=round(disk_gb(run.spec), 2),
        seconds=None if seconds is None else round(seconds, 1),
        fits=peak.within(budget),
        reason=_reason(run, budget, better),
        streamed_blocks=placement.streamed,
        tile=run.tile,
        encoder=placement.encoder,
    )


def _reason(run: Run, budget: Needs, better: Run | None) -> str:
    told = _fit(run, budget, better)
    if run.margin != _NO_MARGIN:
        return f"The computer ran out of memory before, so: {told}"
    return told


def _fit(run: Run, budget: Needs, better: Run | None) -> str:
    peak = run.peak()
    if not peak.within(budget):
        return f"{_named(run)} needs {_missing(peak, budget)}."
    if better is None:
        return f"{_named(run)} fits: {_how(run)}."
    precision, missing = better.placement.precision.value, _missing(better.peak(), budget)
    return f"{_named(run)} fits: {_how(run)}; in {precision} it would need {missing}."


def _named(run: Run) -> str:
    extent = run.extent
    return f"{run.spec.name} at {extent.width}×{extent.height} in {run.placement.precision.value}"


def _how(run: Run) -> str:
    placement = run.placement
    told = {
        Residency.RESIDENT: "everything stays on the card",
        Residency.SWAP: "its parts wait in main memory and take turns on the card",
        Residency.DISK: "its parts are read from disk and take turns on the card",
        Residency.CPU: "it runs on the processor",
    }[placement.residency]
    if placement.streamed:
        told += f", {placement.streamed} of {run.spec.layers} blocks come anew in every step"
    if run.tile is not None:
        told += f", the film is decoded in tiles of {run.tile[0]}×{run.tile[1]}"
    return told


def _next_better(runs: Sequence[Run], budget: Needs) -> Run | None:
    """The run in the precision above the best one's; None where there is none, or nothing fits."""
    best, *others = runs
    order = list(Precision)
    rank = order.index(best.placement.precision)
    above = [run for run in others if order.index(run.placement.precision) < rank]
    if not above or not best.peak().within(budget):
        return None
    return max(above, key=lambda run: order.index(run.placement.precision))


def _missing(peak: Needs, budget: Needs) -> str:
    if peak.vram > budget.vram:
        return f"{peak.vram:.1f} GB of graphics memory and {budget.vram:.1f} GB are free"
    return f"{peak.ram:.1f} GB of main memory and {budget.ram:.1f} GB are free"


def _expanded(extent: Extent, spec: ModelSpec) -> bool:
    """Whether there is a timestep for each token: only where some are held, as a picture's are."""
    return spec.expand_timesteps and extent.pictured


def _tokens(extent: Extent, spec: ModelSpec) -> int:
    frames, height, width = spec.stride
    patch = 2
    latent_frames = (extent.frames - 1) // frames + 1
    return latent_frames * (extent.height // height // patch) * (extent.width // width // patch)
