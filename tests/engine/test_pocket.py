"""The built-in model: its entry is true of its files, and it is used where it lies."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from studio import presets, weights
from studio.engine import load
from studio.engine.glimpse import FITTED
from studio.engine.load import Parts
from studio.engine.wan import WanEngine
from studio.events import Task
from studio.models import POCKET
from studio.paths import places
from studio.plan import Placement, Precision, Residency
from studio.prompt import expand
from studio.recipe import Recipe
from tests.engine.making import ROOMY, make_shot

FOLDER = weights.folder_of(POCKET, Path("none"))
LARGEST_BYTES = 24_000_000
OWN_TOKENS = 100  # left for the person's words beside any look


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts(POCKET, FOLDER, Placement(Precision.FP32, Residency.CPU), bf16=False)


def test_its_entry_is_true_of_its_files(parts: Parts) -> None:
    sizes = {
        name: sum(parameter.numel() for parameter in parts.get(name).parameters())
        for name in (load.TEXT_ENCODER, load.HIGH, load.LOW, load.VAE)
    }
    assert sizes[load.HIGH] == sizes[load.LOW] == POCKET.expert_params
    assert sizes[load.TEXT_ENCODER] == POCKET.encoder_params
    assert sizes[load.VAE] * 4 == POCKET.vae_bytes
    encoder = parts.get(load.TEXT_ENCODER)
    kept = [encoder.shared, *(block.layer[1].DenseReluDense.wo for block in encoder.encoder.block)]
    assert sum(layer.weight.numel() for layer in kept) == POCKET.encoder_kept_params
    vae, expert = parts.get(load.VAE).config, parts.get(load.HIGH).config
    spatial = vae.scale_factor_spatial
    assert (vae.scale_factor_temporal, spatial, spatial) == POCKET.stride
    assert spatial * expert.patch_size[1] == POCKET.size_multiple
    assert vae.z_dim == POCKET.latent_channels
    assert expert.num_attention_heads * expert.attention_head_dim == POCKET.width
    assert expert.num_layers == POCKET.layers
    assert parts.tokenizer().model_max_length == POCKET.text_tokens


def test_it_is_small_and_holds_nothing_that_could_run() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".md", ".safetensors"}
    state = weights.state(POCKET, Path("none"))
    assert state.installed
    assert state.bytes == sum(path.stat().st_size for path in files) <= LARGEST_BYTES


def test_it_is_used_where_it_lies_and_nothing_is_written_there(
    task: Callable[..., Task], tmp_path: Path
) -> None:
    def seen() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in FOLDER.rglob("*")}

    before = seen()
    shot = make_shot("pocket", width=32, height=32, frames=5, steps=2)
    here = replace(task(shot), models=tmp_path / "models")
    done = WanEngine(ROOMY).render(here, lambda _: None, lambda: False)
    assert done.file.is_file()
    assert seen() == before
    # What was fitted for its moving previews is kept where models are, as of every other.
    assert [path.name for path in here.models.iterdir()] == [FITTED]


@pytest.mark.parametrize("words", ["a red ball bounces over the sea", "一只红色的球在海面上弹跳"])
def test_it_reads_every_look_to_the_end(words: str, parts: Parts) -> None:
    tokenizer = parts.tokenizer()
    for preset in presets.everything(places())[0]:
        text = expand(Recipe(prompt=words, presets=(preset.id,)), POCKET, [preset])
        for said in (text.prompt, text.negative_prompt):
            assert len(tokenizer(said).input_ids) <= POCKET.text_tokens - OWN_TOKENS, preset.id
