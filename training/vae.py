"""The miniature's VAE: clips of pixels ↔ latents.

Of the Wan2.2 VAE's family: residual, two pixels a patch, four frames and 8×8 pixels a latent. First
it is taught the codes of a principal component analysis, which gives both halves a start; then both
learn together beyond them; then the decoder learns on alone, and the latents stay what they are.
Always on whole clips: the causal convolutions settle only at the third latent frame.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from torch.nn import functional

from studio.models import POCKET
from training import data
from training.data import Drawn
from training.efforts import Effort, Size
from training.run import Run, Stage, put

Losses = dict[str, torch.Tensor]

LATENT_CHANNELS = 32
TIME, SPACE = POCKET.stride[0], POCKET.stride[1]
TAUGHT = 0.3  # the part of the stage that is taught by codes
LARGEST_CODE = 5.0
RATE, DECODER_RATE = 2e-3, 1e-3
SUBJECT_MORE = 2.0  # a small subject's shape costs little error, and is what a person looks at
SALT = 1


def make() -> AutoencoderKLWan:
    """The network, untrained."""
    return AutoencoderKLWan(
        base_dim=24,
        decoder_base_dim=32,
        z_dim=LATENT_CHANNELS,
        dim_mult=[1, 2, 2],
        num_res_blocks=1,
        temperal_downsample=[True, True],
        is_residual=True,
        patch_size=2,
        in_channels=12,
        out_channels=12,
        scale_factor_spatial=SPACE,
        scale_factor_temporal=TIME,
        latents_mean=[0.0] * LATENT_CHANNELS,
        latents_std=[1.0] * LATENT_CHANNELS,
    )


def train(run: Run, effort: Effort, minutes: float) -> AutoencoderKLWan:
    """The trained VAE, with its latents' mean and deviation in its configuration."""
    torch.manual_seed(data.SEED)
    vae = make().to(run.device)
    if not run.has("vae-final"):
        drawn = data.draw(effort, effort.vae_clips, SALT)
        run.say(f"vae: {sum(len(one.scenes) for one in drawn.values())} clips drawn")
        if run.has("vae-done"):
            put(run.load("vae-done")[0], "vae", vae)
        else:
            if run.has("vae-begin"):
                put(run.load("vae-begin")[0], "vae", vae)
            _learn(run, effort, minutes, vae, drawn)
        _close(vae)
        _keep_statistics(run, vae, drawn)
    return load(run)


