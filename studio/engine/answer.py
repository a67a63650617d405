"""What an expert says to one fixed question: by that it is known again.

One step of a render too small to look at, of drawn noise and drawn words. A hash tells whether the
bytes are the same; this, whether with this card and these libraries they still mean the same.
Knows nothing of shots.
"""

import logging
from pathlib import Path

import torch

from studio import preparation
from studio.engine.load import Parts

LOG = logging.getLogger(__name__)
SEED, TIMESTEP = 11, 500
# Latents down and across: four tokens, so that they attend to each other. And tokens of the words.
SIDE, WORDS = 4, 8
# How many numbers of the answer are noted.
NUMBERS = 64
# Of their norm: a card rounds otherwise than a processor, by a percent in bf16. Assumed.
TOLERANCE = 0.05


def same(parts: Parts, name: str, kept: Path) -> bool:
    """Whether an expert that is kept in this folder answers as it did first; the first answer is
    noted there. Raises OSError."""
    now, first = _answer(parts, name), preparation.answer(kept)
    if first is None:
        preparation.note_answer(kept, now.tolist())
        return True
    known = torch.tensor(first)
    return bool((now - known).norm() <= TOLERANCE * known.norm())  # never so where it is not finite


def note(parts: Parts) -> None:
    """Note what the experts that were made just now answer. It may fail; the render must not."""
    for name in tuple(parts.made):
        try:
            kept = parts.kept(name)
            if kept is not None:
                same(parts, name, kept)
        except (OSError, MemoryError, RuntimeError) as error:  # torch's own kinds are RuntimeErrors
            LOG.warning("What %s answers could not be noted: %s", name, error)
    parts.made.clear()


def _answer(parts: Parts, name: str) -> torch.Tensor:
    """[NUMBERS], fp32."""
    drawn = torch.Generator().manual_seed(SEED)
    with parts.running(name) as expert, torch.no_grad():
        film = torch.randn(1, expert.config.in_channels, 1, SIDE, SIDE, generator=drawn)
        words = torch.randn(1, WORDS, expert.config.text_dim, generator=drawn)
        said = expert(
            hidden_states=film.to(parts.device, expert.dtype),
            timestep=torch.tensor([TIMESTEP], device=parts.device),
            encoder_hidden_states=words.to(parts.device, expert.dtype),
            return_dict=False,
        )[0]
    flat = said.float().flatten().cpu()
    return flat[:: len(flat) // NUMBERS][:NUMBERS].clone()
