"""The miniature's experts: noise and words → latents, by flow matching.

Each learns on its own side of the boundary, by itself. Most steps have all tokens at one timestep
(text to video); in the others the first frame is clean and its tokens are at timestep 0 (image to
video), as the stock pipelines run a model with `expand_timesteps`.

Blocks inside them are asked what a token must know (`asked.py`).
"""

import multiprocessing
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import nn

from studio.models import POCKET
from training import asked, captions, data, text, vae, world
from training.asked import Maps, Places, Words
from training.attention import Plain
from training.efforts import Effort, Size
from training.run import Run, Stage, put
from training.text import Reader
from training.world import Scene

SHIFT = POCKET.sampling.flow_shift
BOUNDARY = POCKET.sampling.boundary or 1.0
TRAINING_STEPS = 1000
UNCAPTIONED = 0.1  # of the samples have no words, for guidance
GIVEN = 0.2  # of the steps are given first frames, which say most of what words would
PLAIN, PICTURED = 8, 4  # captions of each clip, for text to video and for image to video
PART = 512  # clips in one file of latents
AGAIN = 0.8  # of the rate, for experts that learn on
SUBJECT_SHARE, SUBJECT_COUNTS = 0.6, 8.0  # beside the picture's 1; at most so many times
SIDES = ("high", "low")
SALT = 2  # of the clips; experts that learn on see others


def make() -> WanTransformer3DModel:
    """One expert, untrained."""
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=3,
        attention_head_dim=64,
        in_channels=vae.LATENT_CHANNELS,
        out_channels=vae.LATENT_CHANNELS,
        text_dim=text.WIDTH,
        freq_dim=128,
        ffn_dim=640,
        num_layers=7,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=128,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Latents:
    """Clips of one size, ready for the experts.

    values: normalised latents fp16 [N, C, T, h, w]. weights: how much each of them counts, fp32
    [N, 1, T, h, w]. tokens: captions int16 [N, PLAIN + PICTURED, TEXT_TOKENS], each clip's for text
    to video first, then those for image to video. maps: of `asked.mapped`, fp16 [N, T, h/2, w/2,
    numbers]. told: of `text.told`, int64 [N, fields].
    """

    values: torch.Tensor
    weights: torch.Tensor
    tokens: torch.Tensor
    maps: torch.Tensor
    told: torch.Tensor


def cache(run: Run, effort: Effort) -> None:
    """Keep the latents and captions of all clips on disk, made part by part."""
    missing = [
        (size, part)
        for size, count in data.shares(effort, effort.clips).items()
        for part in data.parts(count, PART)
        if not run.has(_part_name(size, part))
    ]
    if not missing:
        return
    network, salt = vae.load(run), _salt(run)
    batches = [
        [(size, number, effort.frames, salt) for number in range(part.start, part.stop)]
        for size, part in missing
    ]
    for (size, part), shown in zip(missing, data.made(_show, batches), strict=True):
        name = _part_name(size, part)
        run.save(name, _prepared(run, network, shown), {})
        run.say(f"{name} is there")
        run.check_time()


def cached(run: Run, effort: Effort) -> dict[Size, Latents]:
    """What `cache` kept."""
    made = {}
    for size, count in data.shares(effort, effort.clips).items():
        kept = [run.load(_part_name(size, part))[0] for part in data.parts(count, PART)]
        whole = {name: torch.cat([one[name] for one in kept]) for name in kept[0]}
        tokens = whole.pop("tokens")
        there = {name: values.to(run.device) for name, values in whole.items()}
        made[size] = Latents(tokens=tokens, **there)
    return made


