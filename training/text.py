"""The miniature's text: words → tokens → what the experts read.

The tokenizer is byte-level BPE over the studio's own captions, so that known words are short and
any other text in any script still has tokens. The encoder is a tiny UMT5. It learns to tell a scene
from its caption, so that the experts find the words apart from each other; they read it as it is
then.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

from studio.engine.miniature import SPECIAL_TOKENS, byte_level
from studio.models import OFFICIAL_NEGATIVE
from studio.vocabulary import CATEGORIES
from training import captions, data, tables, world
from training.efforts import Effort
from training.run import Run, Stage, put
from training.world import Scene

# Tokens the experts always read, padding included: attention has no mask, so it must be the same
# number in training and in use.
TEXT_TOKENS = 256
VOCABULARY = 2048
WIDTH = 160
CAPTIONS = 6000
# Tokens that are computed in training: captions are shorter, and the padding behind is one token
# counted often (see `often`).
LONGEST = 80
RATE, BATCH = 1.5e-3, 128
CHINESE = 0.5  # of the captions in training: each language is learned by itself
# What a caption tells of a scene: the field and what it may be.
TOLD: dict[str, tuple[str | None, ...]] = {
    "subject": tables.SUBJECTS,
    "color": tuple(tables.COLORS),
    "motion": tuple(tables.MOTIONS),
    "place": tuple(tables.PLACES),
    "light": tuple(tables.LIGHTS),
    "lighting": (None, *tables.LIGHTINGS),
    "shot": tuple(tables.SHOTS),
    "side": tuple(tables.SIDES),
    "angle": tuple(tables.HORIZONS),
    "tone": (None, *tables.TONES),
    "camera": tuple(tables.CAMERA_MOVES),
    "style": (None, *tables.STYLES),
    "flaw": (None, *tables.FLAWS),
}


@lru_cache
def tokenizer() -> PreTrainedTokenizerFast:
    """The same one at every call."""
    return byte_level(_texts(), VOCABULARY, TEXT_TOKENS)


def _texts() -> list[str]:
    rng = np.random.default_rng(data.SEED)
    known = [captions.caption(world.sample(rng), rng) for _ in range(CAPTIONS)]
    terms = [term.emit for category in CATEGORIES for term in category.terms]
    for words in (*OFFICIAL_NEGATIVE, *terms):
        known += [words.en, words.zh]
    return known


def make() -> UMT5EncoderModel:
    """The encoder, untrained."""
    return UMT5EncoderModel(
        UMT5Config(
            vocab_size=VOCABULARY,
            d_model=WIDTH,
            d_kv=32,
            d_ff=2 * WIDTH,
            num_layers=3,
            num_heads=5,
            dropout_rate=0.0,
            pad_token_id=0,
            eos_token_id=1,
        )
    )


def tokens(words: PreTrainedTokenizerFast, texts: list[str]) -> torch.Tensor:
    """int16 [N, TEXT_TOKENS], padded with 0."""
    read = words(
        texts,
        padding="max_length",
        truncation=True,
        max_length=TEXT_TOKENS,
        return_tensors="pt",
        return_attention_mask=False,
    )
    return read.input_ids.to(torch.int16)


def no_words() -> torch.Tensor:
    """The tokens [TEXT_TOKENS] of the empty text: only its end."""
    ids = torch.zeros(TEXT_TOKENS, dtype=torch.int64)
    ids[0] = SPECIAL_TOKENS.index("</s>")
    return ids


class Reader(nn.Module):
    """Tokens [B, TEXT_TOKENS] → embeddings [B, LONGEST, WIDTH], the beginning of what the stock
    pipeline makes of them: zero behind the end of the text."""

    def __init__(self, encoder: UMT5EncoderModel) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = tokens[:, :LONGEST]
        mask = tokens > 0
        if bool(mask[:, -1].any()):
            raise ValueError(f"A caption has more than {LONGEST - 1} tokens.")
        read = self.encoder(tokens, mask.long()).last_hidden_state
        return read * mask[..., None]


def often(tokens: torch.Tensor) -> torch.Tensor:
    """How often each of the LONGEST tokens of the texts [B, TEXT_TOKENS] stands there, [B,
    LONGEST]: a word once, and each of the padding for its part of all the padding there is."""
    word = tokens[:, :LONGEST] > 0
    words = word.sum(1, keepdim=True)
    return torch.where(word, 1.0, (TEXT_TOKENS - words) / (LONGEST - words))


def train(run: Run, effort: Effort, minutes: float) -> None:
    """The encoder that tells scenes by their captions."""
    if run.has("words-done"):
        return
    torch.manual_seed(data.SEED)
    reader = Reader(make()).to(run.device)
    tell = nn.Linear(WIDTH, sum(map(len, TOLD.values()))).to(run.device)
    cut = tokenizer()
    stage = Stage(run, "words", {"text": reader, "tell": tell}, RATE, (minutes, effort.steps))

    def loss(now: Stage) -> dict[str, torch.Tensor]:
        rng = now.random()
        scenes = [world.sample(rng) for _ in range(BATCH)]
        said = tokens(cut, [captions.caption(scene, rng, chinese=CHINESE) for scene in scenes])
        with run.autocast():
            read = reader(said.long().to(run.device)).float()
        words = (said[:, :LONGEST] > 0).sum(1, keepdim=True).to(run.device)
        return {"loss": _untold(tell(read.sum(1) / words), scenes)}

    stage.train(loss)


def _untold(guesses: torch.Tensor, scenes: list[Scene]) -> torch.Tensor:
    """Mean cross entropy of what the captions tell; no guess can know what they leave out."""
    losses = []
    true = told(scenes).to(guesses.device).unbind(1)
    for part, field in zip(guesses.split([*map(len, TOLD.values())], 1), true, strict=True):
        losses.append(functional.cross_entropy(part, field))
    return torch.stack(losses).mean()


def told(scenes: list[Scene]) -> torch.Tensor:
    """What captions tell of scenes, int64 [N, fields]: numbers of the values in `TOLD`."""
    return torch.tensor(
        [[TOLD[field].index(getattr(scene, field)) for field in TOLD] for scene in scenes]
    )


def trained(run: Run) -> Reader:
    """The encoder as `train` or `take` left it; it learns no more."""
    reader = Reader(make())
    put(run.load("words-done")[0], "text", reader)
    return reader.to(run.device).eval().requires_grad_(False)


def take(run: Run, model: Path) -> None:
    """Go on with the text encoder of a finished model's folder. Raises ValueError if words are cut
    into other tokens there."""
    theirs = PreTrainedTokenizerFast.from_pretrained(model / "tokenizer").get_vocab()
    if theirs != tokenizer().get_vocab():
        raise ValueError(f"The tokens of {model} are others: captions were written otherwise then.")
    reader = Reader(UMT5EncoderModel.from_pretrained(model / "text_encoder", dtype="float32"))
    run.save("words-done", {f"text.{name}": each for name, each in reader.named_parameters()}, {})
