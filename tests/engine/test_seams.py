"""What is relied on of names that diffusers and its family do not publish."""

import inspect
import subprocess
import sys
from pathlib import Path

import bitsandbytes
import pytest
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from diffusers.models.autoencoders import autoencoder_kl_wan
from diffusers.pipelines.wan import pipeline_wan
from transformers import UMT5EncoderModel

import studio.engine
from studio.engine import hardware, load, seams
from studio.engine.load import Parts
from studio.models import T2V_A14B
from studio.plan import Placement, Precision, Residency


def test_the_islands_are_named_by_the_transformer() -> None:
    assert tuple(WanTransformer3DModel._keep_in_fp32_modules) == seams.FP32_ISLANDS
    assert {"time_embedder", "scale_shift_table", "norm2"} <= set(seams.FP32_ISLANDS)


def test_umt5_still_casts_to_the_dtype_of_wo() -> None:
    assert seams.UMT5_UNQUANTIZED == ("wo",) == tuple(UMT5EncoderModel._keep_in_fp32_modules)


def test_the_halves_of_the_vae_take_a_cache_from_outside() -> None:
    tiny = AutoencoderKLWan(base_dim=4, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1)
    decoder = inspect.signature(tiny.decoder.forward).parameters
    encoder = inspect.signature(tiny.encoder.forward).parameters
    assert {"feat_cache", "feat_idx", "first_chunk"} <= set(decoder)
    assert {"feat_cache", "feat_idx"} <= set(encoder)
    tiny.clear_cache()
    assert len(seams.empty_cache(tiny.decoder)) == len(tiny._feat_map)
    assert len(seams.empty_cache(tiny.encoder)) == len(tiny._enc_feat_map)


def test_patches_go_there_and_back() -> None:
    pixels = torch.randn(1, 3, 2, 8, 12)
    folded = autoencoder_kl_wan.patchify(pixels, patch_size=2)
    assert folded.shape == (1, 12, 2, 4, 6)
    assert torch.equal(autoencoder_kl_wan.unpatchify(folded, patch_size=2), pixels)


def test_the_pipeline_cleans_words_before_it_counts_them() -> None:
    assert seams.prompt_clean is pipeline_wan.prompt_clean
    assert seams.prompt_clean("  a &amp;  b\n") == "a & b"
    assert "prompt_clean" in inspect.getsource(pipeline_wan.WanPipeline._get_t5_prompt_embeds)


def test_four_bit_layers_can_be_kept_from_repacking() -> None:
    layer = bitsandbytes.nn.Linear4bit(64, 24, quant_type="nf4", compute_dtype=torch.float32)
    assert hasattr(layer, "support_avx512bf16_for_cpu")
    layer = seams.plain_kernel(layer).to("cpu").eval()
    packed = layer.weight.data.clone()
    with torch.no_grad():
        layer(torch.randn(2, 64))
    assert torch.equal(layer.weight.data, packed)


def test_running_out_of_memory_is_recognised() -> None:
    with pytest.raises(RuntimeError) as found:
        torch.empty(2**50, dtype=torch.uint8)
    assert seams.ran_out_of_memory(found.value)
    assert seams.ran_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert seams.ran_out_of_memory(MemoryError())
    assert not seams.ran_out_of_memory(RuntimeError("shapes do not match"))
    for error in (MemoryError(), found.value):
        assert seams.ran_out_of_main_memory(error)
    assert not seams.ran_out_of_main_memory(torch.OutOfMemoryError("CUDA out of memory"))


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: out of memory\nCUDA kernel errors might be reported at some other call",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "GET was unable to find an engine to execute this computation",
    ],
)
def test_a_full_card_is_recognised_whoever_says_it(said: str) -> None:
    for kind in (RuntimeError, torch.AcceleratorError):
        assert seams.ran_out_of_memory(kind(said))
        assert not seams.ran_out_of_main_memory(kind(said))
        assert not seams.lost_the_card(kind(said))
    assert seams.lost_the_card(torch.AcceleratorError("CUDA error: unspecified launch failure"))
    assert not seams.lost_the_card(RuntimeError("shapes do not match"))


def test_attention_is_held_to_torchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here = (torch.device("cpu"), torch.float32)
    assert seams.attention_agrees("_native_math", *here)
    assert not seams.attention_agrees("sage", *here)  # not installed, or not for processors
    real = seams.dispatch_attention_fn

    def noise(*given: torch.Tensor, backend: str) -> torch.Tensor:
        found: torch.Tensor = real(*given, backend=backend)
        return torch.randn_like(found) if backend == "_native_math" else found

    monkeypatch.setattr(seams, "dispatch_attention_fn", noise)
    assert not seams.attention_agrees("_native_math", *here)


def test_each_expert_has_the_attention_it_was_told(models: Path) -> None:
    """And one that is loaded afterwards has torch's own, whatever the last was told."""
    way = Placement(Precision.FP32, Residency.CPU)
    first = Parts(T2V_A14B, models / T2V_A14B.id, way, False).get(load.HIGH)
    seams.use_attention(first, "_native_math")
    parts = Parts(T2V_A14B, models / T2V_A14B.id, way, False, None, "sage")
    for expert, name in ((first, "_native_math"), (parts.get(load.LOW), "native")):
        ways = {block.attn1.processor._attention_backend.value for block in expert.blocks}
        ways |= {block.attn2.processor._attention_backend.value for block in expert.blocks}
        assert ways == {name}


def test_an_expert_has_another_attention_on_a_card_in_16_bits_only(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for precision, device, name in (
        (Precision.BF16, "cuda", "sage"),
        (Precision.FP32, "cuda", "native"),
        (Precision.BF16, "cpu", "native"),
    ):
        told: list[str] = []
        monkeypatch.setattr(seams, "use_attention", lambda _, name, told=told: told.append(name))
        way = Placement(precision, Residency.DISK)
        parts = Parts(T2V_A14B, models / T2V_A14B.id, way, True, None, "sage")
        parts.device = torch.device(device)
        parts.get(load.HIGH)
        parts.get(load.VAE)
        assert told == [name]


def test_the_processor_is_asked() -> None:
    assert isinstance(seams.processor_has_bf16(), bool)


def test_no_other_file_touches_what_is_private() -> None:
    """Names with a leading underscore, and modules inside modules, of the libraries."""
    for path in Path(studio.engine.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name != "seams.py":
            assert "from diffusers." not in text, path
            assert "._keep_in" not in text and "torch.cpu._" not in text, path


def test_this_computer_is_seen_as_it_is() -> None:
    seen = hardware.look()
    assert 0 < seen.ram_free_gb <= seen.ram_total_gb
    assert seen.teraflops > 0.001
    assert (seen.vram_total_gb > 0) == torch.cuda.is_available()


def test_naming_the_engine_loads_none_of_its_libraries() -> None:
    heavy = "torch diffusers transformers bitsandbytes accelerate numpy"
    code = f"import sys, studio.engine; print(*[m for m in '{heavy}'.split() if m in sys.modules])"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert said.strip() == ""
