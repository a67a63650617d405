"""Published experts let go once they are kept as they run: the same clip without them, nothing else
than what is kept, and all of it back on request."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio import cli, manifest, mp4, release, weights
from studio.engine import load
from studio.engine.load import Parts
from studio.engine.wan import WanEngine
from studio.errors import InvalidRequest, ModelMissing
from studio.files import sha256_of, write_whole
from studio.hub import HubFile
from studio.lora import Lora
from studio.manifest import Manifest
from studio.models import T2V_A14B, TI2V_5B, ModelSpec
from studio.paths import places
from studio.plan import Placement, Precision, Residency
from studio.recipe import Recipe
from studio.settings import Settings
from studio.shot import Kind
from studio.studio import Studio
from tests.engine.making import ROOMY, make_shot
from tests.engine.test_lora import matrices, worn, write

# Plans for the published sizes of either stage: INT8 is the best that fits.
TIGHT = replace(ROOMY, ram_total_gb=60.0, ram_free_gb=60.0, bf16=True)
SHARD = "diffusion_pytorch_model.safetensors"
ORIGINS = (f"transformer/{SHARD}", f"transformer_2/{SHARD}")


@pytest.fixture
def studio(models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """One with the tiny models, as if they had been downloaded, on a computer for INT8."""
    here = places()
    for spec in (T2V_A14B, TI2V_5B):
        home = here.models / spec.id
        shutil.copytree(models / spec.id, home, ignore=shutil.ignore_patterns(weights.PREPARED))
        call_downloaded(home)
    opened = Studio(here, Settings())
    monkeypatch.setattr(Studio, "hardware", lambda _: TIGHT)
    yield opened
    opened.close()


@pytest.fixture
def home(studio: Studio) -> Path:
    return studio.places.models / T2V_A14B.id


def call_downloaded(home: Path) -> None:
    files = {
        path.relative_to(home).as_posix(): HubFile(
            repository="a/b",
            commit="c",
            path=path.name,
            bytes=path.stat().st_size,
            digest=sha256_of(path),
        )
        for path in home.rglob("*")
        if path.is_file()
    }
    manifest.begin(home, Manifest(bundle="full", files=files))
    manifest.finish(home)


def keep(home: Path, spec: ModelSpec, precision: Precision = Precision.INT8) -> None:
    """What a render in this precision leaves."""
    parts = opened(home, precision, spec)
    for name in (load.HIGH, load.LOW)[: spec.experts]:
        parts.get(name)


def opened(home: Path, precision: Precision, spec: ModelSpec = T2V_A14B) -> Parts:
    way = Placement(precision, Residency.CPU)
    return Parts(spec, home, way, True, home / weights.PREPARED)


def test_a_released_model_makes_the_same_clip(
    studio: Studio, home: Path, task: Callable[..., Any]
) -> None:
    def frames(name: str) -> list[np.ndarray]:
        here = replace(task(make_shot(frames=5, steps=3), name=name), models=home.parent)
        WanEngine(TIGHT).render(here, lambda _: None, lambda: False)
        return list(mp4.frames(here.output))

    first = frames("first.mp4")
    size = sum((home / one).stat().st_size for one in ORIGINS)
    assert studio.releasable(T2V_A14B.id) == size
    assert studio.release_model(T2V_A14B.id) == size
    assert not any((home / one).exists() for one in ORIGINS)
    second = frames("second.mp4")
    assert len(first) == 5
    assert all(np.array_equal(*pair) for pair in zip(first, second, strict=True))
    state = weights.state(T2V_A14B, home.parent)
    assert state.installed and not state.partly
    assert studio.check_model(T2V_A14B.id) == ()


def test_a_release_is_told_of_while_its_files_go(studio: Studio, home: Path) -> None:
    keep(home, T2V_A14B)
    going = release.possible(T2V_A14B, home.parent, (Precision.INT8,))
    first, second = (home / target for target in going.going)
    assert going.bytes == first.stat().st_size + second.stat().st_size
    first.unlink()
    assert going.bytes == second.stat().st_size


def test_what_is_not_kept_is_said_in_one_sentence(
    studio: Studio, home: Path, tmp_path: Path
) -> None:
    plain = opened(home, Precision.FP32).get(load.HIGH)
    lora = write(tmp_path / "a.safetensors", matrices(plain), "original")
    keep(home, T2V_A14B)
    studio.release_model(T2V_A14B.id)
    with pytest.raises(ModelMissing, match="nf4-bfloat16 is made of them; kept here: int8") as said:
        opened(home, Precision.NF4).get(load.HIGH)
    assert "models get t2v-a14b" in said.value.advice
    with pytest.raises(ModelMissing, match="LoRAs are added to them"):
        parts = opened(home, Precision.INT8)
        parts.wear([worn(lora)])
        parts.get(load.HIGH)


def test_more_memory_than_before_does_not_ask_for_what_was_released(
    studio: Studio, home: Path, task: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(home, T2V_A14B)
    studio.release_model(T2V_A14B.id)
    roomier = replace(ROOMY, bf16=True)
    monkeypatch.setattr(Studio, "hardware", lambda _: roomier)
    _, plan = studio.foresee(Recipe(prompt="a", model=T2V_A14B.id), Kind.PREVIEW)
    assert (plan.precision, plan.fits) == (Precision.INT8, True)
    here = replace(task(make_shot(frames=5, steps=1)), models=home.parent)
    assert WanEngine(roomier).render(here, lambda _: None, lambda: False)


def test_a_lora_is_refused_before_it_is_queued(studio: Studio, home: Path) -> None:
    keep(home, T2V_A14B)
    studio.release_model(T2V_A14B.id)
    asked = Recipe(prompt="a", model=T2V_A14B.id, loras=(Lora(file="a", sha256="b"),))
    with pytest.raises(InvalidRequest, match="those were released"):
        studio.render(asked)
    assert studio.jobs() == []
    assert studio.render(replace(asked, loras=()))


def test_what_comes_back_is_taken_again(studio: Studio, home: Path, models: Path) -> None:
    keep(home, T2V_A14B)
    studio.release_model(T2V_A14B.id)
    known = manifest.read(home)
    assert known and studio.offer(T2V_A14B.id).missing == sum(known.files[o].bytes for o in ORIGINS)
    manifest.begin(home, replace(known, released=None))
    assert not weights.state(T2V_A14B, home.parent).installed
    for one in ORIGINS:
        shutil.copyfile(models / T2V_A14B.id / one, home / one)
    manifest.finish(home)
    assert opened(home, Precision.NF4).get(load.HIGH)
    assert studio.check_model(T2V_A14B.id) == ()


@pytest.mark.parametrize("damage", ["a byte", "gone"])
def test_check_reads_what_is_kept_instead(studio: Studio, home: Path, damage: str) -> None:
    keep(home, T2V_A14B)
    studio.release_model(T2V_A14B.id)
    shard = next((home / weights.PREPARED).rglob("*.safetensors"))
    data = shard.read_bytes()
    shard.unlink()
    if damage == "a byte":
        write_whole(shard, data[:-1] + bytes([data[-1] ^ 1]))
    bad = studio.check_model(T2V_A14B.id)
    assert bad == (shard.relative_to(home).as_posix(),)
    state = weights.state(T2V_A14B, home.parent)
    assert state.partly and not state.installed


def test_nothing_goes_that_is_still_needed(studio: Studio, home: Path) -> None:
    with pytest.raises(InvalidRequest, match="runs in int8 here, and is not kept so yet"):
        studio.releasable(T2V_A14B.id)
    keep(home, T2V_A14B, Precision.NF4)
    with pytest.raises(InvalidRequest, match="runs in int8"):
        studio.release_model(T2V_A14B.id)
    opened(home, Precision.INT8).get(load.HIGH)  # one of two
    with pytest.raises(InvalidRequest, match="runs in int8"):
        studio.release_model(T2V_A14B.id)
    with pytest.raises(InvalidRequest, match="nothing of Pocket"):
        studio.release_model("pocket")
    assert all((home / one).exists() for one in ORIGINS)


def test_a_borrowed_folder_is_left_alone(studio: Studio, models: Path) -> None:
    studio.use_folder(TI2V_5B.id, models / TI2V_5B.id)
    with pytest.raises(InvalidRequest, match=r"nothing of Wan2\.2 TI2V-5B"):
        release.possible(TI2V_5B, studio.places.models, ())
    assert (models / TI2V_5B.id / ORIGINS[0]).exists()


def test_a_release_that_was_broken_off_goes_on(
    studio: Studio, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(home, T2V_A14B)
    real = Path.unlink

    def held(path: Path, missing_ok: bool = False) -> None:
        if path == home / ORIGINS[1]:
            raise PermissionError(13, "another program has it open")
        real(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", held)
        with pytest.raises(Exception, match="could not be released: another program"):
            studio.release_model(T2V_A14B.id)
    assert opened(home, Precision.INT8).get(load.LOW)
    studio.release_model(T2V_A14B.id)
    assert not (home / ORIGINS[1]).exists()
    assert opened(home, Precision.INT8).get(load.HIGH)
    with pytest.raises(InvalidRequest, match="released already"):
        studio.releasable(T2V_A14B.id)


def test_the_command_tells_the_bytes_and_needs_a_yes(
    studio: Studio, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(home, T2V_A14B)
    assert cli.main(["models", "release", T2V_A14B.id]) == cli.USAGE
    assert "0.0 GB. Say --yes" in capsys.readouterr().err
    assert (home / ORIGINS[0]).exists()
    assert cli.main(["models", "release", T2V_A14B.id, "--yes", "--json"]) == cli.DONE
    assert '"freed": ' in capsys.readouterr().out
    assert not (home / ORIGINS[0]).exists()


@pytest.mark.parametrize(("answer", "goes"), [("y", True), ("", False), ("n", False)])
def test_a_person_is_asked(
    answer: str,
    goes: bool,
    studio: Studio,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep(home, T2V_A14B)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    status = cli.main(["models", "release", studio.models()[1].spec.id])
    assert status == (cli.DONE if goes else cli.CANCELLED)
    assert "of t2v-a14b would go, 0.0 GB" in capsys.readouterr().out
    assert (home / ORIGINS[0]).exists() != goes


def test_a_dense_model_is_released_too(studio: Studio) -> None:
    home = studio.places.models / TI2V_5B.id
    keep(home, TI2V_5B, Precision.BF16)
    assert release.carry_out(release.possible(TI2V_5B, home.parent, {Precision.BF16}))
    assert opened(home, Precision.BF16, TI2V_5B).get(load.HIGH)
    assert not (home / ORIGINS[0]).exists()
