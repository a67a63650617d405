"""4 and 8 bits, for real, on the processor: accuracy, size, and what is left alone."""

from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.nn import Linear4bit, Linear8bitLt
from diffusers import WanTransformer3DModel
from safetensors.torch import save_file
from transformers import UMT5EncoderModel

from studio.engine import load, miniature, quantize
from studio.engine.load import Parts
from studio.errors import StudioError
from studio.models import MODELS
from studio.plan import Precision, Residency

LAYER = {Precision.NF4: Linear4bit, Precision.INT8: Linear8bitLt}
# One layer on random weights: NF4 has 9.2 % of rounding (its 16 levels on a normal distribution),
# INT8 0.7 %. Real weights are promised nothing by this.
LAYER_ERROR = {Precision.NF4: 0.11, Precision.INT8: 0.012}
# A whole expert, where most of the signal goes round the layers.
EXPERT_ERROR = {Precision.NF4: 0.04, Precision.INT8: 0.004}
ENCODER_ERROR = {Precision.NF4: 0.25, Precision.INT8: 0.02}
# Of fp32: 4 bits and one absmax for 64 weights; 8 bits and one scale for each row.
BYTES = {Precision.NF4: 0.141, Precision.INT8: 0.264}
QUANTIZED = pytest.mark.parametrize("precision", list(LAYER))


def parts(models: Path, precision: Precision, bf16: bool = False) -> Parts:
    model = "t2v-a14b"
    return Parts(MODELS[model], models / model, (precision, Residency.CPU), bf16)


