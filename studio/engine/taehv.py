"""TAEHV: a tiny decoder of Wan's latents, where a person has put its file. For glimpses only.

The decoder half of taew2_1 and taew2_2 (github.com/madebyollin/taehv, MIT), which see latents as
the experts do, normalised. One picture for each latent frame, of half the clip's size: only a
finished film would need the growth in time and the last doubling.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from studio.errors import ModelMissing

# Channels of the three stages, each of three remembering blocks before a doubling, and after them.
STAGES = (256, 128, 64)
LAST = 64
BLOCKS = 3
DOUBLED_STAGES = 2
PREFIX = "decoder."


class Remembering(nn.Module):
    """A residual block that sees what it was given for the latent frame before, too."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            _conv(2 * channels, channels),
            nn.ReLU(),
            _conv(channels, channels),
            nn.ReLU(),
            _conv(channels, channels),
        )

    def forward(self, now: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """Both [1, channels, h, w]."""
        return torch.relu(self.conv(torch.cat([now, before], 1)) + now)


class Squash(nn.Module):
    """Latents far outside the usual range come softly back to within 3."""

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.tanh(latents / 3) * 3


class Grow(nn.Module):
    """More frames out of one; here only the last of them, which is the same as not growing."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        grown: torch.Tensor = self.conv(frame)
        return grown


class TinyDecoder:
    """Normalised latents → small pictures."""

    def __init__(self, file: Path, channels: int, patch: int, device: torch.device) -> None:
        """file: safetensors of the decoder for latents of so many channels. patch: of its VAE, 1 or
        2. Raises ModelMissing if it is not one."""
        try:
            weights = load_file(file)
            own = {name: weights[PREFIX + name] for name in _empty(channels, patch).state_dict()}
            for name, tensor in own.items():
                if tensor.shape[2:] == (1, 1):
                    # Of the frames it grows into, the last.
                    own[name] = tensor[-tensor.shape[1] :]
            self._layers = _empty(channels, patch)
            self._layers.load_state_dict(own, assign=True)
        except (OSError, SafetensorError, KeyError, RuntimeError) as error:
            raise ModelMissing(
                f"{file} is not a TAEHV decoder for latents of {channels} channels: {error}.",
                "Put the right file there, or remove it.",
            ) from error
        self._dtype = torch.float32 if device.type == "cpu" else torch.float16
        self._layers.eval().to(device, self._dtype)
        self._patch, self._device = patch, device

    def __call__(self, latents: torch.Tensor) -> np.ndarray:
        """Normalised latents [1, C, T, h, w] → uint8 [T, H, W, 3] with H = 4 · patch · h."""
        before: dict[int, torch.Tensor] = {}
        with torch.no_grad():
            seen = [self._frame(latents[:, :, frame], before) for frame in range(latents.shape[2])]
        pictures = torch.cat(seen).clamp(0, 1).permute(0, 2, 3, 1)
        return (pictures * 255).round().byte().cpu().numpy()

    def _frame(self, latent: torch.Tensor, before: dict[int, torch.Tensor]) -> torch.Tensor:
        """[1, C, h, w] → [1, 3, H, W] in 0 … 1. before: what each block was given last."""
        now = latent.to(self._device, self._dtype)
        for place, layer in enumerate(self._layers):
            if isinstance(layer, Remembering):
                past = before.get(place, torch.zeros_like(now))
                before[place] = now
                now = layer(now, past)
            else:
                now = layer(now)
        return nn.functional.pixel_shuffle(now, self._patch)


def _empty(channels: int, patch: int) -> nn.Sequential:
    """The decoder's layers, numbered as in the published files; on no device."""
    with torch.device("meta"):
        layers: list[nn.Module] = [Squash(), _conv(channels, STAGES[0]), nn.ReLU()]
        for stage, width in enumerate(STAGES):
            layers += [Remembering(width) for _ in range(BLOCKS)]
            layers.append(nn.Upsample(scale_factor=2 if stage < DOUBLED_STAGES else 1))
            layers.append(Grow(width))
            layers.append(_conv(width, (*STAGES, LAST)[stage + 1], bias=False))
        return nn.Sequential(*layers, nn.ReLU(), _conv(LAST, 3 * patch**2))


def _conv(inside: int, outside: int, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, 3, padding=1, bias=bias)
