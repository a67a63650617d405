"""Looks at a terminal: what each command says, writes and answers."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio import cli, mp4, presets
from studio.clip import Tag
from studio.models import POCKET
from studio.paths import BUNDLED_PRESETS, places
from studio.preset_schema import json_schema
from studio.prompt import expand
from studio.recipe import Recipe
from studio.shot import Kind, decide

MINE = "schema: 1\nid: mine\nname: {en: Mine}  # a comment\nlook:\n  color_tone: warm\n"
Told = pytest.CaptureFixture[str]


def run(told: Told, *arguments: str | Path) -> tuple[int, str, str]:
    """The exit status, standard output and standard error."""
    told.readouterr()
    try:
        status = cli.main(["presets", *map(str, arguments)])
    except SystemExit as wrong:
        status = int(str(wrong.code))
    said = told.readouterr()
    return status, said.out, said.err


def rows(told: Told, *arguments: str | Path) -> list[dict[str, Any]]:
    status, out, err = run(told, *arguments, "--json")
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text(MINE, encoding="utf-8")
    return file


def own() -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in places().presets.glob("*.yaml")}


def test_an_import_says_what_it_changes_and_what_is_missing(capfd: Told, mine: Path) -> None:
    mine.write_text(MINE + "models: [t2v-a14b]\n", encoding="utf-8")
    status, out, _ = run(capfd, "check", mine)
    assert status == 0 and own() == {}
    assert out.splitlines() == [
        f"{mine}: mine is fine.",
        "  look.color_tone: Warm colors",
        "  missing here: model t2v-a14b",
    ]
    (row,) = rows(capfd, "import", mine)
    assert row == {
        "id": "mine",
        "file": str(mine),
        "was": "mine",
        "source": "mine.yaml",
        "here": "new",
        "changes": {"look.color_tone": {"en": "Warm colors", "zh": "暖色调"}},
        "missing": [{"need": "model", "name": "t2v-a14b"}],
    }
    assert own() == {"mine.yaml": mine.read_text("utf-8")}
    status, out, err = run(capfd, "import", mine)
    assert (status, out) == (0, "") and "the same: mine" in err


def test_a_taken_id_is_asked_about(
    capfd: Told, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capfd, "import", mine)
    mine.write_text(MINE.replace("Mine", "Theirs"), encoding="utf-8")
    status, out, err = run(capfd, "import", mine)
    assert (status, out) == (2, "")
    assert "“mine” already" in err and "--replace or --keep-both" in err
    assert own() == {"mine.yaml": MINE}
    assert rows(capfd, "import", mine, "--keep-both")[0]["id"] == "mine-2"
    assert "id: mine-2" in own()["mine-2.yaml"] and own()["mine.yaml"] == MINE
    assert rows(capfd, "import", mine, "--replace")[0]["id"] == "mine"
    assert own()["mine.yaml"] == mine.read_text("utf-8")
    assert run(capfd, "import", mine, "--replace", "--keep-both")[0] == 2

    mine.write_text(MINE.replace("Mine", "Third"), encoding="utf-8")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(["?", "s", "K"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    assert run(capfd, "import", mine)[1].count("mine is taken. mine.yaml:") == 2
    assert "Third" not in own()["mine.yaml"]
    assert run(capfd, "import", mine)[0] == 0
    assert "id: mine-3" in own()["mine-3.yaml"]


def test_a_wrong_file_is_told_and_the_others_come_in(capfd: Told, mine: Path) -> None:
    wrong = mine.with_name("wrong.yaml")
    wrong.write_text("schema: 1\nid: wrong\nlok: 1\n", encoding="utf-8")
    for command in ("check", "import"):
        status, out, err = run(capfd, command, mine, wrong)
        assert status == 2
        assert "mine" in out and "wrong.yaml, line 3, lok" in err and "Traceback" not in err
    assert set(own()) == {"mine.yaml"}
    status, out, _ = run(capfd, "check", wrong, "--json")
    assert status == 2 and "lok" in json.loads(out)["error"]


def test_a_pack_goes_out_and_in(capfd: Told, tmp_path: Path, mine: Path) -> None:
    run(capfd, "import", mine)
    pack = tmp_path / "pack.zip"
    assert rows(capfd, "export", "mine", "neon-noir", "--out", pack) == [
        {"id": "mine", "file": str(pack)},
        {"id": "neon-noir", "file": str(pack)},
    ]
    with zipfile.ZipFile(pack) as archive:
        assert {name for name in archive.namelist() if name.endswith(".yaml")} == {
            "mine.yaml",
            "neon-noir.yaml",
        }
    assert run(capfd, "export", "mine", "neon-noir", "--out", pack)[0] == 2
    (places().presets / "mine.yaml").unlink()
    assert [row["id"] for row in rows(capfd, "import", pack)] == ["mine"]
    assert own() == {"mine.yaml": MINE}
    assert run(capfd, "export", "nobody", "--out", tmp_path / "nobody.yaml")[0] == 2


def test_a_look_is_changed_from_the_command_line(capfd: Told, tmp_path: Path, mine: Path) -> None:
    run(capfd, "import", mine)
    Image.new("RGB", (60, 40), "orange").save(tmp_path / "card.png")
    edits = ("name.en=Late: light", "look.color_tone=[cool, mixed]", "look.camera_move=arc")
    more = ("prompt.en={prompt} Gulls circle.", "sampling.steps=12", "author=")
    picture = ("--picture", tmp_path / "card.png")
    (row,) = rows(capfd, "edit", "mine", *edits, *more, *picture)
    assert row["sampling"] == {"steps": 12} and row["picture"] == "mine.webp"
    assert own()["mine.yaml"].splitlines() == [
        *("schema: 1", "id: mine", "name: {en: 'Late: light'} # a comment"),
        *("look:", "  color_tone: [cool, mixed]", "  camera_move: arc"),
        *("prompt:", "  en: '{prompt} Gulls circle.'", "sampling:", "  steps: 12"),
        "picture: mine.webp",
    ]
    rows(capfd, "edit", "mine", "sampling.steps=", "look.color_tone=")
    assert "sampling" not in own()["mine.yaml"] and "color_tone" not in own()["mine.yaml"]
    for wrong in ("name.en", "=x", "name..en=x", "tags=[a"):
        assert run(capfd, "edit", "mine", wrong)[0] == 2
    status, _, err = run(capfd, "edit", "mine", "look.color_tone=purple")
    assert status == 2 and "purple" in err
    for outer in ("look=", "look=warm", "look=[warm]"):
        status, _, err = run(capfd, "edit", "mine", outer, "look.color_tone=warm")
        assert status == 2 and "“look.color_tone” is part of “look”" in err


def test_a_bundled_look_is_edited_as_an_own_copy(capfd: Told) -> None:
    before = (BUNDLED_PRESETS / "neon-noir.yaml").read_bytes()
    assert rows(capfd, "edit", "neon-noir", "author=Me")[0]["author"] == "Me"
    assert rows(capfd, "duplicate", "neon-noir", "my-noir")[0]["id"] == "my-noir"
    assert (BUNDLED_PRESETS / "neon-noir.yaml").read_bytes() == before
    (listed,) = rows(capfd, "list")
    told = {row["id"]: row["own"] for row in listed}  # type: ignore[union-attr]
    assert told["neon-noir"] and told["my-noir"] and not told["golden-hour-drift"]
    assert "my-noir" in run(capfd, "list")[1]


def test_the_look_of_a_clip_becomes_one_s_own(capfd: Told, tmp_path: Path) -> None:
    chosen = [presets.find("neon-noir", places())]
    recipe = Recipe(prompt="a ferry", presets=("neon-noir",), look={"color_tone": ("warm",)})
    shot = decide(recipe, POCKET, expand(recipe, POCKET, chosen), Kind.PREVIEW, 7, {})
    tag = Tag(
        id="0123456789ab",
        created="2026-11-22T10:00:00+00:00",
        seconds=1.0,
        recipe=recipe,
        shot=shot,
    )
    film = tmp_path / "film.mp4"
    with mp4.Writer(film, 96, 64, 8) as writer:
        writer.add(np.zeros((64, 96, 3), np.uint8))
        writer.tell(tag.to_json())
    assert rows(capfd, "extract", film)[0]["id"] == "look-a-ferry"
    cli.main(["expand", "a ferry", "--preset", "look-a-ferry", "--json"])
    assert json.loads(capfd.readouterr().out)["prompt"] == shot.prompt
    rows(capfd, "edit", "look-a-ferry", "look.color_tone=cool")
    assert rows(capfd, "extract", film)[0]["id"] == "look-a-ferry-2"
    assert run(capfd, "extract", "0123456789ab")[0] == 1
    assert run(capfd, "extract", tmp_path / "gone.mp4")[0] == 2


def test_the_schema_is_printed_or_written(capfd: Told, tmp_path: Path) -> None:
    assert json.loads(run(capfd, "schema")[1]) == json_schema()
    assert run(capfd, "schema", "--out", tmp_path / "schema.json")[0] == 0
    assert json.loads((tmp_path / "schema.json").read_text("utf-8")) == json_schema()


def test_what_is_overruled_is_told_at_the_terminal(capfd: Told) -> None:
    looks = ("--preset", "golden-hour-drift", "--preset", "neon-noir", "--look", "time_of_day=dawn")
    cli.main(["expand", "a ferry", *looks])
    said = capfd.readouterr().out
    assert "left out: Sunset time of golden-hour-drift (replaced, by time_of_day=dawn)" in said
    cli.main(["expand", "a ferry", *looks, "--json"])
    told = json.loads(capfd.readouterr().out)
    assert told["overruled"] == []
    assert {
        "category": "time_of_day",
        "term": "night",
        "source": "neon-noir",
        "reason": "replaced",
        "by": "time_of_day=dawn",
    } in told["left_out"]