def _learn(
    run: Run, effort: Effort, minutes: float, vae: AutoencoderKLWan, drawn: dict[Size, Drawn]
) -> None:
    codes = Codes([one.clips[: 240 // len(drawn) + 1] for one in drawn.values()], run.device)
    taught = 0.0 if run.has("vae-begin") else TAUGHT
    stage = Stage(run, "vae", {"vae": vae}, RATE, (minutes, effort.steps))

    def loss(now: Stage) -> Losses:
        return _losses(now, vae, codes, _batch(now, drawn, effort), taught=now.progress < taught)

    stage.train(loss)


def train_decoder(run: Run, effort: Effort, minutes: float) -> None:
    """The decoder learns on from the latents of the encoder as it is."""
    if run.has("decoder-done"):
        return
    torch.manual_seed(data.SEED)
    vae = load(run)
    modules = {"decoder": vae.decoder, "post_quant_conv": vae.post_quant_conv}
    for module in modules.values():
        module.requires_grad_(True)
    drawn = data.draw(effort, effort.vae_clips, SALT)
    stage = Stage(run, "decoder", modules, DECODER_RATE, (minutes, effort.steps))

    def loss(now: Stage) -> Losses:
        batch = _batch(now, drawn, effort)
        with torch.no_grad(), run.autocast():
            latents = vae.encode(batch.pixels).latent_dist.mode().float()
        return _pixel_losses(_decoded(now, vae, latents), batch)

    stage.train(loss)
    tensors, facts = run.load("vae-final")
    run.save("vae-final", {**tensors, **vae.state_dict()}, facts)


def load(run: Run) -> AutoencoderKLWan:
    """The finished VAE of a run."""
    vae = make().to(run.device)
    tensors, _ = run.load("vae-final")
    mean, deviation = (tensors.pop(name) for name in ("latents_mean", "latents_std"))
    vae.load_state_dict(tensors)
    vae.register_to_config(latents_mean=mean.tolist(), latents_std=deviation.tolist())
    return vae.eval().requires_grad_(False)


def take(run: Run, model: Path, *, learns_on: bool) -> None:
    """Begin with the VAE of a finished model's folder, or keep its latents as they are."""
    finished = AutoencoderKLWan.from_pretrained(model / "vae", torch_dtype=torch.float32)
    if learns_on:
        run.save("vae-begin", {f"vae.{name}": p for name, p in finished.named_parameters()}, {})
        return
    tensors = {
        **finished.state_dict(),
        "latents_mean": torch.tensor(finished.config.latents_mean),
        "latents_std": torch.tensor(finished.config.latents_std),
    }
    run.save("vae-final", tensors, {})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Batch:
    """pixels: clips [B, 3, F, H, W] in −1 … 1. weights: how much each counts, [B, 1, F, H, W]."""

    pixels: torch.Tensor
    weights: torch.Tensor


def _batch(stage: Stage, drawn: dict[Size, Drawn], effort: Effort) -> _Batch:
    """Random clips of one random size."""
    rng = stage.random()
    sizes = list(effort.sizes)
    weights = np.array(list(effort.sizes.values()))
    size = sizes[rng.choice(len(sizes), p=weights / weights.sum())]
    chosen = rng.integers(
        len(drawn[size].clips), size=data.batch_of(size, effort.vae_batch, sizes[0])
    )
    numbers, device = torch.from_numpy(chosen), stage.run.device
    subjects = drawn[size].subjects[numbers].to(device)[:, None].float()
    return _Batch(
        pixels=data.to_pixels(drawn[size].clips[numbers], device),
        weights=1 + SUBJECT_MORE * subjects.repeat_interleave(SPACE, 3).repeat_interleave(SPACE, 4),
    )


def _losses(
    stage: Stage, vae: AutoencoderKLWan, codes: "Codes", batch: _Batch, *, taught: bool
) -> Losses:
    """Pixels and their edges, and the codes: all of the truth while taught, a tether after."""
    truth = codes.encode(batch.pixels)
    with stage.run.autocast():
        latents = vae.encode(batch.pixels).latent_dist.mean.float()
    return {
        **_pixel_losses(_decoded(stage, vae, truth if taught else latents), batch),
        "codes": (0.3 if taught else 0.01) * functional.mse_loss(latents, truth),
    }


def _decoded(stage: Stage, vae: AutoencoderKLWan, latents: torch.Tensor) -> torch.Tensor:
    # A little noise makes the decoder forgive the small errors of the experts.
    with stage.run.autocast():
        return vae.decode(latents + 0.04 * stage.noise(latents.shape)).sample.float()


def _pixel_losses(decoded: torch.Tensor, batch: _Batch) -> Losses:
    error, weights = decoded - batch.pixels, batch.weights
    edges = (error.diff(dim=-1).abs() * weights[..., 1:]).mean()
    edges = edges + (error.diff(dim=-2).abs() * weights[..., 1:, :]).mean()
    seen = (decoded.detach().clamp(-1, 1) - batch.pixels).square().mean()
    return {
        "pixels": (error.abs() * weights).mean() + 4 * (error.square() * weights).mean(),
        "edges": 0.7 * edges,
        "_psnr": -10 * torch.log10(seen / 4),
    }


def _close(vae: AutoencoderKLWan) -> None:
    """Make the encoder certain: the deviation it could learn is not used by anything."""
    with torch.no_grad():
        vae.quant_conv.weight[LATENT_CHANNELS:] = 0
        vae.quant_conv.bias[LATENT_CHANNELS:] = -20


@torch.no_grad()
def encode(vae: AutoencoderKLWan, clips: torch.Tensor, batch: int, run: Run) -> torch.Tensor:
    """Normalised latents fp16 [N, C, T, h, w] of clips uint8 [N, F, H, W, 3]."""
    shape = (1, -1, 1, 1, 1)
    mean = torch.tensor(vae.config.latents_mean, device=run.device).view(shape)
    deviation = torch.tensor(vae.config.latents_std, device=run.device).view(shape)
    made = []
    for part in data.parts(len(clips), batch):
        with run.autocast():
            latents = vae.encode(data.to_pixels(clips[part], run.device)).latent_dist.mode()
        made.append(((latents.float() - mean) / deviation).half().cpu())
    return torch.cat(made)


def _keep_statistics(run: Run, vae: AutoencoderKLWan, drawn: dict[Size, Drawn]) -> None:
    vae.eval()
    latents = [
        encode(vae, one.clips[: 600 // len(drawn) + 1], 8, run).float().transpose(0, 1).flatten(1)
        for one in drawn.values()
    ]
    together = torch.cat(latents, 1)
    tensors = {
        **vae.state_dict(),
        "latents_mean": together.mean(1),
        "latents_std": together.std(1).clamp(min=1e-3),
    }
    run.save("vae-final", tensors, {})


class Codes:
    """Linear codes of blocks of pixels, one analysis for the first frame and one for the rest.

    A block is 8×8 pixels of the first frame, or 8×8 pixels of four frames, as one latent is. Each
    code is scaled to unit deviation, but small ones are not blown up.
    """

    def __init__(self, clips: list[torch.Tensor], device: str) -> None:
        first, rest = [], []
        for some in clips:
            pixels = data.to_pixels(some, device)
            first.append(_blocks(pixels[:, :, :1], 1).flatten(2).transpose(1, 2).flatten(0, 1))
            rest.append(_blocks(pixels[:, :, 1:], TIME).flatten(2).transpose(1, 2).flatten(0, 1))
        self._first, self._rest = _analysis(torch.cat(first)), _analysis(torch.cat(rest))

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels [B, 3, F, H, W] → codes [B, C, T, h, w]."""
        return torch.cat(
            (
                _coded(_blocks(pixels[:, :, :1], 1), self._first),
                _coded(_blocks(pixels[:, :, 1:], TIME), self._rest),
            ),
            2,
        )


Analysis = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def _blocks(pixels: torch.Tensor, time: int) -> torch.Tensor:
    """[B, 3, F, H, W] → [B, 3·time·8·8, F/time, H/8, W/8]."""
    batch, channels, frames, height, width = pixels.shape
    split = pixels.reshape(
        batch, channels, frames // time, time, height // SPACE, SPACE, width // SPACE, SPACE
    )
    return split.permute(0, 1, 3, 5, 7, 2, 4, 6).flatten(1, 4)


def _analysis(samples: torch.Tensor) -> Analysis:
    """Mean [D], basis [D, C] and deviation [C] of the largest components."""
    mean = samples.mean(0)
    centred = (samples - mean).double()
    # The processor: small matrices, and no device differs in the sign or order of components.
    values, vectors = torch.linalg.eigh((centred.T @ centred / len(centred)).cpu())
    basis = vectors.flip(1)[:, :LATENT_CHANNELS].to(samples)
    deviation = values.flip(0)[:LATENT_CHANNELS].clamp(min=0).sqrt().to(samples)
    return mean, basis, deviation.clamp(min=float(0.02 * deviation.max()))


def _coded(blocks: torch.Tensor, analysis: Analysis) -> torch.Tensor:
    mean, basis, deviation = analysis
    centred = blocks - mean.view(1, -1, 1, 1, 1)
    codes = torch.einsum("bdthw,dc->bcthw", centred, basis)
    return (codes / deviation.view(1, -1, 1, 1, 1)).clamp(-LARGEST_CODE, LARGEST_CODE)
