"""The index file itself: old schemas, newer ones, and changes that fail half-way."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.gallery import index as index_module
from studio.gallery.folders import Place, Spot, Stamp
from studio.gallery.index import Change, Damaged, Index, Row, Wanted
from studio.gallery.library import Library
from studio.gallery.migrations import MIGRATIONS, Execute
from studio.paths import Places
from tests.gallery.conftest import Render

SCHEMA_1 = Path(__file__).with_name("index_schema_1.sql")
SCHEMA_3 = Path(__file__).with_name("index_schema_3.sql")


def row(clip_id: str = "0" * 12, **values: object) -> Row:
    given = {
        "spot": Spot(Place.LIBRARY, f"{clip_id}.mp4"),
        "stamp": Stamp(1, 2),
        "created_at": 3.0,
        "kind": "preview",
        "model": "pocket",
        "presets": (),
        "parent": None,
        "search_text": "a red ball",
        "words": "{}",
    }
    return Row(id=clip_id, **(given | values))


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as sql:
        return int(sql.execute("PRAGMA user_version").fetchone()[0])


def test_an_index_of_the_first_schema_is_brought_up_with_its_stars(
    library: Library, render: Render, places: Places
) -> None:
    """The file is what the first step made, filled; it stays as it is when steps are added."""
    clip = library.adopt(render("一只猫咪"))
    path = places.data / "index.sqlite"
    path.unlink()
    with closing(sqlite3.connect(path)) as sql:
        sql.executescript(SCHEMA_1.read_text("utf-8"))
    assert version(path) == 1
    old = Library(places)
    assert version(path) == len(MIGRATIONS)
    old.sync()
    (found,) = old.clips("猫咪")
    assert (found.id, found.stars, found.tags) == (clip.id, 4, ("海报", "for Anna"))


def test_an_index_of_the_third_schema_tells_what_its_clips_are(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(sqlite3.connect(path)) as sql:
        sql.executescript(SCHEMA_3.read_text("utf-8"))
    index = Index(path)
    (first,) = index.find(Wanted(place=Place.LIBRARY), 9)
    assert (first.kind, first.model, first.parent) == ("preview", "pocket", None)
    assert (first.presets, first.tags) == (("golden-hour", "loose"), ("海报", "for Anna"))
    assert (first.stars, first.stamp, first.created_at) == (4, Stamp(1, 2), 1795312860.5)
    (child,) = index.children(first.id)
    assert (child.id, child.kind, child.model) == ("00000000000b", "final", "t2v-a14b")
    assert child.parent == first.id and child.presets == ()
    assert Spot(Place.LIBRARY, "holiday.mp4") in index.known()
    assert index.revision() == 1795312860007


def test_a_newer_index_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    Index(path)
    with closing(sqlite3.connect(path)) as sql:
        sql.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    with pytest.raises(StudioError, match="newer version"):
        Index(path)
    assert path.read_bytes() == before


def test_a_step_that_fails_leaves_the_old_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.sqlite"
    with Index(path).changing() as change:
        change.put(row(stars=5))

    def broken(execute: Execute) -> None:
        execute("DROP TABLE clips")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(index_module, "MIGRATIONS", [*MIGRATIONS, broken])
        with pytest.raises(KeyboardInterrupt):
            Index(path)
    assert Index(path).find(Wanted(place=Place.LIBRARY), 9) == [row(stars=5)]


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite")
    before = index.revision()
    with pytest.raises(KeyboardInterrupt), index.changing() as change:
        change.put(row())
        raise KeyboardInterrupt
    assert index.count(Wanted(place=Place.LIBRARY)) == 0
    assert index.revision() == before
    with index.changing() as change:
        change.put(row())
    assert index.get(row().id) == row()
    assert index.revision() > before


def test_a_file_is_lost_without_reading_all_the_others(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with Index(path).changing() as change:
        for number in range(2000):
            change.put(row(f"{number:012x}"))
    thousands: list[None] = []
    with closing(sqlite3.connect(path)) as sql:
        sql.set_progress_handler(lambda: thousands.append(None), 1000)
        Change(sql).lose(row().spot)
    assert len(thousands) < 2


def test_a_new_index_counts_on_from_a_lost_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Index(tmp_path / "first.sqlite")
    for number in range(20):
        with first.changing() as change:
            change.put(row(stars=number))
    time.sleep(1.0)
    assert Index(tmp_path / "second.sqlite").revision() > first.revision()


def test_no_file_is_left_open(tmp_path: Path) -> None:
    """Beside a closed database SQLite leaves no log; an open one would stay and hold the folder."""
    index = Index(tmp_path / "index.sqlite")
    with index.changing() as change:
        change.put(row())
    index.find(Wanted(place=Place.LIBRARY), 9)
    assert [path.name for path in tmp_path.iterdir()] == ["index.sqlite"]


def test_something_that_is_no_index_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    index = Index(path)
    path.write_bytes(b"text, not a database" * 500)
    for question in (lambda: Index(path), index.revision, index.known):
        with pytest.raises(Damaged, match="damaged"):
            question()


def test_a_folder_in_place_of_the_index_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").mkdir()
    with pytest.raises(StudioError, match="cannot be used"):
        Index(tmp_path / "index.sqlite")
