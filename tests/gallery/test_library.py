"""The library as a person uses it, with real films, and what other programs may do to its files."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio import files, mp4
from studio.errors import InvalidRequest, NotFound, StudioError
from studio.events import Finished
from studio.gallery import library as library_module
from studio.gallery.filters import Filters
from studio.gallery.folders import Place, Spot, Stamp
from studio.gallery.index import Index
from studio.gallery.library import MAX_TAGS, Library
from studio.paths import Places
from studio.shot import Kind, Refine, Way
from tests.gallery.conftest import FRAMES, Render, film


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_finished_render_becomes_a_clip(library: Library, render: Render, places: Places) -> None:
    finished = render("a red ball", look={"time_of_day": ("sunset",)})
    clip = library.adopt(finished)
    assert clip.file == places.library / "2026-11-22_a-red-ball_7_preview.mp4"
    assert clip.file.is_file() and clip.poster.is_file()
    assert not finished.file.exists() and not finished.poster.exists()
    assert (clip.recipe, clip.shot) == (finished.tag.recipe, finished.tag.shot)
    assert library.clips() == [clip] == [library.clip(clip.id)]
    assert mp4.words(clip.file)["id"] == clip.id


def test_the_newest_clip_comes_first_and_pages_fit_together(
    library: Library, render: Render
) -> None:
    clips = [library.adopt(render(f"shot {n}")) for n in range(5)]
    newest_first = clips[::-1]
    assert library.clips() == newest_first
    assert library.clips(limit=2) + library.clips(limit=3, offset=2) == newest_first
    assert library.count() == 5


def test_times_in_other_zones_are_compared_as_moments(library: Library, render: Render) -> None:
    early, late = render("early"), render("late")
    early = replace(early, tag=replace(early.tag, created="2026-11-22T10:00:00+08:00"))
    late = replace(late, tag=replace(late.tag, created="2026-11-22T04:00:00+00:00"))
    library.adopt(late)
    library.adopt(early)
    assert [clip.recipe.prompt for clip in library.clips()] == ["late", "early"]


def test_clips_of_one_name_stand_side_by_side_whatever_their_letter_case(
    library: Library, render: Render, places: Places
) -> None:
    for prompt in ("red ball", "Red Ball", "RED ball"):
        library.adopt(render(prompt))
    assert names(places.library) == [
        "2026-11-22_RED-ball_7_preview-3.mp4",
        "2026-11-22_Red-Ball_7_preview-2.mp4",
        "2026-11-22_red-ball_7_preview.mp4",
    ]


def test_a_file_of_somebody_else_is_never_overwritten(
    library: Library, render: Render, places: Places
) -> None:
    places.library.mkdir(parents=True)
    strange = places.library / "2026-11-22_a-red-ball_7_preview.mp4"
    strange.write_bytes(b"not ours")
    clip = library.adopt(render())
    assert clip.file.name == "2026-11-22_a-red-ball_7_preview-2.mp4"
    assert strange.read_bytes() == b"not ours"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("猫咪", ["一只猫咪在跑"]),
        ("猫", ["一只猫咪在跑", "小猫"]),
        ("猫 跑", ["一只猫咪在跑"]),
        ("ÉTOILE", ["Une étoile 100%"]),
        ("toil", ["Une étoile 100%"]),
        ("une 100%", ["Une étoile 100%"]),
        ("é_oile", []),
        ("%", ["Une étoile 100%"]),
        ("\\", []),
        ("ｅｔｏｉｌｅ", []),
        ("ｕｎｅ", ["Une étoile 100%"]),
        ("golden-hour", ["小猫"]),
        ("sunset", ["Une étoile 100%"]),
        ("soft light", ["一只猫咪在跑", "Une étoile 100%", "小猫"]),
        ("blurry", []),
        ("nothing like it", []),
        ("\ud800", []),
        ("  ", ["一只猫咪在跑", "Une étoile 100%", "小猫"]),
    ],
)
def test_search_finds_words_of_any_language(
    library: Library, render: Render, search: str, found: list[str]
) -> None:
    library.adopt(render("小猫", presets=("golden-hour", {"id": "a-file"})))
    library.adopt(render("Une étoile 100%", look={"time_of_day": ("sunset",)}))
    library.adopt(render("一只猫咪在跑"))
    assert [clip.recipe.prompt for clip in library.clips(search)] == found
    assert library.count(search) == len(found)


def test_a_search_may_not_be_endless(library: Library) -> None:
    assert library.clips("a " * 250) == []
    with pytest.raises(InvalidRequest, match="too long"):
        library.clips("a " * 251)


def test_stars(library: Library, render: Render) -> None:
    one, two = library.adopt(render("one")), library.adopt(render("two"))
    assert library.star(one.id, 4).stars == 4
    starred = Filters(stars=(1, 5))
    assert [clip.id for clip in library.clips(filters=starred)] == [one.id]
    assert library.count(filters=starred) == 1
    assert library.clip(two.id).stars == 0
    library.star(one.id, 0)
    assert library.clips(filters=starred) == []


@pytest.mark.parametrize("stars", [-1, 6])
def test_other_numbers_of_stars_are_refused(library: Library, render: Render, stars: int) -> None:
    clip = library.adopt(render())
    with pytest.raises(InvalidRequest):
        library.star(clip.id, stars)
    assert library.clip(clip.id) == clip


# -- filters, tags, family


def test_every_filter_lets_its_clips_through(library: Library, render: Render) -> None:
    """Three clips a minute apart; the second is everything that is asked for."""
    library.adopt(render("one"))
    made = render("two", presets=("noir", {"id": "loose"}))
    shot = replace(made.tag.shot, model="ti2v-5b", kind=Kind.FINAL)
    two = library.adopt(replace(made, tag=replace(made.tag, shot=shot)))
    library.adopt(render("three"))
    library.tag(two.id, ["for Anna"])
    two = library.star(two.id, 3)
    moment = datetime.fromisoformat(two.created).timestamp()
    for asked in (
        {"stars": (3, 5)},
        {"stars": (1, 3)},
        {"model": "ti2v-5b"},
        {"kind": Kind.FINAL},
        {"preset": "noir"},
        {"preset": "loose"},
        {"tag": "for Anna"},
        {"tag": "for Anna", "kind": Kind.FINAL, "stars": (0, 5), "since": moment},
    ):
        assert library.clips(filters=Filters(**asked)) == [two], asked
        assert library.clips("two", filters=Filters(**asked)) == [two]
        assert library.count("one", filters=Filters(**asked)) == 0
    assert library.count(filters=Filters(since=moment)) == 2
    assert library.count(filters=Filters(since=moment + 0.5)) == 1
    assert library.count(filters=Filters(stars=(0, 0))) == 2
    for asked in ({"tag": "Anna"}, {"preset": "noi"}, {"model": "ti2v"}, {"stars": (4, 5)}):
        assert library.count(filters=Filters(**asked)) == 0


def test_what_can_be_chosen_is_counted(library: Library, render: Render) -> None:
    clips = [library.adopt(render(presets=("noir",))), library.adopt(render())]
    for clip in clips:
        library.tag(clip.id, ["猫", "for Anna"] if clip is clips[0] else ["猫"])
    told = library.choices()
    assert told.models == (("pocket", 2),)
    assert told.presets == (("noir", 1),)
    assert told.tags == (("for Anna", 1), ("猫", 2))
    library.trash(clips[0].id)
    assert library.choices().tags == (("猫", 1),)
    assert library.choices(trashed=True).presets == (("noir", 1),)


def test_tags_come_and_go_and_are_searched(library: Library, render: Render) -> None:
    clip = library.adopt(render())
    assert library.tag(clip.id, ["  for \n Anna ", "海报"]).tags == ("for Anna", "海报")
    assert library.clips("海报") == library.clips("anna") == [library.clip(clip.id)]
    assert library.tag(clip.id, ["FOR ANNA"]).tags == ("for Anna", "海报")
    assert library.tag(clip.id, ["best"], remove=["For anna", "none"]).tags == ("海报", "best")
    assert library.clips("anna") == []


def test_a_tag_is_spelled_as_in_the_rest_of_the_library(library: Library, render: Render) -> None:
    one, two = library.adopt(render()), library.adopt(render())
    library.tag(one.id, ["Étoile"])
    assert library.tag(two.id, ["étoile"]).tags == ("Étoile",)


@pytest.mark.parametrize("tag", ["", "  ", "a" * 41, "bell\x07", "half \ud83d"])
def test_what_is_no_tag_is_refused(library: Library, render: Render, tag: str) -> None:
    clip = library.adopt(render())
    with pytest.raises(InvalidRequest, match="cannot be a tag"):
        library.tag(clip.id, ["fine", tag])
    assert library.clip(clip.id).tags == ()


def test_a_clip_has_only_so_many_tags(library: Library, render: Render) -> None:
    clip = library.adopt(render())
    library.tag(clip.id, map(str, range(MAX_TAGS)))
    with pytest.raises(InvalidRequest, match="too many"):
        library.tag(clip.id, ["one more"])


def refined(render: Render, parent: str, prompt: str = "refined") -> Finished:
    made = render(prompt)
    refine = Refine(parent=parent, way=Way.PIXELS, sigma=0.6, fidelity=0.5)
    shot = replace(made.tag.shot, kind=Kind.FINAL, refine=refine)
    return replace(made, tag=replace(made.tag, shot=shot))


def test_a_family_is_all_that_was_refined_from_one_preview(
    library: Library, render: Render
) -> None:
    preview = library.adopt(render("preview"))
    library.adopt(render("somebody else"))
    once = library.adopt(refined(render, preview.id))
    twice = library.adopt(refined(render, preview.id))
    further = library.adopt(refined(render, once.id))
    family = [preview.id, once.id, twice.id, further.id]
    for member in family:
        assert [clip.id for clip in library.family(member)] == family
    library.trash(twice.id)
    assert [clip.trashed for clip in library.family(once.id)] == [False, False, True, False]
    preview.file.unlink()
    assert [clip.id for clip in library.family(further.id)] == family[1:]
    library.sync()
    assert [clip.id for clip in library.family(further.id)] == family[1:]
    with pytest.raises(NotFound):
        library.family(preview.id)


def test_clips_that_claim_to_be_their_own_parents_are_a_family(
    library: Library, render: Render
) -> None:
    one = library.adopt(refined(render, f"{2:012x}"))
    two = library.adopt(refined(render, one.id))
    assert {clip.id for clip in library.family(one.id)} == {one.id, two.id}


# -- the trash


def test_trash_and_back(library: Library, render: Render, places: Places) -> None:
    clip = library.adopt(render())
    library.star(clip.id, 2)
    trashed = library.trash(clip.id)
    assert trashed.trashed and trashed.file == places.trash / clip.file.name
    assert trashed.file.is_file() and not clip.file.exists()
    assert library.clips() == [] and library.clips(trashed=True) == [trashed]
    assert library.trash(clip.id) == trashed
    back = library.restore(clip.id)
    assert back == replace(clip, stars=2) and back.file.is_file()
    assert library.clips(trashed=True) == []


def test_trash_and_restore_step_aside_for_files_of_that_name(
    library: Library, render: Render, places: Places
) -> None:
    clip = library.adopt(render())
    places.trash.mkdir()
    (places.trash / clip.file.name.upper()).write_bytes(b"theirs")
    trashed = library.trash(clip.id)
    assert trashed.file.stem.endswith("-2")
    again = library.adopt(render())
    restored = library.restore(clip.id)
    assert {clip.file.name for clip in library.clips()} == {again.file.name, restored.file.name}
    assert (places.trash / clip.file.name.upper()).read_bytes() == b"theirs"


def test_a_clip_comes_back_from_the_trash_into_its_folder(
    library: Library, render: Render, places: Places
) -> None:
    clips = [library.adopt(render(f"shot {n}")) for n in range(2)]
    folder = places.library / "Client A" / "best"
    folder.mkdir(parents=True)
    for clip in clips:
        clip.file.rename(folder / clip.file.name)
    library.sync()
    thrown = [library.trash(clip.id) for clip in clips]
    assert [clip.file.parent for clip in thrown] == [places.trash / "Client A" / "best"] * 2
    assert library.sync() == 0
    (folder / clips[0].file.name).write_bytes(b"theirs")
    assert library.restore(clips[0].id).file == folder / f"{clips[0].file.stem}-2.mp4"
    assert names(thrown[1].file.parent) == [thrown[1].file.name]
    library.erase(clips[1].id)
    assert list(places.trash.iterdir()) == []
    assert library.sync() == 1  # theirs


def test_nothing_is_restored_into_a_folder_that_is_not_for_clips(
    library: Library, render: Render, places: Places
) -> None:
    thrown = library.trash(library.adopt(render()).id)
    for name in ("Exports", "Trash"):
        folder = places.trash / name
        folder.mkdir()
        thrown.file.rename(folder / thrown.file.name)
        library.sync()
        assert library.restore(thrown.id).file == places.library / thrown.file.name
        assert not folder.exists()
        library.trash(thrown.id)


def test_unknown_and_vanished_clips_are_not_found(library: Library, render: Render) -> None:
    clip = library.adopt(render())
    clip.file.unlink()
    for clip_id in ("000000000000", clip.id):
        for verb in (library.clip, library.trash, library.restore):
            with pytest.raises(NotFound):
                verb(clip_id)
        with pytest.raises(NotFound):
            library.star(clip_id, 1)
    assert len(library.clips()) == 1  # until the next look at the files
    library.sync()
    assert library.clips() == []


def test_a_clip_is_erased_from_the_trash_only(library: Library, render: Render) -> None:
    clip = library.adopt(render())
    with pytest.raises(InvalidRequest, match="not in the trash"):
        library.erase(clip.id)
    assert clip.file.is_file()
    thrown = library.trash(clip.id)
    library.erase(clip.id)
    assert not thrown.file.exists() and not thrown.poster.exists()
    assert library.clips(trashed=True) == [] and library.sync() == 0
    with pytest.raises(NotFound):
        library.erase(clip.id)


def test_a_file_that_took_the_place_of_a_thrown_clip_is_not_erased(
    library: Library, render: Render
) -> None:
    thrown = library.trash(library.adopt(render()).id)
    thrown.file.write_bytes(b"theirs")
    with pytest.raises(InvalidRequest, match="changed by another program"):
        library.erase(thrown.id)
    assert thrown.file.read_bytes() == b"theirs"


def test_a_clip_that_is_held_is_not_erased(
    library: Library, render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    thrown = library.trash(library.adopt(render()).id)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "The process cannot access the file")

    with monkeypatch.context() as patch:
        patch.setattr(files, "PATIENCE_SECONDS", 0.2)
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(StudioError, match="could not be deleted"):
            library.erase(thrown.id)
    assert library.clips(trashed=True) == [thrown]


def test_a_file_that_cannot_be_moved_stays_where_it_is(
    library: Library, render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = library.adopt(render())

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "The process cannot access the file")

    with monkeypatch.context() as patch:
        patch.setattr(files, "PATIENCE_SECONDS", 0.2)
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(StudioError, match="could not be moved"):
            library.trash(clip.id)
    assert library.clips() == [clip] and clip.file.is_file()


def test_a_fresh_film_that_is_held_for_a_moment_is_taken_in(
    library: Library, render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a virus scanner does it on Windows: the film cannot be moved, its poster not deleted."""
    finished = render()
    rename, unlink = Path.rename, Path.unlink
    held = [PermissionError(13, "The process cannot access the file")] * 3

    def rename_later(self: Path, target: Path) -> Path:
        if held:
            raise held.pop()
        return rename(self, target)

    def keep_poster(self: Path, missing_ok: bool = False) -> None:
        if self == finished.poster:
            raise PermissionError(13, "The process cannot access the file")
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "rename", rename_later)
    monkeypatch.setattr(Path, "unlink", keep_poster)
    clip = library.adopt(finished)
    assert not held
    assert library.clips() == [clip] and clip.file.is_file()


