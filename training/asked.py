"""What blocks inside an expert are asked, beside the noise that the whole is asked for.

Wan2.2 knows places by rotations alone, that is relative to one another, and noise looks alike
everywhere: where the picture ends can only be felt by what is missing beyond it. A model finds that
out late (rows after 1,000 steps, columns not after 5,000) and paints no subject before. Asked where
each token is, and what the words say, an early block learns it within 200 steps.

A later block is asked what is to be seen there: how far along the subject and the world each token
lies, which words and time decide together. Of the noise's error that is the smallest part, and most
of what a person looks for.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from studio.models import POCKET
from training import vae, world
from training.text import TOLD
from training.world import Scene

# The blocks after which a token is to know its place and the words, and what is to be seen there.
KNOWN_BY, SEEN_BY = 1, 3
# Beside the picture's 1, at first; less and less until the end.
PLACES_COUNT, WORDS_COUNT, MAPS_COUNT = 0.5, 2.0, 2.0
POINTS = 4  # of the map in each token: one for each of its latents
MAPPED = 4  # numbers at each point


def mapped(scene: Scene, width: int, height: int, frames: int) -> torch.Tensor:
    """What a clip's tokens are to know of its map, fp16 [T, h/2, w/2, POINTS · MAPPED], for a clip
    of width × height pixels."""
    across, down = width // vae.SPACE, height // vae.SPACE
    drawn = world.chart(scene, across, down, frames)
    # The first latent is of one frame of the clip, every other of four.
    rest = drawn[1:].reshape(-1, vae.TIME, *drawn.shape[1:]).mean(1)
    latents = np.concatenate((drawn[:1], rest))
    tokens = latents.reshape(len(latents), down // 2, 2, across // 2, 2, MAPPED)
    return torch.from_numpy(tokens.transpose(0, 1, 3, 2, 4, 5)).flatten(3).half()


class Asked(nn.Module):
    """Guesses `count` numbers from what a block gives each token."""

    def __init__(self, block: nn.Module, count: int) -> None:
        super().__init__()
        self.scaled = nn.LayerNorm(POCKET.width, elementwise_affine=False)
        self.guess = nn.Linear(POCKET.width, count)
        self._seen: torch.Tensor | None = None
        block.register_forward_hook(self._see)

    def _see(self, _block: nn.Module, _given: object, out: torch.Tensor) -> None:
        self._seen = out

    def guessed(self) -> torch.Tensor:
        """fp32 [B · tokens, count], of the block's last run."""
        if self._seen is None:
            raise ValueError("The block has not run.")
        return self.guess(self.scaled(self._seen.float())).flatten(0, 1)


class Places(Asked):
    """Guesses frame, row and column. ends: how many of each there are at most."""

    def __init__(self, block: nn.Module, ends: tuple[int, int, int]) -> None:
        super().__init__(block, sum(ends))
        self.ends = ends

    def missed(self, shape: torch.Size) -> torch.Tensor:
        """Mean cross entropy of the three guesses for latents of that shape [B, C, T, h, w]."""
        batch, _, frames, height, width = shape
        counts = (frames, height // 2, width // 2)
        device = self.guess.weight.device
        true = torch.meshgrid(*(torch.arange(n, device=device) for n in counts), indexing="ij")
        guesses = self.guessed().split(self.ends, 1)
        return torch.stack(
            [
                functional.cross_entropy(guess, where.flatten().repeat(batch))
                for guess, where in zip(guesses, true, strict=True)
            ]
        ).mean()


class Words(Asked):
    """Guesses what captions tell."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__(block, sum(map(len, TOLD.values())))

    def missed(self, told: torch.Tensor) -> torch.Tensor:
        """Mean cross entropy of the guesses for what is told, [B, fields]."""
        guesses = self.guessed()
        tokens = len(guesses) // len(told)
        fields = zip(guesses.split([*map(len, TOLD.values())], 1), told.unbind(1), strict=True)
        return torch.stack(
            [
                functional.cross_entropy(guess, field.repeat_interleave(tokens))
                for guess, field in fields
            ]
        ).mean()


class Maps(Asked):
    """Guesses the map."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__(block, POINTS * MAPPED)

    def missed(self, maps: torch.Tensor) -> torch.Tensor:
        """Mean squared error for maps [B, T, h/2, w/2, POINTS · MAPPED]."""
        return functional.mse_loss(self.guessed(), maps.flatten(0, 3).float())
