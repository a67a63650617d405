"""Words → what the experts read. Knows the text encoder only.

The encoder is the largest part that is needed for the shortest time: it is loaded when new words
come and freed before the experts work. What it made of them is kept on disk, so that the same words
do not bring it back.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import WanPipeline
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from transformers import PreTrainedTokenizerBase

from studio import latents
from studio.engine import load, seams
from studio.engine.load import Parts
from studio.engine.watch import Watch
from studio.errors import InvalidRequest
from studio.files import write_whole
from studio.shot import Shot

LOG = logging.getLogger(__name__)
# What all texts together may keep; the two of a Wan2.2 shot take 8 MB.
MOST_BYTES = 512 * 1024**2


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """Embeddings [1, tokens, width] of the prompt and of the negative prompt, on the CPU."""

    prompt: torch.Tensor
    negative: torch.Tensor


def encode(parts: Parts, shot: Shot, watch: Watch, texts: Path) -> Text:
    """Both texts of a shot, encoded as the stock pipeline does, or as they were the last time.

    texts: folder of those. Raises InvalidRequest if one is longer than the encoder reads.
    """
    file = texts / f"{_key(parts, shot)}.safetensors"
    known = _remembered(file)
    if known is not None:
        return known
    tokenizer = parts.tokenizer()
    for what, words in (("prompt", shot.prompt), ("negative prompt", shot.negative_prompt)):
        _check_length(tokenizer, what, words, parts.spec.text_tokens)
    watch.begin("load")
    try:
        parts.get(load.TEXT_ENCODER)
        watch.step(1, 1)
        watch.begin("text")
        text = _read(parts, tokenizer, shot)
    finally:
        parts.release(load.TEXT_ENCODER)
    watch.step(1, 1)
    _remember(file, text)
    return text


def _key(parts: Parts, shot: Shot) -> str:
    said = [shot.prompt, shot.negative_prompt, *parts.identity(load.TEXT_ENCODER)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _remembered(file: Path) -> Text | None:
    try:
        # Copies: tensors in the file are not aligned, and kernels then differ in the last bits.
        found = {name: tensor.clone() for name, tensor in load_file(file).items()}
        file.touch()
        return Text(prompt=found["prompt"], negative=found["negative"])
    except (OSError, SafetensorError, KeyError):
        return None


def _remember(file: Path, text: Text) -> None:
    try:
        own = {"prompt": text.prompt.contiguous(), "negative": text.negative.clone().contiguous()}
        write_whole(file, save(own))
        latents.tidy(file.parent, {path.stem for path in file.parent.iterdir()}, MOST_BYTES)
    except OSError as error:
        LOG.warning("A text could not be remembered: %s", error)


def _read(parts: Parts, tokenizer: PreTrainedTokenizerBase, shot: Shot) -> Text:
    with parts.running(load.TEXT_ENCODER) as encoder, torch.no_grad():
        # A pipeline of these two parts alone: its encode_prompt needs no others.
        pipeline = WanPipeline(tokenizer=tokenizer, text_encoder=encoder, vae=None, scheduler=None)
        prompt, negative = pipeline.encode_prompt(
            prompt=shot.prompt,
            negative_prompt=shot.negative_prompt,
            max_sequence_length=parts.spec.text_tokens,
            device=parts.device,
        )
        return Text(prompt=prompt.cpu(), negative=negative.cpu())


def _check_length(tokenizer: PreTrainedTokenizerBase, what: str, words: str, limit: int) -> None:
    tokens = len(tokenizer(seams.prompt_clean(words), verbose=False).input_ids)
    if tokens > limit:
        raise InvalidRequest(
            f"The {what} is {tokens - limit} tokens too long: the model reads {limit}.",
            "Shorten it; a token is about three quarters of an English word.",
        )
