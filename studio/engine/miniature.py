"""Tiny Wan2.2 models with random weights, in the folder layout of the published ones: for tests.

Three families, each with the true configuration keys of its big sister and far fewer numbers. The
weights come from a seed, so every computer builds the same ones. Knows nothing of shots or plans.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLWan,
    UniPCMultistepScheduler,
    WanPipeline,
    WanTransformer3DModel,
)
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

from studio.models import OFFICIAL_NEGATIVE, T2V_A14B
from studio.vocabulary import CATEGORIES

SEED = 22
VOCABULARY = 2048
SPECIAL_TOKENS = ["<pad>", "</s>", "<unk>"]
# Of a transformer; its width is the product of the first two.
HEADS, HEAD_WIDTH, LAYERS = 2, 32, 2
TEXT_WIDTH = 64
VAE_CHANNELS = 4  # of its first level


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """What makes one family of Wan2.2 models differ from another.

    in_channels, out_channels: latent channels a transformer reads and writes. residual: the VAE of
    TI2V-5B (16×16 pixels a latent), else that of Wan2.1 (8×8).
    """

    in_channels: int
    out_channels: int
    experts: int
    boundary: float | None
    expand_timesteps: bool
    residual: bool


FAMILIES = {
    "t2v-a14b": Family(
        in_channels=16,
        out_channels=16,
        experts=2,
        boundary=0.875,
        expand_timesteps=False,
        residual=False,
    ),
    "i2v-a14b": Family(
        in_channels=36,
        out_channels=16,
        experts=2,
        boundary=0.9,
        expand_timesteps=False,
        residual=False,
    ),
    "ti2v-5b": Family(
        in_channels=48,
        out_channels=48,
        experts=1,
        boundary=None,
        expand_timesteps=True,
        residual=True,
    ),
}


def build(name: str, folder: Path) -> None:
    """Write a family's files into folder."""
    pipeline(FAMILIES[name]).save_pretrained(folder)


def pipeline(family: Family) -> WanPipeline:
    """The family's components, weights drawn from SEED, as one stock pipeline."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return WanPipeline(
            tokenizer=tokenizer(),
            text_encoder=_text_encoder(),
            vae=_vae(family),
            scheduler=UniPCMultistepScheduler(
                prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
            ),
            transformer=_transformer(family),
            transformer_2=_transformer(family) if family.experts == 2 else None,
            boundary_ratio=family.boundary,
            expand_timesteps=family.expand_timesteps,
        )


def tokenizer() -> PreTrainedTokenizerFast:
    """The studio's own words are short in it."""
    return byte_level(_known_texts(), VOCABULARY, T2V_A14B.text_tokens)


def byte_level(texts: Iterable[str], vocabulary: int, text_tokens: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE of so many tokens over texts: their words are short, any other text in any
    script still has tokens of its own. text_tokens: the longest text in tokens."""
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    words.decoder = decoders.ByteLevel()
    words.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            min_frequency=1,
            special_tokens=SPECIAL_TOKENS,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    # Like the tokenizer of UMT5: the text, then the end.
    words.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", words.token_to_id("</s>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=text_tokens,
    )


def _known_texts() -> Iterator[str]:
    for words in OFFICIAL_NEGATIVE:
        yield from (words.en, words.zh)
    for category in CATEGORIES:
        for term in category.terms:
            yield from (term.emit.en, term.emit.zh)


def _text_encoder() -> UMT5EncoderModel:
    config = UMT5Config(
        vocab_size=VOCABULARY,
        d_model=TEXT_WIDTH,
        d_kv=16,
        d_ff=2 * TEXT_WIDTH,
        num_layers=2,
        num_heads=TEXT_WIDTH // 16,
        pad_token_id=0,
        eos_token_id=1,
    )
    return UMT5EncoderModel(config).eval()


def _transformer(family: Family) -> WanTransformer3DModel:
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_WIDTH,
        in_channels=family.in_channels,
        out_channels=family.out_channels,
        text_dim=TEXT_WIDTH,
        freq_dim=64,
        ffn_dim=2 * HEADS * HEAD_WIDTH,
        num_layers=LAYERS,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=128,
    ).eval()


def _vae(family: Family) -> AutoencoderKLWan:
    kind: dict[str, Any] = {}
    if family.residual:
        kind = {
            "is_residual": True,
            "patch_size": 2,
            "in_channels": 12,
            "out_channels": 12,
            "scale_factor_spatial": 16,
            "decoder_base_dim": VAE_CHANNELS,
            "latents_mean": [0.0] * family.out_channels,
            "latents_std": [1.0] * family.out_channels,
        }
    return AutoencoderKLWan(
        base_dim=VAE_CHANNELS,
        z_dim=family.out_channels,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        **kind,
    ).eval()


def build_taehv(file: Path, channels: int, patch: int) -> None:
    """Write a TAEHV of random weights in the published layout, encoder and decoder, whole size."""
    torch.manual_seed(SEED)
    file.parent.mkdir(parents=True, exist_ok=True)
    weights = {name: torch.randn(shape) * 0.05 for name, shape in _taehv(channels, patch)}
    save_file(weights, file)


def _taehv(channels: int, patch: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """(name, shape) of every tensor of github.com/madebyollin/taehv, taew2_1 and taew2_2."""

    def conv(name: str, inside: int, outside: int, bias: bool = True) -> Iterator[Any]:
        yield f"{name}.weight", (outside, inside, 3, 3)
        if bias:
            yield f"{name}.bias", (outside,)

    def blocks(name: str, first: int, width: int) -> Iterator[Any]:
        for number in range(first, first + 3):
            yield from conv(f"{name}.{number}.conv.0", 2 * width, width)
            yield from conv(f"{name}.{number}.conv.2", width, width)
            yield from conv(f"{name}.{number}.conv.4", width, width)

    pixels = 3 * patch**2
    yield from conv("encoder.0", pixels, 64)
    for first, frames in ((2, 2), (7, 2), (12, 1)):
        yield f"encoder.{first}.conv.weight", (64, 64 * frames, 1, 1)
        yield from conv(f"encoder.{first + 1}", 64, 64, bias=False)
        yield from blocks("encoder", first + 2, 64)
    yield from conv("encoder.17", 64, channels)
    yield from conv("decoder.1", channels, 256)
    for first, width, after, frames in ((3, 256, 128, 1), (9, 128, 64, 2), (15, 64, 64, 2)):
        yield from blocks("decoder", first, width)
        yield f"decoder.{first + 4}.conv.weight", (width * frames, width, 1, 1)
        yield from conv(f"decoder.{first + 5}", width, after, bias=False)
    yield from conv("decoder.22", 64, pixels)
