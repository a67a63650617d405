"""The Presets page's answers, on real preset files."""

import shutil
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from studio.errors import InvalidRequest
from studio.paths import BUNDLED_PRESETS, Places, places
from studio.settings import Settings
from studio.studio import Studio
from studio.ui import form
from studio.ui.presets import Rack, _made

LOOSE = "schema: 1\nid: loose\nname: {en: Loose look, zh: 随意}\nlook: {color_tone: warm}\n"


@pytest.fixture
def here() -> Places:
    return places()


@pytest.fixture
def studio(here: Places) -> Studio:
    return Studio(here, Settings())


@pytest.fixture
def rack(studio: Studio) -> Rack:
    return Rack(studio)


def uploaded(name: str, data: str | bytes) -> str:
    """A file where the page's uploads are."""
    folder = Path(gr.utils.get_upload_folder()) / "test"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(path)


def own(rack: Rack) -> list[str]:
    return [each["id"] for each in rack.browse({})["presets"] if each["own"]]


def values(**changed: object) -> form.Values:
    usual = {
        "prompt": "",
        "negative": "",
        "steps": "",
        "seed": "",
        "picture": {},
        "last_picture": {},
        "looks": {},
        "model": "pocket",
        "shape": None,
        "frames": None,
        "takes": 1,
    }
    return form.Values(**(usual | changed))


def test_a_bundled_one_that_is_written_in_becomes_the_persons(rack: Rack) -> None:
    before = rack.detail({"id": "neon-noir"})
    text = before["text"].replace("[cool, saturated]", "[warm]")
    assert rack.change({"name": "write", "id": "neon-noir", "text": text}) == {"id": "neon-noir"}
    after = rack.detail({"id": "neon-noir"})
    assert (before["own"], after["own"]) == (False, True)
    said = {each["name"]["en"]: each["value"]["en"] for each in after["says"] if each["name"]}
    assert said["Colour tone"] == "Warm colors"
    assert Path(after["picture"]).is_file() and after["text"].splitlines()[0].startswith("#")
    assert rack.change({"name": "remove", "id": "neon-noir"}) == {"id": "neon-noir"}
    assert rack.detail({"id": "neon-noir"})["text"] == before["text"]
    with pytest.raises(InvalidRequest, match="comes with Rushes"):
        rack.change({"name": "remove", "id": "neon-noir"})


def test_every_fault_is_told_at_its_line(rack: Rack) -> None:
    text = "schema: 1\nid: Loose\nname: {en: x}\nlook:\n  colour_tone: warm\n"
    found = rack.check({"text": text})["faults"]
    assert [each["line"] for each in found] == [2, 5]
    assert "colour_tone" in found[1]["message"]["en"] and "color_tone" in found[1]["advice"]["en"]
    assert rack.check({"text": "a: [1"})["faults"][0]["line"] == 1
    assert rack.check({"text": ""})["faults"][0]["advice"]["en"] == "Start it with “schema: 1”."
    assert rack.check({"text": LOOSE})["faults"] == []


def test_a_text_of_another_id_is_refused(rack: Rack) -> None:
    with pytest.raises(InvalidRequest, match="stays what it is"):
        rack.change({"name": "write", "id": "neon-noir", "text": LOOSE})
    assert own(rack) == []


def test_duplicate_again_and_a_picture_of_its_own(rack: Rack, tmp_path: Path) -> None:
    first = rack.change({"name": "duplicate", "id": "neon-noir"})["id"]
    second = rack.change({"name": "duplicate", "id": "neon-noir"})["id"]
    assert (first, second) == ("neon-noir-2", "neon-noir-3")
    Image.new("RGB", (64, 40), "#ff0000").save(tmp_path / "red.png")
    path = uploaded("red.png", (tmp_path / "red.png").read_bytes())
    before = rack.detail({"id": first})
    rack.change({"name": "picture", "id": first, "path": path})
    after = rack.detail({"id": first})
    with Image.open(after["picture"]) as image:
        assert image.convert("RGB").getpixel((5, 5)) == (255, 0, 0)
    assert not Path(path).exists()
    # A browser asks for one address only once.
    assert before["picture"] == after["picture"] and before["drawn"] != after["drawn"]


def test_what_is_dropped_is_looked_into_first(rack: Rack, studio: Studio) -> None:
    taken = (BUNDLED_PRESETS / "neon-noir.yaml").read_text("utf-8").replace("[cool,", "[warm,")
    paths = [
        uploaded("loose.yaml", LOOSE),
        uploaded("theirs.yaml", taken),
        uploaded("bad.yaml", "schema: 9\n"),
    ]
    told = rack.inspect({"paths": paths})
    standing = {each["id"]: (each["standing"], each["taken"]) for each in told["found"]}
    assert standing == {"loose": ("new", False), "neon-noir": ("bundled", True)}
    assert len(told["wrong"]) == 1 and own(rack) == []
    kept = rack.take_in({"paths": paths[:2], "choices": {"neon-noir": "keep-both"}})
    assert kept["ids"] == ["loose", "neon-noir-2"]
    assert sorted(own(rack)) == ["loose", "neon-noir-2"]
    assert [Path(path).exists() for path in paths] == [False, False, True]
    file = rack.change({"name": "export_own"})
    shutil.copy(file["file"], uploaded("pack.zip", b""))
    again = rack.inspect({"paths": [uploaded("pack.zip", Path(file["file"]).read_bytes())]})
    assert {each["standing"] for each in again["found"]} == {"same"}


def test_nothing_but_uploads_is_looked_into(rack: Rack) -> None:
    for path in (str(BUNDLED_PRESETS / "neon-noir.yaml"), None, "../../etc/passwd"):
        with pytest.raises(InvalidRequest, match="not uploaded"):
            rack.inspect({"paths": [path]})


def test_a_preset_out_of_the_form(rack: Rack, studio: Studio) -> None:
    looks = {"presets": ["neon-noir"], "look": {"color_tone": ["warm"]}}
    made = _made(studio, "Harbour at six", None, values(prompt="A kite", looks=looks))["made"]
    says = rack.detail({"id": made})
    assert says["name"]["en"] == "Harbour at six" and "A kite" not in says["text"]
    assert "warm" in says["text"] and "time_of_day: night" in says["text"]
    twice = _made(studio, "Harbour at six", None, values(looks=looks))["made"]
    assert twice == f"{made}-2"
    long = "A name of more words than a prompt is cut to"
    named = _made(studio, long, None, values(looks=looks))["made"]
    assert rack.detail({"id": named})["name"]["en"] == long
    told = _made(studio, "Nothing", None, values(prompt="A kite"))
    assert "no look" in told["problem"]["message"]["en"]
