"""Weights that come and go: the same numbers to the bit, in the right order, in bounded room.

The processor plays the card, with a mover that is as late as a card may be: what it fetches is not
there before it is waited for, and until then the room holds nothing that could be computed with.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UniPCMultistepScheduler, WanImageToVideoPipeline, WanPipeline
from PIL import Image
from torch import nn

from studio.engine import load, miniature, quantize, stream
from studio.engine.load import Parts
from studio.errors import ModelMissing
from studio.models import MODELS
from studio.plan import SLOTS, Placement, Precision, Residency

BLOCKS = 5
PRECISIONS = pytest.mark.parametrize("precision", [*Precision])
TURNS = pytest.mark.parametrize("residency", [Residency.SWAP, Residency.DISK])
NOTHING = 0xFF  # NaN in every kind of float


class Late(stream.Mover):
    """Logs what it is asked for; copies when it is waited for, and not before."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"))
        self.log: list[Any] = []
        self.rooms: list[int] = []
        self.pinned: set[int] = set()
        self._marks = 0

    def room(self, size: int) -> torch.Tensor:
        self.rooms.append(size)
        return super().room(size).fill_(NOTHING)

    def pin(self, home: torch.Tensor) -> None:
        self.pinned.add(home.data_ptr())

    def unpin(self, home: torch.Tensor) -> None:
        self.pinned.remove(home.data_ptr())

    def mark(self) -> int:
        self._marks += 1
        self.log.append(("mark", self._marks))
        return self._marks

    def fetch(self, home: torch.Tensor, room: torch.Tensor, after: int) -> list[torch.Tensor]:
        assert 0 < after <= self._marks
        room.view(torch.uint8).fill_(NOTHING)
        if home.data_ptr() in self.pinned:
            self.log.append(("fetch", home.data_ptr(), after))
        return [home, room]

    def wait(self, arrival: list[torch.Tensor]) -> None:
        home, room = arrival
        if home.data_ptr() in self.pinned:
            self.log.append(("wait", home.data_ptr()))
        room.copy_(home)

    def finish(self) -> None:
        self.log.append(("finish",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """T2V-A14B, tiny, with more blocks than there are slots."""
    made = tmp_path_factory.mktemp("models") / "t2v-a14b"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(miniature, "LAYERS", BLOCKS)
        miniature.build("t2v-a14b", made)
    return made


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Late:
    mover = Late()
    monkeypatch.setattr(stream, "mover", lambda _: mover)
    return mover


@pytest.fixture
def small() -> tuple[nn.Module, list[nn.Module]]:
    """A model of a head and five blocks."""
    torch.manual_seed(1)
    model = nn.Module()
    model.head = nn.Linear(8, 8)
    model.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(BLOCKS))
    return model, list(model.blocks)


def forward(model: Any, given: torch.Tensor) -> torch.Tensor:
    for block in model.blocks:
        given = block(given)
    return model.head(given)


def parts(folder: Path, placement: Placement, bf16: bool = False) -> Parts:
    return Parts(MODELS[folder.name], folder, placement, bf16)


def resident(folder: Path, precision: Precision) -> Parts:
    return parts(folder, Placement(precision, Residency.CPU))


def denoised(expert: Any) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return expert(
        hidden_states=torch.randn(1, 16, 3, 4, 6, generator=draw).to(expert.dtype),
        timestep=torch.tensor([900]),
        encoder_hidden_states=torch.randn(1, 12, 64, generator=draw).to(expert.dtype),
        return_dict=False,
    )[0]


def read(encoder: Any) -> torch.Tensor:
    ids = torch.arange(3, 23)[None]
    return encoder(ids, torch.ones_like(ids)).last_hidden_state


def film(parts: Parts, picture: Image.Image | None = None) -> torch.Tensor:
    """Latents of a few steps, as `studio.engine.sample` has them made."""
    spec = parts.spec
    names = [load.HIGH, load.VAE, *([load.LOW] if spec.experts == 2 else [])]
    experts = {load.HIGH: None, load.LOW: None}
    kind = WanPipeline if picture is None else WanImageToVideoPipeline
    size = 2 * spec.size_multiple
    draw = torch.Generator().manual_seed(5)
    channels = parts.get(load.VAE).config.z_dim
    side = size // spec.stride[1]
    with parts.placed(*names):
        pipeline = kind(
            tokenizer=None,
            text_encoder=None,
            vae=parts.get(load.VAE),
            scheduler=UniPCMultistepScheduler(
                prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=5.0
            ),
            **{name: parts.get(name) if name in names else None for name in experts},
            boundary_ratio=spec.sampling.boundary,
            expand_timesteps=spec.expand_timesteps,
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline(
            prompt_embeds=torch.randn(1, 12, 64, generator=draw),
            negative_prompt_embeds=torch.randn(1, 12, 64, generator=draw),
            latents=torch.randn(1, channels, 3, side, side, generator=draw),
            width=size,
            height=size,
            num_frames=9,
            num_inference_steps=6,
            guidance_scale=4.0,
            output_type="latent",
            **({} if picture is None else {"image": picture}),
        ).frames


@pytest.mark.parametrize("streamed", range(BLOCKS + 1))
def test_each_block_comes_while_the_one_before_it_works(
    streamed: int, small: tuple[nn.Module, list[nn.Module]]
) -> None:
    model, blocks = small
    given = torch.randn(3, 8)
    wanted = forward(model, given)
    late = Late()
    on_call = stream.OnCall(model, blocks, streamed, late)
    chosen = stream.spread(BLOCKS, streamed)
    assert len(chosen) == streamed
    homes = {index: on_call._streamed[index].home.data_ptr() for index in chosen}
    for block in blocks:
        block.register_forward_hook(
            lambda block, *_: late.log.append(("work", blocks.index(block)))
        )
    on_call.enter()
    assert torch.equal(forward(model, given), wanted)
    assert torch.equal(forward(model, given), wanted)
    on_call.leave()
    # The first come at once, the others into the room that one leaves when its work is done.
    coming = iter([*chosen, *chosen, *chosen])
    expected: list[Any] = [("mark", 1)]
    expected += [("fetch", homes[next(coming)], 1) for _ in range(min(SLOTS, streamed))]
    marks = 1
    for index in [*range(BLOCKS), *range(BLOCKS)]:
        if index not in chosen:
            expected.append(("work", index))
            continue
        marks += 1
        expected += [("wait", homes[index]), ("work", index), ("mark", marks)]
        expected.append(("fetch", homes[next(coming)], marks))
    assert late.log == [*expected, ("finish",)]
    assert not late.pinned
    assert torch.equal(forward(model, given), wanted)


def test_streamed_blocks_lie_evenly_among_the_others() -> None:
    assert stream.spread(6, 0) == []
    assert stream.spread(6, 2) == [2, 5]
    assert stream.spread(6, 3) == [1, 3, 5]
    assert stream.spread(6, 6) == [*range(6)]


@PRECISIONS
@pytest.mark.parametrize("streamed", [0, 3, BLOCKS])
@TURNS
def test_an_expert_gives_the_same_numbers(
    precision: Precision, streamed: int, residency: Residency, folder: Path, late: Late
) -> None:
    wanted = denoised(resident(folder, precision).get(load.HIGH))
    coming = parts(folder, Placement(precision, residency, streamed))
    for _ in range(2):
        with coming.placed(load.HIGH):
            expert = coming.get(load.HIGH)
            assert expert.dtype == resident(folder, precision).get(load.HIGH).dtype
            for _ in range(3):
                assert torch.equal(denoised(expert), wanted)
    assert not late.pinned


@PRECISIONS
@TURNS
def test_the_text_encoder_gives_the_same_numbers(
    precision: Precision, residency: Residency, folder: Path, late: Late
) -> None:
    """Its blocks always stream, and it may be kept otherwise than the experts."""
    wanted = read(resident(folder, precision).get(load.TEXT_ENCODER))
    coming = parts(folder, Placement(Precision.FP32, residency, 0, precision))
    with coming.running(load.TEXT_ENCODER) as encoder:
        assert torch.equal(read(encoder), wanted)
        assert torch.equal(read(encoder), wanted)
        assert len(late.pinned) == len(encoder.encoder.block)


@PRECISIONS
def test_a_card_holds_what_stays_and_two_more_blocks_and_nothing_grows(
    precision: Precision, folder: Path, late: Late
) -> None:
    coming = parts(folder, Placement(precision, Residency.SWAP, 3))
    with coming.placed(load.HIGH):
        expert = coming.get(load.HIGH)
        denoised(expert)
        taken = list(late.rooms)
        denoised(expert)
        assert late.rooms == taken
    units = [stream.Unit(block.modules()).size for block in expert.blocks]
    assert len(set(units)) == 1
    head, *blocks = taken
    assert blocks == [units[0]] * (BLOCKS - 3 + SLOTS)
    bare = resident(folder, precision).get(load.HIGH)
    inside = {module for block in bare.blocks for module in block.modules()}
    outside = stream.Unit(module for module in bare.modules() if module not in inside)
    assert head == outside.size


@pytest.mark.parametrize("family", ["t2v-a14b", "i2v-a14b", "ti2v-5b"])
@pytest.mark.parametrize(
    ("precision", "residency"),
    [(Precision.FP32, Residency.SWAP), (Precision.NF4, Residency.DISK)],
)
def test_a_film_is_the_same_and_the_parts_take_turns(
    family: str,
    precision: Precision,
    residency: Residency,
    models: Path,
    late: Late,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = Image.new("RGB", (64, 64), (180, 90, 40)) if family != "t2v-a14b" else None
    here = models / family
    wanted = film(resident(here, precision), picture)
    turns: list[tuple[str, str]] = []
    bring, send_home = Parts._bring, Parts._send_home

    def brought(parts: Parts, name: str) -> None:
        before = parts._at_work
        bring(parts, name)
        if before != name:
            turns.append(("comes", name))

    def sent(parts: Parts) -> None:
        if parts._at_work:
            turns.append(("goes", parts._at_work))
        send_home(parts)

    monkeypatch.setattr(Parts, "_bring", brought)
    monkeypatch.setattr(Parts, "_send_home", sent)
    coming = parts(here, Placement(precision, residency, 2))
    assert torch.equal(film(coming, picture), wanted)
    order = {
        "t2v-a14b": [load.HIGH, load.LOW],
        "i2v-a14b": [load.VAE, load.HIGH, load.LOW],
        "ti2v-5b": [load.VAE, load.HIGH],
    }[family]
    assert turns == [(turn, name) for name in order for turn in ("comes", "goes")]
    assert torch.equal(film(coming, picture), wanted)


@TURNS
def test_after_an_accident_everything_is_at_home_and_the_next_run_is_as_ever(
    residency: Residency, folder: Path, late: Late
) -> None:
    wanted = denoised(resident(folder, Precision.NF4).get(load.HIGH))
    coming = parts(folder, Placement(Precision.NF4, residency, 3))

    def fail(*_: Any) -> None:
        raise RuntimeError("an accident")

    with pytest.raises(RuntimeError, match="accident"), coming.placed(load.HIGH):
        expert = coming.get(load.HIGH)
        hook = expert.blocks[2].register_forward_hook(fail)
        denoised(expert)
    hook.remove()
    assert not late.pinned
    assert not hasattr(expert, "_hf_hook")
    with coming.placed(load.HIGH):
        assert torch.equal(denoised(expert), wanted)


@PRECISIONS
def test_from_disk_nothing_stays_in_memory_between_two_turns(
    precision: Precision, folder: Path, late: Late
) -> None:
    coming = parts(folder, Placement(precision, Residency.DISK))
    for name in (load.TEXT_ENCODER, load.HIGH, load.VAE):
        part = coming.get(name)
        assert all(parameter.is_meta for parameter in part.parameters())
        with coming.running(name):
            assert not any(parameter.is_meta for parameter in part.parameters())
        assert all(parameter.is_meta for parameter in part.parameters())
        for layer in quantize.quantized_layers(part).values():
            assert getattr(layer, "quant_state", None) is None
            assert getattr(layer, "state", None) is None or layer.state.CB is None


@TURNS
def test_the_vae_can_work_elsewhere(residency: Residency, folder: Path, late: Late) -> None:
    coming = parts(folder, Placement(Precision.NF4, residency, 3))
    with coming.running(load.VAE, torch.device("cpu", 0)) as vae:
        values = [parameter.clone() for parameter in vae.parameters()]
    stock = resident(folder, Precision.FP32).get(load.VAE)
    assert all(map(torch.equal, values, stock.parameters()))
    assert not late.rooms


def test_files_that_were_damaged_since_are_noticed_when_they_are_needed(
    folder: Path, late: Late, tmp_path: Path
) -> None:
    here = tmp_path / "t2v-a14b"
    shutil.copytree(folder, here)
    coming = parts(here, Placement(Precision.FP32, Residency.DISK))
    coming.get(load.HIGH)
    weights = here / load.HIGH / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:10_000])
    with pytest.raises(ModelMissing, match="not whole"), coming.running(load.HIGH):
        pass


@pytest.mark.gpu
@pytest.mark.parametrize("precision", [Precision.BF16, Precision.INT8, Precision.NF4])
def test_on_a_card_an_expert_gives_the_same_numbers(precision: Precision, folder: Path) -> None:
    given = Placement(precision, Residency.RESIDENT)
    wanted = on_card(parts(folder, given, bf16=True).get(load.HIGH))
    for residency in (Residency.SWAP, Residency.DISK):
        coming = parts(folder, Placement(precision, residency, 3), bf16=True)
        with coming.placed(load.HIGH):
            expert = coming.get(load.HIGH)
            taken = []
            for _ in range(20):
                assert torch.equal(on_card(expert), wanted)
                taken.append(torch.cuda.memory_reserved())
            assert len(set(taken[1:])) == 1


def on_card(expert: Any) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return expert(
        hidden_states=torch.randn(1, 16, 3, 4, 6, generator=draw).to("cuda", torch.bfloat16),
        timestep=torch.tensor([900], device="cuda"),
        encoder_hidden_states=torch.randn(1, 12, 64, generator=draw).to("cuda", torch.bfloat16),
        return_dict=False,
    )[0]
