"""What the verbs check before anything runs: the real studio, no worker started."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import constants
from PIL import Image
from safetensors.numpy import save_file

from studio import cli, picture, shot
from studio.clip import Tag
from studio.errors import InvalidRequest, ModelMissing, StudioError
from studio.events import Finished
from studio.lora import Lora
from studio.models import T2V_A14B
from studio.paths import places
from studio.plan import Hardware
from studio.prompt import expand
from studio.recipe import Picture, Recipe
from studio.settings import Settings
from studio.shot import Kind
from studio.studio import Studio
from tests.nouns import hub_server, published


@pytest.fixture
def studio() -> Iterator[Studio]:
    opened = Studio(places(), Settings())
    yield opened
    opened.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (300, 200), "orange").save(path)
    return path


def test_an_offered_picture_is_kept_when_a_render_is_queued(studio: Studio, photo: Path) -> None:
    digest = studio.offer_picture(photo)
    offered = Recipe(prompt="x", picture=Picture(sha256=digest))
    studio.foresee(offered, Kind.PREVIEW)
    with pytest.raises(InvalidRequest):
        studio.render(Recipe(prompt="x", picture=offered.picture, width=100, height=100))
    with pytest.raises(ModelMissing):
        studio.render(Recipe(prompt="x", picture=offered.picture, model="ti2v-5b"))
    assert not studio.places.pictures.exists()
    assert studio.jobs() == []
    studio.render(offered)
    assert studio.picture_file(digest).read_bytes() == photo.read_bytes()


def test_a_picture_is_decoded_once_however_often_the_form_changes(
    studio: Studio, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, size = studio.keep_picture(photo)
    assert size == (300, 200)
    decoded: list[Path] = []
    monkeypatch.setattr(picture, "size_of", decoded.append)
    for words in ("a", "ab", "abc"):
        foreseen, _ = studio.foresee(
            Recipe(prompt=words, picture=Picture(sha256=digest)), Kind.PREVIEW
        )
        assert foreseen.picture is not None and foreseen.picture.crop == (0, 0, 300, 200)
    assert decoded == []
    studio.picture_file(digest).unlink()
    with pytest.raises(InvalidRequest, match="no longer in the library"):
        studio.foresee(Recipe(prompt="a", picture=Picture(sha256=digest)), Kind.PREVIEW)


def test_a_preview_of_a_model_that_is_gone_is_not_queued(studio: Studio, tmp_path: Path) -> None:
    asked = Recipe(prompt="a ferry", model=T2V_A14B.id)
    text = expand(asked, T2V_A14B, [])
    tag = Tag(
        id="0123456789ab",
        created="2026-11-22T10:00:00+00:00",
        seconds=1.0,
        recipe=asked,
        shot=shot.decide(asked, T2V_A14B, text, Kind.PREVIEW, 7, {}),
    )
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    studio._library.adopt(Finished(tag=tag, file=film, poster=tmp_path / "none.webp"))
    with pytest.raises(ModelMissing, match="models get t2v-a14b"):
        studio.refine(tag.id)
    assert studio.jobs() == []


@pytest.mark.parametrize(
    "asked",
    [
        {"look": {"color_tone": ("warm",)}},
        {"presets": ("golden-hour-drift",)},  # light, tone, size and camera are its own
        {"look": {"style": ("2d-anime",)}},  # light and lens are no matter of it
    ],
)
def test_variations_keep_what_was_chosen_and_differ_in_what_is_read(
    studio: Studio, asked: dict[str, Any]
) -> None:
    recipe = Recipe(prompt="a ferry", **asked)
    jobs = studio.vary(recipe, 3)
    assert len({job.shot.prompt for job in jobs}) == len({job.shot.seed for job in jobs}) == 3
    assert len({job.group for job in jobs}) == 1
    settled = {**recipe.look, **{n: () for one in studio._presets(recipe) for n in one.look}}
    for job in jobs:
        own = {name: terms for name, terms in job.recipe.look.items() if name in settled}
        assert own == recipe.look


def test_a_picture_leaves_only_the_camera_to_vary(studio: Studio, photo: Path) -> None:
    posed = Recipe(prompt="a ferry", picture=Picture(sha256=studio.offer_picture(photo)))
    jobs = studio.vary(posed, 2)
    assert all(set(job.recipe.look) == {"camera_move"} for job in jobs)
    with pytest.raises(InvalidRequest, match="1 to 64"):
        studio.vary(posed, 0)


def test_wrong_presets_are_said_and_hide_no_others(
    studio: Studio, capfd: pytest.CaptureFixture[str]
) -> None:
    good = studio.presets()
    assert studio.preset_errors() == []
    studio.places.presets.mkdir(parents=True)
    (studio.places.presets / "mine.yaml").write_text("schema: 1\nid: mine\nlok: {}\n", "utf-8")
    assert studio.presets() == good
    (error,) = studio.preset_errors()
    assert "mine.yaml" in error.message
    assert cli.main(["presets", "list"]) == 0
    said = capfd.readouterr()
    assert said.err.strip() == str(error)
    assert len(said.out.splitlines()) == len(good)


def test_settings_that_name_no_model_are_said(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StudioError, match=r"“sdxl”.*settings\.json.*pocket"):
        Studio(places(), Settings(model="sdxl"))
    places().settings.parent.mkdir(parents=True)
    places().settings.write_text('{"model": "sdxl"}', encoding="utf-8")
    assert cli.main(["models"]) == 1
    assert "sdxl" in capfd.readouterr().err


@pytest.mark.parametrize("told", [("--vram", "48"), ("--ram", "48")])
def test_plan_asks_this_computer_for_the_memory_that_is_not_told(
    monkeypatch: pytest.MonkeyPatch, told: tuple[str, str]
) -> None:
    here = cli.Hardware(
        device="a card",
        vram_total_gb=6.0,
        vram_free_gb=5.0,
        ram_total_gb=12.0,
        ram_free_gb=7.0,
        bf16=True,
        teraflops=1.0,
    )
    asked: list[cli.Hardware] = []
    plans = Studio.plans

    def listening(studio: Studio, recipe: Recipe, kind: Kind, hardware: cli.Hardware) -> object:
        asked.append(hardware)
        return plans(studio, recipe, kind, hardware)

    monkeypatch.setattr(Studio, "hardware", lambda _: here)
    monkeypatch.setattr(Studio, "plans", listening)
    assert cli.main(["plan", *told]) == 0
    (used,) = asked
    expected = (48.0, 48.0, 12.0, 7.0) if told[0] == "--vram" else (6.0, 5.0, 48.0, 48.0)
    assert expected == (
        *(used.vram_total_gb, used.vram_free_gb),
        *(used.ram_total_gb, used.ram_free_gb),
    )


def test_models_answer_in_json(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = places().models / T2V_A14B.id
    folder.mkdir(parents=True)
    (folder / "whole.txt").write_text("whole", encoding="utf-8")
    monkeypatch.setattr(Studio, "get_model", lambda studio, *given: studio.models()[1])
    assert cli.main(["models", "get", T2V_A14B.id, "--json"]) == 0
    assert '"id": "t2v-a14b"' in (said := capfd.readouterr().out) and '"installed": true' in said
    assert cli.main(["models", "remove", T2V_A14B.id, "--json"]) == 0
    assert capfd.readouterr().out == '{"id": "t2v-a14b"}\n'
    assert not folder.exists()


def test_a_model_is_offered_got_checked_and_used_at_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))

    def run(*words: object) -> Any:
        status = cli.main(["models", *map(str, words), "--json"])
        return status, json.loads(capfd.readouterr().out)

    with hub_server.serve(published.files()) as hub:
        assert run("mirror", hub.address) == (0, {"mirror": hub.address})
        offered = run("offer", T2V_A14B.id)[1]
        made = ["made-bf16", "made-int8", "made-nf4"]
        assert [one["id"] for one in offered] == ["q8", "full", "q4", *made]
        assert [one["licences"] for one in offered] == [["Apache-2.0"]] * 6
        assert offered[5]["stays"] < 0.25 * offered[5]["missing"]
        assert offered[0]["bytes"] < 0.35 * offered[1]["bytes"]
        assert offered[1]["missing"] == offered[1]["bytes"] > 126e9
        elsewhere = tmp_path / "disk"
        status, got = run("get", T2V_A14B.id, "--bundle", "full", "--folder", elsewhere)
        assert (status, got["installed"]) == (0, True)
        assert got["folder"] == str(elsewhere / T2V_A14B.id)
        good = {"id": T2V_A14B.id, "damaged": [], "otherwise": []}
        assert run("check", T2V_A14B.id) == (0, good)
        vae = elsewhere / T2V_A14B.id / "vae" / "diffusion_pytorch_model.safetensors"
        vae.write_bytes(bytes(10_000))
        damaged = ["vae/diffusion_pytorch_model.safetensors"]
        assert run("check", T2V_A14B.id) == (1, {**good, "damaged": damaged})
        hub.refuse = 404
        assert cli.main(["models", "get", T2V_A14B.id]) == 1
        assert "404" in capfd.readouterr().err
        hub.refuse = 0
        assert run("get", T2V_A14B.id)[1]["folder"] == got["folder"]
        (elsewhere / T2V_A14B.id).rename(tmp_path / "mine")
        used = run("use", T2V_A14B.id, tmp_path / "mine")[1]
        assert (used["installed"], used["folder"]) == (True, str(tmp_path / "mine"))
    assert run("mirror", "default") == (0, {"mirror": constants.ENDPOINT})


def test_a_lora_is_added_named_and_refused_where_it_is_not_here(
    studio: Studio, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "film look.safetensors"
    name = "diffusion_model.blocks.0.self_attn.q.lora_down.weight"
    save_file({name: np.zeros((2, 2), np.float32)}, file)
    assert cli.main(["loras", "add", str(file), "--json"]) == 0
    added = json.loads(capfd.readouterr().out)
    assert cli.main(["loras", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == [added]
    asked = Recipe(prompt="A ferry.", loras=(Lora(file=file.name, sha256=added["sha256"]),))
    assert studio.foresee(asked, Kind.PREVIEW)[0].loras == asked.loras
    assert cli.main(["expand", "A ferry.", "--lora", "nobody.safetensors"]) == 2
    assert "no LoRA" in capfd.readouterr().err
    assert cli.main(["expand", "A ferry.", "--lora", f"{file.name},much"]) == 2
    assert "neither a strength" in capfd.readouterr().err
    assert cli.main(["loras", "remove", file.name]) == 0
    with pytest.raises(InvalidRequest, match="not on this computer"):
        studio.render(asked)
    assert studio.jobs() == []


@pytest.mark.parametrize(
    ("text", "expert", "strength"),
    [(".8", "both", 0.8), ("low", "low", 1.0), ("-1,high", "high", -1.0)],
)
def test_a_lora_is_written_in_one_word(
    studio: Studio, tmp_path: Path, text: str, expert: str, strength: float
) -> None:
    file = tmp_path / "a.safetensors"
    save_file({"transformer.x.lora_A.weight": np.zeros((2, 2), np.float32)}, file)
    read = cli._lora(f"{file},{text}", studio)
    assert (read.file, read.expert, read.strength) == ("a.safetensors", expert, strength)


@pytest.mark.parametrize(
    ("vram", "said"),
    [
        (12.0, "a card; graphics memory 12.0 GB (11.0 free), compute capability 8.6; bf16, "),
        (0.0, "a card; no graphics card that torch can use; bf16, "),
    ],
)
def test_doctor_tells_the_computer_in_one_line(
    vram: float, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = Hardware(
        device="a card",
        vram_total_gb=vram,
        vram_free_gb=11.0,
        ram_total_gb=32.0,
        ram_free_gb=20.0,
        bf16=True,
        teraflops=70.0,
        capability="8.6",
        page_file_gb=8.0,
        disk_gb_s=1.5,
        attention="sage",
        attention_reason="SageAttention 2.2.0 is installed",
    )
    monkeypatch.setattr(Studio, "measure", lambda _: seen)
    assert cli.main(["doctor"]) == cli.DONE
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("hardware: ")]
    rest = "70.00 TFLOPS; main memory 32.0 GB (20.0 free), page file 8.0 GB; "
    last = "disk of the models 1.50 GB/s written; attention sage (SageAttention 2.2.0 is installed)"
    assert line == f"hardware: {said}{rest}{last}"


@pytest.mark.parametrize(("solver", "steps"), [({}, None), (None, 5)])
def test_going_on_takes_an_early_end_back_unless_only_the_decoding_is_left(
    studio: Studio, solver: object, steps: int | None
) -> None:
    (job,) = studio.render(Recipe(prompt="A kite", model="pocket"))
    studio.pause(job.id)
    file = studio.places.checkpoint(job.id)
    file.parent.mkdir(parents=True)
    about = {"about": json.dumps({"step": 5, "solver": solver})}
    save_file({"latents": np.zeros(1, np.float32)}, file, about)
    assert studio.end_early(job.id).shot.ended_after == 5
    studio.pause(job.id)
    assert studio.again(job.id).shot.ended_after == steps
    assert studio.paused() == []


def test_all_that_is_paused_goes_on_in_its_order(studio: Studio) -> None:
    jobs = studio.render(Recipe(prompt="A kite"), takes=3)
    studio.pause_all()
    assert [job.id for job in studio.paused()] == [job.id for job in reversed(jobs)]
    studio.again_all()
    assert [job.id for job in studio.line()] == [job.id for job in jobs]


def test_a_disk_that_refuses_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "clips")

    monkeypatch.setattr(Studio, "clips", full)
    assert cli.main(["clips"]) == cli.FAILED
    assert "clips could not be read or written: No space left" in capsys.readouterr().err


def test_a_library_is_named_as_the_person_names_it(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "letter").symlink_to(tmp_path / "disk", target_is_directory=True)
    one, other = places(tmp_path / "letter" / "clips"), places(tmp_path / "disk" / "clips")
    assert one.library == tmp_path / "letter" / "clips"
    assert one.data == other.data
