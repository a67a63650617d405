"""Every name of diffusers and its family that is not part of their published interface.

Nothing else in the studio touches one. `tests/engine/test_seams.py` holds each of them to what is
relied on here, and fails when a new version changes it.
"""

import contextlib
import logging
from collections.abc import Iterable
from importlib import metadata
from typing import Any

import torch
from bitsandbytes.nn import Linear4bit
from diffusers import (
    AutoencoderKLWan,
    DiffusionPipeline,
    UniPCMultistepScheduler,
    WanTransformer3DModel,
)
from diffusers.loaders.single_file_utils import convert_wan_transformer_to_diffusers
from diffusers.models.attention_dispatch import dispatch_attention_fn
from diffusers.models.autoencoders.autoencoder_kl_wan import (
    WanCausalConv3d,
    patchify,
    unpatchify,
)
from diffusers.pipelines.wan.pipeline_wan import prompt_clean
from diffusers.quantizers.gguf.utils import (
    GGUFParameter,
    dequantize_functions,
    dequantize_gguf_tensor,
)
from diffusers.utils import logging as diffusers_logging
from gguf import GGMLQuantizationType
from transformers import UMT5EncoderModel
from transformers.utils import logging as transformers_logging

from studio.attention import NATIVE

__all__ = ["prompt_clean"]

# Modules whose parameters diffusers keeps in fp32 whatever the dtype of the rest.
FP32_ISLANDS = tuple(WanTransformer3DModel._keep_in_fp32_modules)
# UMT5 casts its activations to the dtype of these weights, so packed 4-bit bytes would break it,
# and 8 bits take them through fp16, which they overflow. transformers' quantizer leaves them too.
UMT5_UNQUANTIZED = tuple(UMT5EncoderModel._keep_in_fp32_modules)
# Its results are rounded to 8 bits on the way; a wrong kernel's have nothing to do with the right.
AGREEMENT = 0.98
# What CUDA and its libraries say where the card is full and torch's allocator was not asked; the
# last is cuDNN's where no way to convolve has room to work in (ComfyUI issues 10903 and 13210).
_FULL_CARD = (
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "unable to find an engine to execute this computation",
)


def quiet() -> None:
    """Stop the libraries from drawing bars and repeating, for every layer, that it is in 8 bits."""
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)


def processor_has_bf16() -> bool:
    """Whether this processor multiplies bf16 natively (AVX512-BF16 or AMX)."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def sage_version() -> str | None:
    """Of SageAttention; None where it is not installed."""
    try:
        return metadata.version("sageattention")
    except metadata.PackageNotFoundError:
        return None


def attention_agrees(name: str, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether a way to compute attention gives there what torch's own gives, on heads as wide as
    Wan's: what was built for another torch or card may give noise, or nothing."""
    maker = torch.Generator().manual_seed(0)
    queries, keys, values = (
        torch.randn(1, 256, 2, 128, generator=maker).to(device, dtype) for _ in range(3)
    )
    wanted = dispatch_attention_fn(queries, keys, values, backend=NATIVE)
    # Kernels that are compiled when they are called fail in every way there is.
    with contextlib.suppress(Exception):
        found = dispatch_attention_fn(queries, keys, values, backend=name)
        alike = torch.cosine_similarity(found.float().flatten(), wanted.float().flatten(), dim=0)
        return float(alike) > AGREEMENT
    return False


def use_attention(expert: WanTransformer3DModel, name: str) -> None:
    """Let an expert compute attention this way. Said to each: diffusers lets one that was told
    nothing have what the last was told."""
    expert.set_attention_backend(name)


def decode_chunk(
    vae: AutoencoderKLWan, latent: torch.Tensor, cache: list[Any], first: bool
) -> torch.Tensor:
    """One latent frame [1, C, 1, h, w] → what `to_pixels` makes pixels of.

    cache: from `empty_cache(vae.decoder)`, carried from frame to frame.
    """
    return vae.decoder(
        vae.post_quant_conv(latent), feat_cache=cache, feat_idx=[0], first_chunk=first
    )


def to_pixels(vae: AutoencoderKLWan, decoded: torch.Tensor) -> torch.Tensor:
    """A decoded latent frame → pixels [1, 3, f, H, W] in −1 … 1; f is 1 for the first, then 4."""
    if vae.config.patch_size is not None:
        decoded = unpatchify(decoded, patch_size=vae.config.patch_size)
    return decoded.clamp(-1.0, 1.0)


def encode_chunk(vae: AutoencoderKLWan, pixels: torch.Tensor, cache: list[Any]) -> torch.Tensor:
    """Pixels [1, 3, f, H, W] in −1 … 1 → the mode of one latent frame [1, C, 1, h, w].

    f is 1 for the first chunk, then 4. cache: from `empty_cache(vae.encoder)`.
    """
    if vae.config.patch_size is not None:
        pixels = patchify(pixels, patch_size=vae.config.patch_size)
    moments = vae.quant_conv(vae.encoder(pixels, feat_cache=cache, feat_idx=[0]))
    return moments.chunk(2, dim=1)[0]


def empty_cache(half: torch.nn.Module) -> list[Any]:
    """A causal-convolution cache for `vae.decoder` or `vae.encoder`, one place per convolution."""
    return [None] * sum(isinstance(module, WanCausalConv3d) for module in half.modules())


def set_step(scheduler: UniPCMultistepScheduler, step: int) -> None:
    """Make a solver stand before this step of its timesteps."""
    scheduler._step_index = step


def end_here(pipeline: DiffusionPipeline) -> None:
    """Make a pipeline do no further step, from within its callback."""
    pipeline._interrupt = True


def original_names(names: Iterable[str]) -> dict[str, str]:
    """What diffusers calls the tensors of a Wan transformer that have their original names."""
    old = {name: torch.tensor(number) for number, name in enumerate(names)}
    order = list(old)
    new = convert_wan_transformer_to_diffusers(old)
    return {order[int(number)]: name for name, number in new.items()}


def dequantized(data: torch.Tensor, kind: GGMLQuantizationType) -> torch.Tensor:
    """The bytes of a GGUF tensor → its numbers. Raises OSError for a kind that is not known."""
    if kind not in dequantize_functions:
        raise OSError(f"GGUF's {kind.name} is not known here")
    return dequantize_gguf_tensor(GGUFParameter(data, quant_type=kind))


def plain_kernel(layer: Linear4bit) -> Linear4bit:
    """Keep a 4-bit layer in bitsandbytes' ordinary layout on every processor.

    On AVX512-BF16 it would repack the weights at the first forward, for a kernel that only another
    package brings: the numbers would then depend on the processor, and odd widths would fail.
    """
    layer.support_avx512bf16_for_cpu = False
    return layer


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether this is torch or Python saying that memory ran out, of the card or of the computer.

    Only torch's own allocator of the card has an exception for it.
    """
    if isinstance(error, torch.OutOfMemoryError):
        return True
    told = isinstance(error, RuntimeError) and any(one in str(error) for one in _FULL_CARD)
    return told or ran_out_of_main_memory(error)


def ran_out_of_main_memory(error: BaseException) -> bool:
    """Whether it was the computer's memory and not the card's."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def lost_the_card(error: BaseException) -> bool:
    """Whether CUDA itself failed: from then on everything this process asks of the card does."""
    return isinstance(error, torch.AcceleratorError) and not ran_out_of_memory(error)
