"""The miniature's experts: noise and words → latents, by flow matching.

One model learns every noise level first; then it is split at the boundary into two, which go on
learning on their own sides. Most steps have all tokens at one timestep (text to video); in the
others the first frame is clean and its tokens are at timestep 0 (image to video), as the stock
pipelines run a model with `expand_timesteps`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import nn
from transformers import PreTrainedTokenizerFast, UMT5EncoderModel

from studio.models import POCKET
from training import captions, data, text, vae, world
from training.efforts import Effort, Size
from training.run import Run, Stage, put
from training.text import Reader

SHIFT = POCKET.sampling.flow_shift
BOUNDARY = POCKET.sampling.boundary or 1.0
TRAINING_STEPS = 1000
UNCAPTIONED = 0.1  # of the samples have no words, for guidance
GIVEN = 0.3  # of the steps are given first frames, which say most of what words would
PLAIN, PICTURED = 8, 4  # captions of each clip, for text to video and for image to video
PART = 512  # clips in one file of latents
JOINT_RATE, SPLIT_RATE = 1.2e-3, 5e-4
SUBJECT_SHARE, SUBJECT_COUNTS = 0.6, 8.0  # beside the picture's 1; at most so many times
SALT = 2


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
    to video first, then those for image to video.
    """

    values: torch.Tensor
    weights: torch.Tensor
    tokens: torch.Tensor


def cache(run: Run, effort: Effort) -> dict[Size, Latents]:
    """The latents and captions of all clips, made part by part and kept on disk."""
    network = None
    words = text.tokenizer()
    made = {}
    for size, count in data.shares(effort, effort.clips).items():
        kept = []
        for part in data.parts(count, PART):
            name = f"latents-{size[0]}x{size[1]}-{part.start}"
            if not run.has(name):
                network = network or vae.load(run)
                run.save(name, _prepare(run, network, words, size, part, effort.frames), {})
                run.say(f"{name}: {part.stop} of {count} clips")
                run.check_time()
            kept.append(run.load(name)[0])
        made[size] = Latents(
            values=torch.cat([one["values"] for one in kept]).to(run.device),
            weights=_weights(size, count, effort.frames).to(run.device),
            tokens=torch.cat([one["tokens"] for one in kept]),
        )
    return made


def _prepare(
    run: Run,
    network: AutoencoderKLWan,
    words: PreTrainedTokenizerFast,
    size: Size,
    part: slice,
    frames: int,
) -> dict[str, torch.Tensor]:
    drawn = data.draw_size(size, range(part.start, part.stop), frames, SALT)
    rng = np.random.default_rng((data.SEED, SALT, *size, part.start))
    said = [
        captions.caption(scene, rng, picture=number >= PLAIN)
        for scene in drawn.scenes
        for number in range(PLAIN + PICTURED)
    ]
    tokens = text.tokens(words, said).view(len(drawn.scenes), PLAIN + PICTURED, -1)
    return {"values": vae.encode(network, drawn.clips, 32, run), "tokens": tokens}


def _weights(size: Size, count: int, frames: int) -> torch.Tensor:
    """[N, 1, T, h, w]: where the subject is counts more, the more the smaller it is. Most words are
    about the subject, and most of the picture is not."""
    width, height = size[0] // vae.SPACE, size[1] // vae.SPACE
    weights = []
    for number in range(count):
        there = world.where(data.scene(size, number, SALT), width, height, frames)
        # The first latent frame is one frame of the clip, every other is four.
        rest = there[1:].reshape(-1, vae.TIME, height, width).any(1)
        subject = np.concatenate((there[:1], rest)).astype(np.float32)
        share = max(float(subject.mean()), 1e-3)
        weights.append(1 + min(SUBJECT_COUNTS, SUBJECT_SHARE / share) * subject)
    return torch.from_numpy(np.stack(weights))[:, None]


def train_joint(run: Run, effort: Effort, minutes: float, latents: dict[Size, Latents]) -> None:
    """One model for every noise level, with the text encoder."""
    torch.manual_seed(data.SEED)
    model, reader = trainable(run.device), text.trained(run)
    stage = Stage(
        run, "joint", {"model": model, "text": reader}, JOINT_RATE, (minutes, effort.steps)
    )

    def loss(now: Stage) -> dict[str, torch.Tensor]:
        sample = _sample(now, latents, effort)
        return {"loss": _loss(now, model, reader, sample, _any_sigma(now, len(sample.clean)))}

    stage.train(loss)


def take(run: Run, model: Path) -> None:
    """Begin with the experts and the text encoder of a finished model's folder, which were trained
    on the latents of its VAE. Raises ValueError if words are cut into other tokens there."""
    theirs = PreTrainedTokenizerFast.from_pretrained(model / "tokenizer").get_vocab()
    if theirs != text.tokenizer().get_vocab():
        raise ValueError(f"The tokens of {model} are others: captions were written otherwise then.")
    fp32 = {"torch_dtype": torch.float32}
    modules = {
        "high": WanTransformer3DModel.from_pretrained(model / "transformer", **fp32),
        "low": WanTransformer3DModel.from_pretrained(model / "transformer_2", **fp32),
        "text": Reader(UMT5EncoderModel.from_pretrained(model / "text_encoder", dtype="float32")),
    }
    tensors = {
        f"{prefix}.{name}": parameter
        for prefix, module in modules.items()
        for name, parameter in module.named_parameters()
    }
    run.save("experts-begin", tensors, {})