def forward(expert: Any, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return expert(
        hidden_states=torch.randn(1, 16, 3, 4, 6, generator=draw).to(dtype),
        timestep=torch.tensor([900]),
        encoder_hidden_states=torch.randn(1, 12, 64, generator=draw).to(dtype),
        return_dict=False,
    )[0]


def read(encoder: UMT5EncoderModel) -> torch.Tensor:
    ids = torch.arange(3, 23)[None]
    return encoder(ids, torch.ones_like(ids)).last_hidden_state


def error(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((found.float() - wanted.float()).norm() / wanted.float().norm())


@QUANTIZED
def test_an_expert_stays_close_at_a_fraction_of_the_bytes(
    precision: Precision, models: Path
) -> None:
    plain = parts(models, Precision.FP32).get(load.HIGH)
    expert = parts(models, precision).get(load.HIGH)
    off = error(forward(expert), forward(plain))
    assert 1e-5 < off < EXPERT_ERROR[precision]
    layers = quantize.quantized_layers(expert)
    assert len(layers) == 2 * 10  # eight projections and two feed-forward layers a block
    saved = expert.state_dict()
    packed = sum(
        saved[f"{path}.{key}"].nbytes
        for path, layer in layers.items()
        for key in quantize.saved_keys(layer)
        if key != "weight.quant_map"  # the same 16 numbers for every layer
        and key != "weight.quant_state.bitsandbytes__nf4"  # a few words of JSON
    )
    full = sum(layer.in_features * layer.out_features * 4 for layer in layers.values())
    assert packed / full == pytest.approx(BYTES[precision], rel=0.02)


@QUANTIZED
@pytest.mark.parametrize("part", [load.HIGH, load.TEXT_ENCODER])
def test_every_layer_rounds_no_more_than_its_bits_must(
    precision: Precision, part: str, models: Path
) -> None:
    plain = dict(parts(models, Precision.FP32).get(part).named_modules())
    layers = quantize.quantized_layers(parts(models, precision).get(part))
    assert layers
    for path, layer in layers.items():
        given = torch.randn(64, layer.in_features, generator=torch.Generator().manual_seed(1))
        off = error(layer(given), plain[path](given))
        assert 1e-3 < off < LAYER_ERROR[precision], path


def test_a_layer_without_whole_blocks_is_left_in_full() -> None:
    """bitsandbytes 0.50 on the processor reads the wrong absmax where a row ends inside a block."""
    blocks = torch.nn.Sequential(torch.nn.Linear(96, 64), torch.nn.Linear(64, 96))
    quantize.replace_linears(blocks, Precision.NF4, torch.float32, skip=())
    assert [type(layer) for layer in blocks] == [torch.nn.Linear, Linear4bit]
    blocks = torch.nn.Sequential(torch.nn.Linear(96, 64), torch.nn.Linear(64, 96))
    quantize.replace_linears(blocks, Precision.INT8, torch.float32, skip=())
    assert [type(layer) for layer in blocks] == [Linear8bitLt] * 2


@QUANTIZED
def test_the_text_encoder_stays_close(precision: Precision, models: Path) -> None:
    plain = parts(models, Precision.FP32).get(load.TEXT_ENCODER)
    encoder = parts(models, precision).get(load.TEXT_ENCODER)
    off = error(read(encoder), read(plain))
    assert 1e-5 < off < ENCODER_ERROR[precision]
    kinds = {
        path.rsplit(".", 1)[-1]: type(layer)
        for path, layer in encoder.encoder.block.named_modules()
        if isinstance(layer, torch.nn.Linear)
    }
    assert kinds.pop("wo") is torch.nn.Linear
    assert set(kinds.values()) == {LAYER[precision]}


@QUANTIZED
@pytest.mark.parametrize("bf16", [False, True])
def test_only_the_blocks_are_quantized_and_the_islands_stay_fp32(
    precision: Precision, bf16: bool, models: Path
) -> None:
    expert = parts(models, precision, bf16).get(load.HIGH)
    compute = torch.bfloat16 if bf16 else torch.float32
    assert all(path.startswith("blocks.") for path in quantize.quantized_layers(expert))
    assert expert.proj_out.weight.dtype == expert.patch_embedding.weight.dtype == compute
    assert expert.condition_embedder.time_embedder.linear_1.weight.dtype == torch.float32
    assert expert.blocks[0].norm2.weight.dtype == torch.float32
    assert expert.scale_shift_table.dtype == torch.float32
    assert expert.blocks[0].scale_shift_table.dtype == torch.float32
    layer = expert.blocks[0].attn1.to_q
    assert type(layer) is LAYER[precision]
    assert layer.bias.dtype == compute
    if isinstance(layer, Linear4bit):
        assert layer.weight.quant_state.quant_type == "nf4"
        assert layer.compute_dtype == compute
    assert torch.isfinite(forward(expert, compute)).all()


@QUANTIZED
@pytest.mark.parametrize("part", [load.HIGH, load.TEXT_ENCODER])
def test_saved_and_loaded_again_it_gives_the_same_numbers(
    precision: Precision, part: str, models: Path, tmp_path: Path
) -> None:
    run = forward if part == load.HIGH else read
    first = parts(models, precision).get(part)
    before = run(first)
    for name in (part, "tokenizer"):
        (tmp_path / name).mkdir()
    (tmp_path / "model_index.json").write_text("{}")
    config = (models / "t2v-a14b" / part / "config.json").read_bytes()
    (tmp_path / part / "config.json").write_bytes(config)
    saved = {name: value.contiguous().clone() for name, value in first.state_dict().items()}
    save_file(saved, tmp_path / part / "model.safetensors")
    again = Parts(MODELS["t2v-a14b"], tmp_path, (precision, Residency.CPU), bf16=False).get(part)
    assert torch.equal(run(again), before)
    assert torch.equal(run(first), before)


def test_bf16_keeps_the_dtypes_of_the_libraries_own_loading(models: Path) -> None:
    folder = models / "t2v-a14b"
    ours = parts(models, Precision.BF16)
    theirs = WanTransformer3DModel.from_pretrained(
        folder, subfolder="transformer", dtype=torch.bfloat16
    )
    dtypes = {name: parameter.dtype for name, parameter in theirs.named_parameters()}
    assert set(dtypes.values()) == {torch.float32, torch.bfloat16}
    expert = ours.get(load.HIGH)
    assert {name: parameter.dtype for name, parameter in expert.named_parameters()} == dtypes
    assert torch.equal(forward(expert, torch.bfloat16), forward(theirs, torch.bfloat16))
    encoder = ours.get(load.TEXT_ENCODER)
    stock = UMT5EncoderModel.from_pretrained(folder / "text_encoder", dtype=torch.bfloat16)
    assert {p.dtype for p in encoder.parameters()} == {p.dtype for p in stock.parameters()}
    assert torch.equal(read(encoder), read(stock))
    assert ours.get(load.VAE).dtype == torch.float32


def test_the_words_of_the_text_encoder_are_tied(models: Path) -> None:
    """Some versions of transformers loaded UMT5 with a second, random table of words."""
    encoder = parts(models, Precision.FP32).get(load.TEXT_ENCODER)
    assert encoder.shared.weight.data_ptr() == encoder.encoder.embed_tokens.weight.data_ptr()
    assert not encoder.shared.weight.is_meta
    stock = UMT5EncoderModel.from_pretrained(models / "t2v-a14b/text_encoder")
    assert torch.equal(read(encoder), read(stock.eval()))


def test_words_that_a_library_unties_are_refused(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UMT5EncoderModel, "set_input_embeddings", lambda self, table: None)
    with pytest.raises(StudioError, match="reads the text encoder's words wrongly"):
        parts(models, Precision.FP32).get(load.TEXT_ENCODER)


def test_a_checkpoint_that_names_the_tied_table_otherwise_is_read(
    models: Path, tmp_path: Path
) -> None:
    encoder = parts(models, Precision.FP32).get(load.TEXT_ENCODER)
    saved = {name: value.clone() for name, value in encoder.state_dict().items()}
    saved["encoder.embed_tokens.weight"] = saved.pop("shared.weight")
    (tmp_path / "text_encoder").mkdir()
    (tmp_path / "model_index.json").write_text("{}")
    config = (models / "t2v-a14b/text_encoder/config.json").read_bytes()
    (tmp_path / "text_encoder/config.json").write_bytes(config)
    save_file(saved, tmp_path / "text_encoder/model.safetensors")
    again = Parts(MODELS["t2v-a14b"], tmp_path, (Precision.FP32, Residency.CPU), bf16=False)
    assert torch.equal(read(again.get(load.TEXT_ENCODER)), read(encoder))


def test_weights_in_shards_are_those_in_one_file(models: Path, tmp_path: Path) -> None:
    miniature.build("t2v-a14b", tmp_path / "t2v-a14b")
    folder = tmp_path / "t2v-a14b/transformer"
    stock = WanTransformer3DModel.from_pretrained(folder)
    (folder / "diffusion_pytorch_model.safetensors").unlink()
    stock.save_pretrained(folder, max_shard_size="50KB")
    assert len(list(folder.glob("*.safetensors"))) > 2
    way = (Precision.FP32, Residency.CPU)
    sharded = Parts(MODELS["t2v-a14b"], tmp_path / "t2v-a14b", way, bf16=False).get(load.HIGH)
    whole = parts(models, Precision.FP32).get(load.HIGH)
    assert torch.equal(forward(sharded), forward(whole))