# -- crashes


def test_adopting_carries_on_after_a_crash_between_the_rename_and_the_index(
    library: Library, render: Render, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = render()

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(library_module, "_row", power_cut)
        with pytest.raises(KeyboardInterrupt):
            library.adopt(finished)
    assert library.clips() == [] and not finished.file.exists()
    clip = library.adopt(finished)
    assert library.clips() == [clip] and clip.file.is_file()
    assert names(clip.poster.parent) == [clip.poster.name]
    assert library.adopt(finished) == clip and library.count() == 1


def test_a_render_that_is_nowhere_is_not_adopted(library: Library, render: Render) -> None:
    finished = render()
    finished.file.unlink()
    with pytest.raises(NotFound):
        library.adopt(finished)


def test_a_finished_render_without_poster_gets_one(library: Library, render: Render) -> None:
    finished = render()
    finished.poster.unlink()
    clip = library.adopt(finished)
    library.sync()
    with Image.open(clip.poster) as poster:
        assert poster.size == (32, 32)


# -- what other programs do to the files


def test_a_film_that_is_being_written_is_not_looked_at(
    library: Library, render: Render, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.adopt(render())
    for name in ("clip.partial.mp4", "clip.frames.PARTIAL.mp4"):
        film(places.library / "whole.mp4", {"some": "words"})
        (places.library / "whole.mp4").rename(places.library / name)

    def opened(path: Path) -> None:
        raise AssertionError(path)

    monkeypatch.setattr(mp4, "words", opened)
    assert library.sync() == 0


def test_sync_does_nothing_where_nothing_happened(
    library: Library, render: Render, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = library.adopt(render())
    (places.library / "holiday.mp4").write_bytes(b"not a film")
    shutil.copyfile(clip.file, places.library / "copy.mp4")
    assert library.sync() == 2
    before = library.revision()
    monkeypatch.setattr(mp4, "words", lambda path: pytest.fail(f"opened {path}"))
    assert library.sync() == 0
    assert library.revision() == before
    assert library.clips() == [clip]


def test_a_renamed_or_moved_file_keeps_its_stars(
    library: Library, render: Render, places: Places
) -> None:
    clip = library.adopt(render())
    library.star(clip.id, 5)
    library.tag(clip.id, ["best"])
    folder = places.library / "给 Anna"
    folder.mkdir()
    moved = clip.file.rename(folder / "最好的.mp4")
    assert library.sync() > 0
    assert library.clips("最好的") == [replace(clip, file=moved, stars=5, tags=("best",))]
    assert library.trash(clip.id).file == places.trash / "给 Anna" / "最好的.mp4"


def test_a_vanished_file_comes_back_with_its_stars(
    library: Library, render: Render, tmp_path: Path
) -> None:
    clip = library.adopt(render())
    library.star(clip.id, 3)
    away = shutil.move(clip.file, tmp_path / "away.mp4")
    library.sync()
    assert library.clips() == [] and library.count() == 0
    shutil.move(away, clip.file)
    library.sync()
    assert library.clips() == [replace(clip, stars=3)]


def test_a_copy_takes_over_when_the_original_goes(
    library: Library, render: Render, places: Places
) -> None:
    clip = library.adopt(render())
    copy = Path(shutil.copy(clip.file, places.library / "copy.mp4"))
    library.sync()
    assert library.clips() == [clip]
    clip.file.unlink()
    library.sync()
    assert library.clips() == [replace(clip, file=copy)]


def test_an_export_never_takes_its_clips_place(
    library: Library, render: Render, places: Places
) -> None:
    """Not when the clip is renamed, nor where an older studio took it for the clip."""
    clip = library.adopt(render())
    library.star(clip.id, 4)
    places.exports.mkdir()
    trimmed = Path(shutil.copy(clip.file, places.exports / "trimmed.mp4"))
    library.sync()
    renamed = clip.file.rename(places.library / "zenith.mp4")
    library.sync()
    assert library.clips() == [replace(clip, file=renamed, stars=4)]
    index = Index(places.data / "index.sqlite")
    with index.changing() as change:
        row, status = change.get(clip.id), trimmed.stat()
        stamp = Stamp(status.st_mtime_ns, status.st_size)
        spot = Spot(Place.LIBRARY, "Exports/trimmed.mp4")
        change.put(replace(row, spot=spot, stamp=stamp))
        change.add_stranger(row.spot, row.stamp)
    library.sync()
    assert library.clips() == [replace(clip, file=renamed, stars=4)]
    assert library.sync() == 0


def test_two_files_that_change_names_change_rows(
    library: Library, render: Render, tmp_path: Path
) -> None:
    one, two = library.adopt(render("one")), library.adopt(render("two"))
    one.file.rename(tmp_path / "aside.mp4")
    two.file.rename(one.file)
    (tmp_path / "aside.mp4").rename(two.file)
    library.sync()
    assert {clip.id: clip.file for clip in library.clips()} == {one.id: two.file, two.id: one.file}


def test_a_clip_replaced_by_another_film_is_no_longer_that_clip(
    library: Library, render: Render
) -> None:
    clip = library.adopt(render())
    film(clip.file, {"something": "else"}, frames=3)
    library.sync()
    assert library.clips() == []
    assert mp4.words(clip.file) == {"something": "else"}


def test_restoring_by_hand_from_the_trash_folder(library: Library, render: Render) -> None:
    clip = library.adopt(render())
    library.trash(clip.id).file.rename(clip.file)
    library.sync()
    assert library.clips() == [clip]


def test_a_library_on_a_drive_that_is_away_loses_nothing(
    library: Library, render: Render, places: Places, tmp_path: Path
) -> None:
    clip = library.adopt(render())
    library.star(clip.id, 1)
    places.library.rename(tmp_path / "unplugged")
    library.sync()
    assert library.clips() == []
    # What previews left on this disk is kept by these.
    assert library.ids() == {clip.id}
    (tmp_path / "unplugged").rename(places.library)
    library.sync()
    assert library.clips() == [replace(clip, stars=1)]


def test_a_clip_that_cannot_be_read_for_a_moment_is_looked_at_again(
    library: Library, render: Render, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a file that somebody holds on Windows, or that a cloud service has not fetched."""
    clip = library.adopt(render())
    library.star(clip.id, 2)
    renamed = clip.file.rename(places.library / "held.mp4")
    opened = Path.open

    def refuse(self: Path, *given: str) -> object:
        if self == renamed:
            raise PermissionError(13, "The process cannot access the file")
        return opened(self, *given)

    def unreadable(path: Path) -> None:
        raise InvalidRequest(f"{path.name} carries no recipe.", "Choose a clip made here.")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        patch.setattr(mp4, "words", unreadable)
        library.sync()
        assert library.clips() == []
    library.sync()
    assert library.clips() == [replace(clip, file=renamed, stars=2)]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../../../../tmp/x"},
        {"id": "../escape/12"},
        {"id": 12},
        {"created": "yesterday"},
        {"created": 5},
        {"seconds": None},
        {"recipe": {"prompt": 5}},
        {"recipe": {"prompt": "a", "look": {"a": [[1]]}}},
        {"recipe": {"prompt": "a", "presets": [5]}},
        {"recipe": 5},
        {"shot": {}},
        {"shot": "of no frames"},
        {"shot": "of frames without end"},
        {"rushes": 2},
        {"recipe": {"prompt": "a", "colour": "red"}},
    ],
    ids=str,
)
def test_a_file_that_only_claims_to_be_a_clip_is_left_alone(
    library: Library,
    render: Render,
    places: Places,
    change: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mp4, "_human", lambda words: {})  # it may trust its words, we may not
    tag = render().tag.to_json()
    frames = {"of no frames": -5, "of frames without end": 10**20}
    if isinstance(odd := change.get("shot"), str):
        change = {"shot": {**tag["shot"], "frames": frames[odd]}}
    film(places.library / "crafted.mp4", tag | change)
    assert library.sync() == 1
    assert library.clips() == []
    assert not places.posters.exists() or names(places.posters) == []
    assert (places.library / "crafted.mp4").exists()


def test_a_film_whose_pictures_are_cut_off_is_no_clip(library: Library, render: Render) -> None:
    clip = library.adopt(render())
    whole = clip.file.read_bytes()
    clip.poster.unlink()
    clip.file.write_bytes(whole[: whole.index(b"mdat") + 4])
    library.sync()
    assert library.clips() == []
    clip.file.write_bytes(whole)
    library.sync()
    assert library.clips() == [clip] and clip.poster.exists()


# -- rebuild


def test_rebuild_makes_the_same_library_from_the_files_alone(
    library: Library, render: Render, places: Places
) -> None:
    clips = [library.adopt(render(f"shot {n}")) for n in range(3)]
    library.trash(clips[0].id)
    (places.library / "foreign.mp4").write_bytes(b"foreign")
    shown = library.clips(), library.clips(trashed=True)
    shutil.rmtree(places.data)
    fresh = Library(places)
    assert fresh.clips() == []
    assert fresh.rebuild() == 3
    assert (fresh.clips(), fresh.clips(trashed=True)) == shown
    assert all(clip.poster.is_file() for clip in fresh.clips())
    assert (places.library / "foreign.mp4").read_bytes() == b"foreign"


def test_a_remade_poster_shows_the_middle_frame(library: Library, render: Render) -> None:
    clip = library.adopt(render())
    clip.poster.unlink()
    assert library.rebuild() == 1
    with Image.open(clip.poster) as poster:
        assert np.asarray(poster.convert("L")).mean() == pytest.approx(20 * (FRAMES // 2), abs=4)


def test_stars_and_tags_survive_a_rebuild(library: Library, render: Render) -> None:
    clip = library.adopt(render())
    library.star(clip.id, 5)
    library.tag(clip.id, ["best"])
    assert library.rebuild() == 1
    assert library.clips("best", filters=Filters(stars=(5, 5))) == [
        replace(clip, stars=5, tags=("best",))
    ]


@pytest.mark.parametrize("harm", ["garbage", "cut", "empty", "torn"])
def test_a_damaged_index_is_put_aside_and_made_again(
    library: Library, render: Render, places: Places, harm: str
) -> None:
    clips = [library.adopt(render(f"shot {n}")) for n in range(3)][::-1]
    path = places.data / "index.sqlite"
    whole = path.read_bytes()
    middle = len(whole) // 2
    harmed = {
        "garbage": b"this is not a database" * 1000,
        "cut": whole[:middle],
        "empty": b"",
        "torn": whole[:4096] + bytes(4096) + whole[8192:],
    }[harm]
    path.write_bytes(harmed)
    fresh = Library(places)
    assert fresh.sync() == 3
    assert fresh.clips() == clips
    kept = list(places.data.glob("index-damaged-*.sqlite"))
    assert [file.read_bytes() for file in kept] == ([] if harm == "empty" else [harmed])


# -- many at once


def test_the_revision_tells_of_every_change_by_anybody(
    library: Library, render: Render, places: Places
) -> None:
    seen = [library.revision()]
    clip = library.adopt(render())
    other = Library(places)
    for change in (
        lambda: other.star(clip.id, 1),
        lambda: other.trash(clip.id),
        lambda: other.restore(clip.id),
    ):
        seen.append(library.revision())
        change()
    seen.append(library.revision())
    library.clips()
    library.count()
    assert seen == sorted(set(seen))
    assert library.revision() == seen[-1]


def test_threads_and_processes_change_the_library_together(
    library: Library, render: Render, places: Places
) -> None:
    clips = [library.adopt(render(f"shot {n}")) for n in range(4)]
    program = (
        "import sys; from studio import paths; from studio.gallery.library import Library\n"
        "library = Library(paths.places())\n"
        "for clip_id in sys.argv[1:]:\n"
        "    library.trash(clip_id); library.sync(); library.restore(clip_id)\n"
    )

    def work(number: int) -> None:
        for _ in range(5):
            library.star(clips[number].id, number + 1)
            library.sync()
            library.clips("shot")

    other = subprocess.Popen([sys.executable, "-c", program, *[clip.id for clip in clips[2:]]])
    with ThreadPoolExecutor() as threads:
        list(threads.map(work, range(2)))
    assert other.wait() == 0
    assert [clip.stars for clip in library.clips()] == [0, 0, 2, 1]
    assert library.sync() == 0


def test_the_clip_object_is_json(library: Library, render: Render) -> None:
    clip = library.adopt(render("猫"))
    assert json.loads(json.dumps(clip.to_json()))["name"] == "猫"