def train_split(run: Run, effort: Effort, minutes: float, latents: dict[Size, Latents]) -> None:
    """Two experts, each on its side of the boundary. They begin as the joint model, or as those of
    a finished one."""
    high, low = trainable(run.device), trainable(run.device)
    modules = {"high": high, "low": low, "text": Reader(text.make()).to(run.device)}
    taken = run.has("experts-begin")
    tensors, _ = run.load("experts-begin" if taken else "joint-done")
    for prefix, module in modules.items():
        put(tensors, prefix if taken or prefix == "text" else "model", module)
    stage = Stage(run, "experts", modules, SPLIT_RATE, (minutes, effort.steps))

    def loss(now: Stage) -> dict[str, torch.Tensor]:
        half = _sample(now, latents, effort, parts=2)
        count = len(half.clean)
        return {
            "high": _loss(now, high, modules["text"], half, _high_sigma(now, count)),
            "low": _loss(now, low, modules["text"], half, _low_sigma(now, count)),
        }

    stage.train(loss)


def finished(run: Run) -> tuple[WanTransformer3DModel, WanTransformer3DModel, Reader]:
    """The two experts and the text encoder of a finished run."""
    tensors, _ = run.load("experts-done")
    high, low, reader = make(), make(), Reader(text.make())
    for prefix, module in (("high", high), ("low", low), ("text", reader)):
        put(tensors, prefix, module)
    return high.eval(), low.eval(), reader.eval()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sample:
    """clean: latents [B, C, T, h, w]. weights: how much they count, [B, 1, T, h, w]. given: whether
    their first frames are given. tokens: [B, TEXT_TOKENS]."""

    clean: torch.Tensor
    weights: torch.Tensor
    given: bool
    tokens: torch.Tensor


def _sample(stage: Stage, latents: dict[Size, Latents], effort: Effort, parts: int = 1) -> _Sample:
    """Random clips of one random size with one of their captions; a `parts`-th of a batch."""
    rng = stage.random()
    sizes, weights = list(effort.sizes), np.array(list(effort.sizes.values()))
    size = sizes[rng.choice(len(sizes), p=weights / weights.sum())]
    chosen = latents[size]
    count = max(1, data.batch_of(size, effort.batch, sizes[0]) // parts)
    numbers = torch.from_numpy(rng.integers(len(chosen.values), size=count))
    given = bool(rng.random() < GIVEN)
    # The studio leaves out what a picture decides, unless the person insists.
    short = given & (rng.random(count) < 0.6)
    draws = rng.integers(PLAIN * PICTURED, size=count)
    which = np.where(short, PLAIN + draws % PICTURED, draws % PLAIN)
    tokens = chosen.tokens[numbers, torch.from_numpy(which)].long()
    tokens[torch.from_numpy(rng.random(count) < UNCAPTIONED)] = text.no_words()
    device = stage.run.device
    return _Sample(
        clean=chosen.values[numbers.to(device)].float(),
        weights=chosen.weights[numbers.to(device)],
        given=given,
        tokens=tokens.to(device),
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
        attention.processor.read(sample.tokens)
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


def _any_sigma(stage: Stage, count: int) -> torch.Tensor:
    """Half as the sampler visits them, half evenly, [B]."""
    uniform = torch.rand(count, device=stage.run.device)
    return torch.where(torch.rand_like(uniform) < 0.5, _shifted(uniform), uniform)


def _high_sigma(stage: Stage, count: int) -> torch.Tensor:
    at_boundary = BOUNDARY / (SHIFT - (SHIFT - 1) * BOUNDARY)
    uniform = torch.rand(count, device=stage.run.device)
    return _shifted(at_boundary + (1 - at_boundary) * uniform)


def _low_sigma(stage: Stage, count: int) -> torch.Tensor:
    at_boundary = BOUNDARY / (SHIFT - (SHIFT - 1) * BOUNDARY)
    uniform = torch.rand(count, device=stage.run.device)
    even = BOUNDARY * uniform
    return torch.where(torch.rand_like(uniform) < 0.5, _shifted(at_boundary * uniform), even)


def trainable(device: str) -> WanTransformer3DModel:
    """One expert, untrained, made ready for fast training."""
    model = make().to(device)
    # With bf16 input and fp32 weights torch leaves its fused kernel.
    for module in model.modules():
        if isinstance(module, nn.RMSNorm):
            module.register_forward_pre_hook(lambda _, given: (given[0].float(),))
    for attention in to_words(model):
        attention.set_processor(text.Padded())
    return model


def to_words(model: nn.Module) -> list[nn.Module]:
    """Its attentions to the words, block by block."""
    return [block.attn2 for block in model.blocks]
