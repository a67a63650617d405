"""The Models page's answers, and the first line of an empty stage."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants

from studio.errors import InvalidRequest
from studio.events import Answered
from studio.paths import places
from studio.plan import Hardware
from studio.settings import Settings
from studio.studio import Studio
from studio.ui.models import Depot, welcome
from tests.nouns import hub_server, published
from tests.nouns.hub_server import Hub
from tests.nouns.published import files

SINGLE = published.BIG.rpartition("/")[2]
CARD = Hardware(
    device="a card",
    vram_total_gb=12,
    vram_free_gb=11,
    ram_total_gb=32,
    ram_free_gb=28,
    bf16=True,
    teraflops=60,
)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**12))
    with hub_server.serve(files()) as served:
        yield served


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> Studio:
    monkeypatch.setattr(Studio, "hardware", lambda _: CARD)
    return Studio(places(), Settings(mirror=hub.address))


def one(told: dict[str, Any], id: str) -> dict[str, Any]:
    (found,) = (model for model in told["models"] if model["id"] == id)
    return found


def test_every_model_says_what_it_takes_and_whether_it_fits(studio: Studio) -> None:
    told = Depot(studio).look({})
    pocket, wan = one(told, "pocket"), one(told, "i2v-a14b")
    assert (pocket["installed"], pocket["built_in"], pocket["ways"]) == (True, True, [])
    assert wan["from"] == ["picture", "last"]
    assert wan["runs"]["preview"]["fits"] and wan["runs"]["preview"]["size"] == "832×480"
    assert wan["ways"][0]["enough"] and wan["ways"][0]["bytes"] > 1e10
    assert told["free"] == 10**12
    assert told["computer"] == {"device": "a card", "vram_gb": 12, "ram_gb": 32}


def test_what_takes_days_fits_but_nobody_is_invited_to_it(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = one(Depot(studio).look({}), "ti2v-5b")["runs"]["preview"]
    assert (preview["fits"], preview["worthwhile"]) == (True, True)
    bare = replace(CARD, vram_total_gb=0.0, vram_free_gb=0.0, teraflops=0.2)
    monkeypatch.setattr(Studio, "hardware", lambda _: bare)
    preview = one(Depot(studio).look({}), "ti2v-5b")["runs"]["preview"]
    assert (preview["fits"], preview["worthwhile"]) == (True, False)


def test_got_and_let_go(studio: Studio) -> None:
    depot = Depot(studio)
    assert one(depot.act({"name": "get", "id": "t2v-a14b"}), "t2v-a14b")["download"]["active"]
    while (told := one(depot.look({}), "t2v-a14b"))["download"]["active"]:
        pass
    assert told["installed"] and told["ways"] == []
    assert welcome(studio) is None
    assert not one(depot.act({"name": "remove", "id": "t2v-a14b"}), "t2v-a14b")["installed"]
    with pytest.raises(InvalidRequest):
        depot.act({"name": "polish", "id": "t2v-a14b"})


def test_each_way_says_whether_there_is_room(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr("studio.weights.hub.cached_snapshot", looked.append)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=40 * 10**9))
    told = Depot(studio).look({})
    assert len(looked) == len(set(looked)) == 3
    ways = {way["id"]: way for way in one(told, "t2v-a14b")["ways"]}
    assert [id for id, way in ways.items() if way["enough"]] == ["q4", "made-nf4"]
    assert ways["q4"]["seconds"] < ways["q8"]["seconds"] < ways["full"]["seconds"]


def test_a_model_on_a_drive_that_is_away(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drive, there = tmp_path / "Z", Path.exists
    studio.get_model("t2v-a14b", "full", drive)
    gone = {drive / "t2v-a14b", drive, *drive.parents}
    drive.rename(tmp_path / "unplugged")
    # A letter that is not mapped has no folder above it either.
    monkeypatch.setattr(Path, "exists", lambda path: path not in gone and there(path))
    told = Depot(studio).look({})
    model, other = one(told, "t2v-a14b"), one(told, "i2v-a14b")
    assert (model["installed"], model["disk"], model["ways"][0]["enough"]) == (False, False, False)
    assert (other["disk"], other["ways"][0]["enough"]) == (True, True)
    assert studio.offer("t2v-a14b").free == 0


def test_a_model_that_was_begun_goes_on_as_it_was_begun(studio: Studio, hub: Hub) -> None:
    depot = Depot(studio)
    recommended = one(depot.look({}), "t2v-a14b")["ways"][0]["id"]
    hub.gate.clear()
    depot.act({"name": "get", "id": "t2v-a14b", "bundle": "full"})
    while not (told := one(depot.look({}), "t2v-a14b"))["partly"]:
        pass
    depot.act({"name": "pause", "id": "t2v-a14b"})
    again = one(Depot(Studio(places(), Settings(mirror=hub.address))).look({}), "t2v-a14b")
    for each in (told, again):
        assert [way["id"] for way in each["ways"]][:2] == ["full", recommended]


def test_originals_are_released_once_they_are_kept_as_they_run(studio: Studio) -> None:
    depot = Depot(studio)
    home = studio.get_model("t2v-a14b", "full").folder
    assert one(depot.look({}), "t2v-a14b")["releasable"] is None
    with pytest.raises(InvalidRequest, match="is not kept so yet"):
        depot.act({"name": "release", "id": "t2v-a14b"})
    for form in ("int8-bfloat16", "nf4-bfloat16"):
        published.prepare(home, form)
    size = sum((home / each / SINGLE).stat().st_size for each in ("transformer", "transformer_2"))
    assert one(depot.look({}), "t2v-a14b")["releasable"] == size
    depot.act({"name": "release", "id": "t2v-a14b"})
    while (told := one(depot.look({}), "t2v-a14b"))["check"]["running"]:
        pass
    assert (told["check"]["freed"], told["check"]["error"]) == (size, None)
    assert (told["installed"], told["releasable"]) == (True, None)
    assert not (home / published.BIG).exists()


def test_a_folder_that_is_here_is_used_and_checked(studio: Studio, tmp_path: Path) -> None:
    depot, own = Depot(studio), tmp_path / "my models"
    with pytest.raises(InvalidRequest, match=r"model_index\.json is missing"):
        depot.act({"name": "use", "id": "t2v-a14b", "folder": str(tmp_path)})
    published.lay(own)
    told = one(depot.act({"name": "use", "id": "t2v-a14b", "folder": f' "{own}" '}), "t2v-a14b")
    assert (told["installed"], told["borrowed"], told["check"]) == (True, True, None)
    depot.act({"name": "check", "id": "t2v-a14b"})
    while (told := one(depot.look({}), "t2v-a14b"))["check"]["running"]:
        pass
    assert told["installed"] and published.BIG in told["check"]["damaged"]


@pytest.mark.parametrize("waiting", [(), ("a render",)], ids=["at rest", "rendering"])
def test_a_check_asks_the_experts_where_nothing_renders(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, waiting: tuple[str, ...]
) -> None:
    said = Answered(otherwise=("nf4-bfloat16/transformer",))
    monkeypatch.setattr(Studio, "check_model", lambda *_: ())
    monkeypatch.setattr(Studio, "ask_model", lambda *_: said)
    monkeypatch.setattr(Studio, "line", lambda _: list(waiting))
    depot = Depot(studio)
    depot.act({"name": "check", "id": "t2v-a14b"})
    while (told := one(depot.look({}), "t2v-a14b"))["check"]["running"]:
        pass
    assert tuple(told["check"]["answered"]["otherwise"]) == (() if waiting else said.otherwise)


def test_the_address_is_chosen_and_let_go(studio: Studio) -> None:
    depot, usual = Depot(studio), Studio(places(), Settings()).mirror()
    mirror = "https://mirror.example"
    assert depot.act({"name": "mirror", "address": f" {mirror} "})["mirror"] == mirror
    with pytest.raises(InvalidRequest):
        depot.act({"name": "mirror", "address": "ftp://mirror.example"})
    assert depot.act({"name": "mirror", "address": ""})["mirror"] == usual


@pytest.mark.parametrize(
    ("hardware", "said"),
    [
        (CARD, "Wan2.2"),
        (replace(CARD, vram_total_gb=0, vram_free_gb=0), {}),
        (None, None),
    ],
)
def test_the_first_line(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, hardware: Hardware | None, said: object
) -> None:
    monkeypatch.setattr(Studio, "hardware", lambda _: hardware)
    told = welcome(studio)
    if isinstance(said, str):
        assert told and said in told["name"] and told["bytes"] > 1e10
    else:
        assert told == said


def test_before_it_is_measured_nothing_is_claimed(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Studio, "hardware", lambda _: None)
    told = Depot(studio).look({})
    assert told["computer"] is None
    assert one(told, "ti2v-5b")["runs"] == {"preview": None, "final": None}