def _part_name(size: Size, part: slice) -> str:
    return f"latents-{size[0]}x{size[1]}-{part.start}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """One clip, uint8 [F, H, W, 3], with its captions and, as in `Latents`, what is known of it."""

    scene: Scene
    clip: np.ndarray
    said: list[str]
    weights: np.ndarray
    map: np.ndarray


def _show(given: tuple[Size, int, int, int]) -> _Shown:
    size, number, frames, salt = given
    scene = data.scene(size, number, salt)
    rng = np.random.default_rng((data.SEED, salt, *size, number, 1))
    return _Shown(
        scene=scene,
        clip=world.draw(scene, *size, frames),
        said=[
            captions.caption(scene, rng, picture=caption >= PLAIN, chinese=text.CHINESE)
            for caption in range(PLAIN + PICTURED)
        ],
        weights=_weights(scene, size, frames),
        map=asked.mapped(scene, *size, frames).numpy(),
    )


def _prepared(run: Run, network: AutoencoderKLWan, shown: list[_Shown]) -> dict[str, torch.Tensor]:
    """What `Latents` are of, by name. Raises ValueError for captions that are too long."""
    tokens = text.tokens(text.tokenizer(), [words for one in shown for words in one.said])
    if bool(tokens[:, text.LONGEST - 1 :].any()):
        raise ValueError(f"A caption has more than {text.LONGEST - 1} tokens.")
    clips = torch.from_numpy(np.stack([one.clip for one in shown]))
    return {
        "values": vae.encode(network, clips, 32, run),
        "weights": torch.from_numpy(np.stack([one.weights for one in shown]))[:, None],
        "tokens": tokens.view(len(shown), PLAIN + PICTURED, -1),
        "maps": torch.from_numpy(np.stack([one.map for one in shown])),
        "told": text.told([one.scene for one in shown]),
    }


def _salt(run: Run) -> int:
    begun = run.path(f"{SIDES[0]}-begin")
    return zlib.crc32(begun.read_bytes()) if begun.exists() else SALT


def _weights(scene: Scene, size: Size, frames: int) -> np.ndarray:
    """fp32 [T, h, w]: where the subject is counts more, the more the smaller it is. Most words are
    about the subject, and most of the picture is not."""
    there = data.subject(scene, size, frames)
    # The first latent frame is one frame of the clip, every other is four.
    rest = there[1:].reshape(-1, vae.TIME, *there.shape[1:]).any(1)
    subject = np.concatenate((there[:1], rest)).astype(np.float32)
    share = max(float(subject.mean()), 1e-3)
    weights: np.ndarray = 1 + min(SUBJECT_COUNTS, SUBJECT_SHARE / share) * subject
    return weights


def train(run: Run, effort: Effort, minutes: float) -> None:
    """Both experts, from the latents that are kept. Raises OutOfTime, after checkpoints."""
    sides = [side for side in SIDES if not run.has(f"{side}-done")]
    if not effort.side_by_side:
        latents = cached(run, effort) if sides else {}
        for side in sides:
            learn(run, effort, minutes / 2, side, latents)
    elif sides:
        threads = max(1, torch.get_num_threads() // 2)
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as both:
            list(both.map(partial(_learn_alone, run, effort, minutes, threads), sides))


def _learn_alone(run: Run, effort: Effort, minutes: float, threads: int, side: str) -> None:
    """`learn`, as the only work of a process."""
    torch.set_num_threads(threads)
    learn(run, effort, minutes, side, cached(run, effort))


def learn(
    run: Run, effort: Effort, minutes: float, side: str, latents: dict[Size, Latents]
) -> None:
    """One expert, on its side of the boundary."""
    torch.manual_seed(data.SEED)
    model, reader = trainable(run.device), text.trained(run)
    begun = run.has(f"{side}-begin")
    if begun:
        put(run.load(f"{side}-begin")[0], "model", model)
    if effort.compiled:
        for block in model.blocks:
            block.forward = torch.compile(block.forward, dynamic=True)
    known, seen = model.blocks[asked.KNOWN_BY], model.blocks[asked.SEEN_BY]
    places = Places(known, _ends(latents)).to(run.device)
    words, maps = Words(known).to(run.device), Maps(seen).to(run.device)
    modules = {"model": model, "places": places, "words": words, "maps": maps}
    stage = Stage(
        run, side, modules, effort.rate * (AGAIN if begun else 1.0), (minutes, effort.steps)
    )
    sigmas = {"high": _high_sigma, "low": _low_sigma}[side]

    def loss(now: Stage) -> dict[str, torch.Tensor]:
        sample = _sample(now, latents, effort)
        error = _loss(now, model, reader, sample, sigmas(now, len(sample.clean)))
        left = 1 - now.progress
        return {
            "loss": error,
            "places": left * asked.PLACES_COUNT * places.missed(sample.clean.shape),
            "words": left * asked.WORDS_COUNT * words.missed(sample.told),
            "maps": left * asked.MAPS_COUNT * maps.missed(sample.maps),
        }

    stage.train(loss)


def _ends(latents: dict[Size, Latents]) -> tuple[int, int, int]:
    """The most frames, rows and columns of tokens."""
    shapes = [one.maps.shape[1:4] for one in latents.values()]
    frames, height, width = (max(counts) for counts in zip(*shapes, strict=True))
    return frames, height, width


def take(run: Run, model: Path) -> None:
    """Begin with the experts of a finished model's folder, which were trained on the latents of its
    VAE."""
    for side, folder in zip(SIDES, ("transformer", "transformer_2"), strict=True):
        expert = WanTransformer3DModel.from_pretrained(model / folder, torch_dtype=torch.float32)
        run.save(f"{side}-begin", {f"model.{name}": p for name, p in expert.named_parameters()}, {})


def finished(run: Run) -> tuple[WanTransformer3DModel, WanTransformer3DModel, Reader]:
    """The two experts and the text encoder of a finished run."""
    made = []
    for side in SIDES:
        expert = make()
        put(run.load(f"{side}-done")[0], "model", expert)
        made.append(expert.eval())
    return made[0], made[1], text.trained(run)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sample:
    """clean: latents [B, C, T, h, w]. weights: how much they count, [B, 1, T, h, w]. given: whether
    their first frames are given. tokens: [B, TEXT_TOKENS]. maps, told: as in `Latents`."""

    clean: torch.Tensor
    weights: torch.Tensor
    given: bool
    tokens: torch.Tensor
    maps: torch.Tensor
    told: torch.Tensor


def _sample(stage: Stage, latents: dict[Size, Latents], effort: Effort) -> _Sample:
    """Random clips of one random size with one of their captions."""
    rng = stage.random()
    sizes, weights = list(effort.sizes), np.array(list(effort.sizes.values()))
    size = sizes[rng.choice(len(sizes), p=weights / weights.sum())]
    chosen = latents[size]
    count = data.batch_of(size, effort.batch, sizes[0])
    numbers = torch.from_numpy(rng.integers(len(chosen.values), size=count))
    given = bool(rng.random() < GIVEN)
    # The studio leaves out what a picture decides, unless the person insists.
    short = given & (rng.random(count) < 0.6)
    draws = rng.integers(PLAIN * PICTURED, size=count)
    which = np.where(short, PLAIN + draws % PICTURED, draws % PLAIN)
    tokens = chosen.tokens[numbers, torch.from_numpy(which)].long()
    tokens[torch.from_numpy(rng.random(count) < UNCAPTIONED)] = text.no_words()
    device = stage.run.device
    there = numbers.to(device)
    return _Sample(
        clean=chosen.values[there].float(),
        weights=chosen.weights[there],
        given=given,
        tokens=tokens.to(device),
        maps=chosen.maps[there],
        told=chosen.told[there],
    )


def _loss(
    stage: Stage, model: nn.Module, reader: nn.Module, sample: _Sample, sigma: torch.Tensor
) -> torch.Tensor:
    """Weighted mean squared error of the velocity noise − clean, but for frames that are given."""
    noise = stage.noise(sample.clean.shape)
    level = sigma.view(-1, 1, 1, 1, 1)
    into = (1 - level) * sample.clean + level * noise
    timestep = sigma * TRAINING_STEPS
    first = int(sample.given)
    if sample.given:
        into[:, :, 0] = sample.clean[:, :, 0]
        timestep = _of_each_token(timestep, sample.clean.shape)
    for attention in to_words(model):
        attention.processor.counted(text.often(sample.tokens))
    with stage.run.autocast():
        velocity = model(
            hidden_states=into,
            timestep=timestep,
            encoder_hidden_states=reader(sample.tokens),
            return_dict=False,
        )[0]
    error = (velocity.float() - (noise - sample.clean)).square() * sample.weights
    return error[:, :, first:].mean()


def _of_each_token(timestep: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Timesteps [B] → [B, T·h/2·w/2], 0 in the first frame. Where all are the same, one for each
    clip means the same to the model and costs a fifth less."""
    _, _, frames, height, width = shape
    each = timestep[:, None].repeat(1, frames)
    each[:, 0] = 0
    return each.repeat_interleave((height // 2) * (width // 2), 1)


def _shifted(uniform: torch.Tensor) -> torch.Tensor:
    """The sampler's own sigmas: uniform steps, shifted towards noise."""
    return SHIFT * uniform / (1 + (SHIFT - 1) * uniform)


def _even(stage: Stage, count: int) -> torch.Tensor:
    """Numbers of 0 to 1 [count], one of each count-th part in any order: batches are alike."""
    places = torch.randperm(count, device=stage.run.device)
    return (places + torch.rand(count, device=stage.run.device)) / count


def _high_sigma(stage: Stage, count: int) -> torch.Tensor:
    at_boundary = BOUNDARY / (SHIFT - (SHIFT - 1) * BOUNDARY)
    return _shifted(at_boundary + (1 - at_boundary) * _even(stage, count))


def _low_sigma(stage: Stage, count: int) -> torch.Tensor:
    at_boundary = BOUNDARY / (SHIFT - (SHIFT - 1) * BOUNDARY)
    uniform = _even(stage, count)
    half = torch.rand_like(uniform) < 0.5
    return torch.where(half, _shifted(at_boundary * uniform), BOUNDARY * uniform)


def trainable(device: str) -> WanTransformer3DModel:
    """One expert, untrained, made ready for fast training."""
    model = make().to(device)
    # With bf16 input and fp32 weights torch leaves its fused kernel.
    for module in model.modules():
        if isinstance(module, nn.RMSNorm):
            module.register_forward_pre_hook(lambda _, given: (given[0].float(),))
    for block in model.blocks:
        block.attn1.set_processor(Plain())
        block.attn2.set_processor(Plain())
    return model


def to_words(model: nn.Module) -> list[nn.Module]:
    """Its attentions to the words, block by block."""
    return [block.attn2 for block in model.blocks]
