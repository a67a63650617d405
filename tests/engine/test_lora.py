"""LoRAs on the real classes: the three ways they are written, both experts, every precision; a clip
made with one is another clip, and the next one without it is not."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import WanTransformer3DModel
from safetensors.torch import save_file
from torch import nn

from studio import lora as loras
from studio.engine import load, miniature
from studio.engine.load import Parts
from studio.errors import InvalidRequest, RenderFailed
from studio.lora import LORAS, Lora
from studio.models import MODELS
from studio.plan import Placement, Precision, Residency
from tests.engine.making import Render, make_shot
from tests.engine.test_quantize import EXPERT_ERROR, error, forward

RANK, ALPHA = 4, 2.0
# diffusers' name of a layer → the original one.
LAYERS = {
    **{
        f"attn1.{ours}": f"self_attn.{theirs}"
        for ours, theirs in zip(("to_q", "to_k", "to_v", "to_out.0"), "qkvo", strict=True)
    },
    **{
        f"attn2.{ours}": f"cross_attn.{theirs}"
        for ours, theirs in zip(("to_q", "to_k", "to_v", "to_out.0"), "qkvo", strict=True)
    },
    "ffn.net.0.proj": "ffn.0",
    "ffn.net.2": "ffn.2",
}
WAYS = ("diffusers", "original", "musubi")
Matrices = dict[str, tuple[torch.Tensor, torch.Tensor]]


@pytest.fixture
def plain(models: Path) -> nn.Module:
    return parts(models).get(load.HIGH)


def parts(models: Path, precision: Precision = Precision.FP32, model: str = "t2v-a14b") -> Parts:
    return Parts(MODELS[model], models / model, Placement(precision, Residency.CPU), bf16=False)


def matrices(expert: nn.Module, seed: int = 5) -> Matrices:
    """Of every block's layers: down [rank, in] and up [out, rank], by diffusers' path."""
    draw = torch.Generator().manual_seed(seed)
    found = {}
    for path, layer in expert.named_modules():
        if path.startswith("blocks.") and path.split(".", 2)[-1] in LAYERS:
            down = torch.randn(RANK, layer.in_features, generator=draw) * 0.2
            up = torch.randn(layer.out_features, RANK, generator=draw) * 0.2
            found[path] = (down, up)
    return found


def write(path: Path, made: Matrices, way: str) -> Path:
    """As the three kinds of trainers write it; each with alpha in its own way."""
    tensors: dict[str, torch.Tensor] = {}
    about = {}
    for layer, (down, up) in made.items():
        _, number, rest = layer.split(".", 2)
        match way:
            case "diffusers":
                tensors[f"transformer.{layer}.lora_A.weight"] = down
                tensors[f"transformer.{layer}.lora_B.weight"] = up
                adapter = {"transformer.r": RANK, "transformer.lora_alpha": ALPHA}
                about = {"lora_adapter_metadata": json.dumps(adapter)}
            case "original":
                name = f"diffusion_model.blocks.{number}.{LAYERS[rest]}"
                tensors[f"{name}.lora_down.weight"] = down
                tensors[f"{name}.lora_up.weight"] = up
                tensors[f"{name}.alpha"] = torch.tensor(ALPHA)
            case "musubi":
                name = f"lora_unet_blocks_{number}_{LAYERS[rest].replace('.', '_')}"
                tensors[f"{name}.lora_down.weight"] = down
                tensors[f"{name}.lora_up.weight"] = up
                tensors[f"{name}.alpha"] = torch.tensor(ALPHA)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.clone() for name, tensor in tensors.items()}, path, about or None)
    return path


def beside(expert: nn.Module, made: Matrices, strength: float) -> Callable[[], torch.Tensor]:
    """What the LoRA is by its own definition: a second way round each layer, nothing merged."""
    for path, (down, up) in made.items():

        def add(
            _: nn.Module, given: Any, out: torch.Tensor, down: Any = down, up: Any = up
        ) -> torch.Tensor:
            return out + strength * ALPHA / RANK * (given[0] @ down.T) @ up.T

        expert.get_submodule(path).register_forward_hook(add)
    return lambda: forward(expert)


def worn(path: Path, **changes: Any) -> tuple[Lora, Path]:
    return Lora(file=path.name, sha256="0" * 64, **changes), path


@pytest.mark.parametrize("way", WAYS)
def test_it_does_what_a_lora_is_by_definition(
    way: str, models: Path, plain: nn.Module, tmp_path: Path
) -> None:
    made = matrices(plain)
    before = forward(plain)
    wanted = beside(plain, made, strength=0.7)()
    given = parts(models)
    given.wear([worn(write(tmp_path / "a.safetensors", made, way), strength=0.7)])
    found = forward(given.get(load.HIGH))
    assert error(found, wanted) < 1e-5
    assert error(found, before) > 0.05
    given.wear([])
    assert torch.equal(forward(given.get(load.HIGH)), before)


@pytest.mark.parametrize("precision", list(EXPERT_ERROR))
def test_it_is_in_the_weights_before_they_are_quantized(
    precision: Precision, models: Path, plain: nn.Module, tmp_path: Path
) -> None:
    made = matrices(plain)
    wanted = beside(plain, made, strength=1.0)()
    given = parts(models, precision)
    given.wear([worn(write(tmp_path / "a.safetensors", made, "original"))])
    assert error(forward(given.get(load.HIGH)), wanted) < 2 * EXPERT_ERROR[precision]


def test_two_add_up_and_one_against_itself_is_nothing(
    models: Path, plain: nn.Module, tmp_path: Path
) -> None:
    before = forward(plain)
    one = write(tmp_path / "a.safetensors", matrices(plain, 1), "original")
    other = write(tmp_path / "b.safetensors", matrices(plain, 2), "musubi")
    given = parts(models)
    given.wear([worn(one), worn(other, strength=0.5)])
    both = forward(given.get(load.HIGH))
    beside(plain, matrices(plain, 1), 1.0)
    assert error(both, beside(plain, matrices(plain, 2), 0.5)()) < 1e-5
    given.wear([worn(one), worn(one, strength=-1.0)])
    assert error(forward(given.get(load.HIGH)), before) < 1e-5


def test_each_expert_wears_its_own(models: Path, plain: nn.Module, tmp_path: Path) -> None:
    before = parts(models)
    bare = {name: forward(before.get(name)) for name in (load.HIGH, load.LOW)}
    path = write(tmp_path / "a.safetensors", matrices(plain), "original")
    for expert, changed in (("high", {load.HIGH}), ("low", {load.LOW}), ("both", set(bare))):
        given = parts(models)
        given.wear([worn(path, expert=expert)])
        found = {name for name in bare if not torch.equal(forward(given.get(name)), bare[name])}
        assert found == changed


def test_a_dense_model_wears_it_whatever_expert_it_is_for(models: Path, tmp_path: Path) -> None:
    dense = parts(models, model="ti2v-5b").get(load.HIGH)
    path = write(tmp_path / "a.safetensors", matrices(dense), "original")
    layer = "blocks.0.attn1.to_q.weight"
    given = parts(models, model="ti2v-5b")
    given.wear([worn(path, expert="low")])
    assert not torch.equal(given.get(load.HIGH).get_parameter(layer), dense.get_parameter(layer))


def test_biases_are_changed_too(models: Path, plain: nn.Module, tmp_path: Path) -> None:
    layer = "blocks.1.attn1.to_q"
    added = torch.randn(plain.get_submodule(layer).out_features)
    name = "diffusion_model.blocks.1.self_attn.q"
    down, up = matrices(plain)[layer]
    tensors = {f"{name}.diff_b": added, f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}
    save_file(tensors, tmp_path / "a.safetensors")
    given = parts(models)
    given.wear([worn(tmp_path / "a.safetensors", strength=2.0)])
    found = given.get(load.HIGH).get_parameter(f"{layer}.bias")
    assert torch.allclose(found, plain.get_parameter(f"{layer}.bias") + 2 * added, atol=1e-6)


def test_one_for_another_model_is_refused(models: Path, plain: nn.Module, tmp_path: Path) -> None:
    wrong = {path: (down[:, :-2].contiguous(), up) for path, (down, up) in matrices(plain).items()}
    path = write(tmp_path / "narrow.safetensors", wrong, "original")
    other = tmp_path / "other.safetensors"
    save_file({"unet.down.lora_A.weight": torch.zeros(2, 2)}, other)
    for file, sentence in ((path, r"does not fit this model at blocks"), (other, "nothing to do")):
        given = parts(models)
        given.wear([worn(file)])
        with pytest.raises(RenderFailed, match=sentence):
            given.get(load.HIGH)
    strange = tmp_path / "strange.safetensors"
    save_file({"diffusion_model.blocks.0.self_attn.what.lora_A.weight": torch.zeros(2, 2)}, strange)
    given = parts(models)
    given.wear([worn(strange)])
    with pytest.raises(RenderFailed, match=r"strange\.safetensors cannot be understood"):
        given.get(load.HIGH)


def test_a_clip_made_with_one_is_another_clip(
    models: Path, plain: nn.Module, render: Callable[..., Render]
) -> None:
    path = write(models / LORAS / "look.safetensors", matrices(plain), "original")
    kept = loras.files(models)[0]
    lora = Lora(file=kept.file, sha256=kept.sha256, expert="both", strength=1.0)
    without = render(make_shot())
    with_it = render(make_shot(loras=(lora,)))
    again = render(make_shot())
    half = render(make_shot(loras=(replace(lora, strength=0.5),)))

    def off(one: Render, other: Render) -> float:
        return float(np.abs(np.stack(one.frames).astype(int) - np.stack(other.frames)).mean())

    assert off(without, again) == 0
    assert off(without, with_it) > 1
    assert off(with_it, half) > 0
    path.rename(path.with_name("renamed.safetensors"))
    assert off(render(make_shot(loras=(lora,))), with_it) == 0
    with pytest.raises(InvalidRequest, match=r"look\.safetensors is not on this computer"):
        render(make_shot(loras=(replace(lora, sha256="1" * 64),)))
    path.with_name("renamed.safetensors").unlink()


def test_a_quick_preview_takes_one_forward_a_step_and_wears_each_expert_its_own(
    models: Path, plain: nn.Module, render: Callable[..., Render], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = []
    for seed, expert in enumerate(("high", "low")):
        name = f"{expert}.safetensors"
        write(models / LORAS / name, matrices(plain, seed), "original")
        kept = next(one for one in loras.files(models) if one.file == name)
        quick.append(Lora(file=name, sha256=kept.sha256, expert=expert))  # type: ignore[arg-type]
    forwards: list[int] = []
    work = WanTransformer3DModel.forward

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        forwards.append(id(self))
        return work(self, *args, **kwargs)

    monkeypatch.setattr(WanTransformer3DModel, "forward", counted)
    sampling = {"steps": 4, "flow_shift": 5.0, "guidance_high": 1.0, "guidance_low": 1.0}
    done = render(make_shot(quick=tuple(quick), **sampling))
    assert done.experts == ["high", "high", "low", "low"]
    assert len(forwards) == 4
    assert len(set(forwards)) == 2
    without = render(make_shot(**sampling))
    assert np.abs(np.stack(done.frames).astype(int) - np.stack(without.frames)).mean() > 1
    for one in quick:
        loras.remove(one.file, models)


def test_it_comes_along_where_weights_wait_on_disk(
    models: Path, plain: nn.Module, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.safetensors", matrices(plain), "original")
    given = parts(models)
    given.wear([worn(path)])
    wanted = forward(given.get(load.HIGH))
    spec = MODELS["t2v-a14b"]
    waiting = Parts(spec, models / spec.id, Placement(Precision.FP32, Residency.DISK), bf16=False)
    waiting.wear([worn(path)])
    with waiting.placed(load.HIGH):
        assert torch.equal(forward(waiting.get(load.HIGH)), wanted)


def test_files_are_kept_and_what_is_none_is_refused(tmp_path: Path, plain: nn.Module) -> None:
    models = tmp_path / "models"
    path = write(tmp_path / "胶片.safetensors", matrices(plain), "original")
    kept = loras.keep(path, models)
    assert loras.keep(path, models) == kept
    assert loras.files(models) == [kept]
    other = write(tmp_path / "b" / "胶片.safetensors", matrices(plain, 9), "original")
    with pytest.raises(InvalidRequest, match="another"):
        loras.keep(other, models)
    pickle = tmp_path / "a.pt"
    pickle.write_bytes(b"x")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(path.read_bytes()[:100])
    dora, plain_weights = tmp_path / "dora.safetensors", tmp_path / "w.safetensors"
    save_file({"a.lora_A.weight": torch.zeros(1), "a.dora_scale": torch.zeros(1)}, dora)
    save_file({"a.weight": torch.zeros(1)}, plain_weights)
    for file, sentence in (
        (pickle, "not a safetensors"),
        (broken, "cannot be read"),
        (dora, "DoRA"),
        (plain_weights, "holds no LoRA"),
    ):
        with pytest.raises(InvalidRequest, match=sentence):
            loras.keep(file, models)
    loras.remove("胶片.safetensors", models)
    assert loras.files(models) == []
    with pytest.raises(InvalidRequest):
        loras.remove("../../settings.json", models)


def test_miniature_layers_have_the_names_of_the_published_ones() -> None:
    """The table above is what the tests stand on: every linear layer of a block is in it."""
    expert = miniature.pipeline(miniature.FAMILIES["t2v-a14b"]).transformer
    linear = {
        path.split(".", 2)[-1]
        for path, layer in expert.named_modules()
        if path.startswith("blocks.") and isinstance(layer, nn.Linear)
    }
    assert linear == set(LAYERS)
