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
NONSENSE = 0.15  # of the captions have words in them that are of no language
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
    pipeline makes of them: zero behind the end of the text, which is shorter than LONGEST."""

    def __init__(self, encoder: UMT5EncoderModel) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = tokens[:, :LONGEST]
        mask = tokens > 0
        read = self.encoder(tokens, mask.long()).last_hidden_state
        return read * mask[..., None]


def often(tokens: torch.Tensor) -> torch.Tensor:
    """How often each of the LONGEST tokens of the texts [B, TEXT_TOKENS] stands there, [B,
    LONGEST]: a word once, and each of the padding for its part of all the padding there is."""
    word = tokens[:, :LONGEST] > 0
    words = word.sum(1, keepdim=True)
    return torch.where(word, 1.0, (TEXT_TOKENS - words) / (LONGEST - words))


def train(run: Run, effort: Effort, minutes: float) -> None:
    """The encoder that tells scenes by each token of their captions. From one attention to the next
    every token learns what the others say, so that the experts find it wherever they look, and in
    the same numbers in both languages."""
    if run.has("words-done"):
        return
    torch.manual_seed(data.SEED)
    reader = Reader(make())
    if run.has("words-begin"):
        put(run.load("words-begin")[0], "text", reader)
    reader = reader.to(run.device)
    tell = nn.Linear(WIDTH, sum(map(len, TOLD.values()))).to(run.device)
    cut = tokenizer()
    stage = Stage(run, "words", {"text": reader, "tell": tell}, RATE, (minutes, effort.steps))

    def loss(now: Stage) -> dict[str, torch.Tensor]:
        rng = now.random()
        scenes = [world.sample(rng) for _ in range(BATCH)]
        said = tokens(
            cut,
            [_disturbed(captions.caption(scene, rng, chinese=CHINESE), rng) for scene in scenes],
        )
        true = told(scenes)
        untold = []
        # Short ones beside short ones: half of a batch in one piece would be padding.
        for part in (said > 0).sum(1).argsort().split(BATCH // 4):
            some = said[part]
            some = some[:, : int((some > 0).sum(1).max())].long().to(run.device)
            with run.autocast():
                read = reader.encoder(some, (some > 0).long()).last_hidden_state
                guesses = tell(read).float()
            untold.append(_untold(guesses, some > 0, true[part].to(run.device)))
        return {"loss": torch.stack(untold).mean()}

    stage.train(loss)


def _disturbed(caption: str, rng: np.random.Generator) -> str:
    """Now and then with words that nobody knows before or behind it."""
    if rng.random() > NONSENSE:
        return caption
    if "\u4e00" <= caption[1] <= "\u9fff":
        words = "".join(chr(letter) for letter in rng.integers(0x4E00, 0x9FA6, rng.integers(1, 5)))
    else:
        words = " ".join(
            "".join(chr(letter) for letter in rng.integers(97, 123, rng.integers(2, 7)))
            for _ in range(rng.integers(1, 4))
        )
    return f"{caption} {words}." if rng.random() < 0.5 else f"{words}. {caption}"


def _untold(guesses: torch.Tensor, words: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of what the captions tell, of all tokens [B, L] that are words; no guess
    can know what captions leave out."""
    losses = []
    for part, field in zip(
        guesses.split([*map(len, TOLD.values())], 2), true.unbind(1), strict=True
    ):
        each = functional.cross_entropy(
            part.transpose(1, 2), field[:, None].expand(words.shape), reduction="none"
        )
        losses.append((each * words).sum(1) / words.sum(1))
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


def take(run: Run, model: Path, *, learns_on: bool) -> None:
    """Begin with the text encoder of a finished model's folder, or keep it as it is. Raises
    ValueError if words are cut into other tokens there."""
    theirs = PreTrainedTokenizerFast.from_pretrained(model / "tokenizer").get_vocab()
    if theirs != tokenizer().get_vocab():
        raise ValueError(f"The tokens of {model} are others: captions were written otherwise then.")
    reader = Reader(UMT5EncoderModel.from_pretrained(model / "text_encoder", dtype="float32"))
    tensors = {f"text.{name}": each for name, each in reader.named_parameters()}
    run.save("words-begin" if learns_on else "words-done", tensors, {})
