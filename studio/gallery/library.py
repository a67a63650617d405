"""The library: finished clips taken in, found, starred, tagged, put into the trash and back.

The files are the truth: a person may rename, move or delete them in any other program, and `sync`
follows. Nothing here overwrites a film, and only `erase` deletes one. Knows nothing of how clips
are rendered or shown.
"""

import contextlib
import itertools
import json
import logging
import unicodedata
from collections import deque
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from studio import mp4
from studio.clip import Clip, Tag, file_name, tag_from_json
from studio.errors import InvalidRequest, NotFound
from studio.events import Finished
from studio.files import write_whole
from studio.gallery.filters import ANY, Choices, Filters
from studio.gallery.folders import Folders, Place, Spot, Stamp
from studio.gallery.index import Change, Damaged, Index, Row, Wanted, fold, set_aside
from studio.paths import Places

MAX_STARS = 5
MAX_SEARCH_LETTERS = 500
MAX_TAG_LETTERS = 40
MAX_TAGS = 30
# Each reads one file by one short run of ffmpeg.
READERS = 4

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A file that was opened: the tag of our clip, or None for a stranger."""

    spot: Spot
    stamp: Stamp
    tag: Tag | None


class Library:
    """The clips of one library folder. Serves any thread; any number of processes agree."""

    def __init__(self, places: Places) -> None:
        """Open the library's index, made if it is not there; `sync` brings it up to date.

        A damaged index is put aside and a new one begun. Raises StudioError if the index cannot be
        used.
        """
        self._places = places
        self._folders = Folders(places)
        path = places.data / "index.sqlite"
        try:
            self._index = Index(path)
        except Damaged as error:
            log.warning("%s It is kept as %s.", error.message, set_aside(path))
            self._index = Index(path)

    def adopt(self, finished: Finished) -> Clip:
        """Take a finished render in: its file gets its name in the library, its poster follows.

        May be repeated after an interruption at any point; then it carries on. Raises NotFound if
        the file is neither where it was finished nor in the library, StudioError if it cannot be
        moved.
        """
        tag = finished.tag
        if finished.poster.exists():
            # The posters may be on another disk, where nothing can be renamed to.
            write_whole(self._poster(tag.id), finished.poster.read_bytes())
        if finished.file.exists():
            with self._index.changing() as change:
                spot = self._folders.move(finished.file, Place.LIBRARY, file_name(tag))
                change.put(_row(tag, spot, self._folders.stamp(spot), change.get(tag.id)))
        elif self._index.get(tag.id) is None:
            self.sync()
        # Windows does not delete what somebody has open; the film is in the library all the same.
        with contextlib.suppress(PermissionError):
            finished.poster.unlink(missing_ok=True)
        return self.clip(tag.id)

    def clips(
        self,
        search: str = "",
        *,
        limit: int = 60,
        offset: int = 0,
        trashed: bool = False,
        filters: Filters = ANY,
    ) -> list[Clip]:
        """The newest clips that the filters let through and in which every word of search appears
        somewhere: in what was written, chosen or tagged, in any language, also inside a longer
        word.

        Raises InvalidRequest for a search of more than 500 letters.
        """
        wanted = _wanted(search, trashed, filters)
        return [self._clip(row) for row in self._index.find(wanted, limit, offset)]

    def count(self, search: str = "", *, trashed: bool = False, filters: Filters = ANY) -> int:
        """How many clips `clips` would give without a limit."""
        return self._index.count(_wanted(search, trashed, filters))

    def choices(self, *, trashed: bool = False) -> Choices:
        """What the clips can be filtered by."""
        return self._index.choices(Place.TRASH if trashed else Place.LIBRARY)

    def clip(self, clip_id: str) -> Clip:
        """The clip of that id, in the library or its trash. Raises NotFound."""
        return self._clip(self._present(self._index.get(clip_id), clip_id))

    def family(self, clip_id: str) -> list[Clip]:
        """The clip with all that it was refined from and all that was refined from these, as far
        as their files are there; parents come before children. Raises NotFound."""
        first = self._present(self._index.get(clip_id), clip_id)
        # A clip that claims to be its own ancestor ends the way up; anybody can write such a file.
        above = {first.id: first}
        while (parent := self._index.get(first.parent or "")) and parent.id not in above:
            above[parent.id] = first = parent
        family = {first.id: first}
        waiting = deque(family)
        while waiting:
            for row in self._index.children(waiting.popleft()):
                if row.id not in family:
                    family[row.id] = row
                    waiting.append(row.id)
        return [self._clip(row) for row in family.values() if self._folders.exists(row.spot)]

    def star(self, clip_id: str, stars: int) -> Clip:
        """Give 0 to 5 stars. Raises InvalidRequest, NotFound."""
        if not 0 <= stars <= MAX_STARS:
            raise InvalidRequest(f"{stars} stars are not allowed.", f"Give 0 to {MAX_STARS}.")
        with self._index.changing() as change:
            row = replace(self._present(change.get(clip_id), clip_id), stars=stars)
            change.put(row)
        return self._clip(row)

    def tag(self, clip_id: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Clip:
        """Give a clip tags and take others away. A tag that differs from one of the library only
        in letter case becomes that one.

        Raises InvalidRequest for a tag without letters or of more than 40, and for more than 30
        tags; NotFound.
        """
        unwanted = {fold(tag) for tag in remove}
        spelling = {fold(tag): tag for tag, _ in self.choices().tags}
        with self._index.changing() as change:
            row = self._present(change.get(clip_id), clip_id)
            kept = [tag for tag in row.tags if fold(tag) not in unwanted]
            added = [spelling.get(fold(tag), tag) for tag in map(_tidy, add)]
            tags = tuple({fold(tag): tag for tag in [*kept, *added]}.values())
            if len(tags) > MAX_TAGS:
                raise InvalidRequest(f"{len(tags)} tags are too many.", f"Use up to {MAX_TAGS}.")
            row = _row(_tag(row), row.spot, row.stamp, replace(row, tags=tags))
            change.put(row)
        return self._clip(row)

    def trash(self, clip_id: str) -> Clip:
        """Move a clip's file into the library's own trash, into a folder of the same name as its
        own. Raises NotFound, or StudioError if another program holds the file."""
        return self._bring(clip_id, Place.TRASH)

    def restore(self, clip_id: str) -> Clip:
        """Move a clip's file out of the trash into its folder again. Raises as `trash`."""
        return self._bring(clip_id, Place.LIBRARY)

    def erase(self, clip_id: str) -> None:
        """Delete a clip of the trash for good, with its poster, stars and tags.

        Raises NotFound; InvalidRequest if it is not in the trash, or its file is another one now;
        StudioError if another program holds the file.
        """
        with self._index.changing() as change:
            row = self._present(change.get(clip_id), clip_id)
            if row.spot.place is not Place.TRASH:
                raise InvalidRequest("This clip is not in the trash.", "Put it there first.")
            if not self._folders.is_still(row.spot, row.stamp):
                raise InvalidRequest(
                    f"{row.spot.file} was changed by another program.",
                    "Look at it, and delete it in your file manager.",
                )
            self._folders.erase(row.spot)
            change.remove(row.id)
        # A page that shows the poster may hold it on Windows; without its clip it does no harm.
        with contextlib.suppress(PermissionError):
            self._poster(clip_id).unlink(missing_ok=True)

    def ids(self) -> set[str]:
        """The ids of all clips, those in the trash and those whose file has vanished included."""
        return self._index.ids()

    def revision(self) -> int:
        """A number that grows with every change, whoever makes it."""
        return self._index.revision()

    def sync(self) -> int:
        """Follow what happened to the files; gives how many came, went or changed.

        Cheap where nothing happened: only files of an unknown name, size or time are opened. Clips
        whose file has vanished are no longer listed; their stars and tags wait for its return.
        """
        present, known = dict(self._folders.files()), self._index.known()
        vanished = known.keys() - present.keys()
        posters = self._posters()
        unread = {
            spot
            for spot, stamp in present.items()
            if spot not in known
            or known[spot][0] != stamp
            or (known[spot][1] is not None and known[spot][1] not in posters)
            # A copy counts as a stranger as long as the clip itself is there.
            or (known[spot][1] is None and vanished)
        }
        return self._follow(vanished, unread)

    def rebuild(self) -> int:
        """Make the index from the files again; gives how many clips there are, trash included.

        Stars and tags are kept, missing posters made. Files that are no clips are left alone.
        """
        present = dict(self._folders.files())
        self._follow(self._index.known().keys() - present.keys(), present)
        return self.count() + self.count(trashed=True)

    def _follow(self, vanished: Collection[Spot], unread: Collection[Spot]) -> int:
        """Open the unread files, then write down what they are and what has vanished."""
        with ThreadPoolExecutor(READERS) as readers:
            seen = [file for file in readers.map(self._see, sorted(unread)) if file is not None]
        if not seen and not vanished:
            return 0
        with self._index.changing() as change:
            # Meanwhile a clip may have been moved by somebody else; then its row is right already.
            there = [file for file in seen if self._folders.is_still(file.spot, file.stamp)]
            lost = [spot for spot in vanished if not self._folders.exists(spot)]
            for spot in [*lost, *(file.spot for file in there)]:
                change.lose(spot)
            for file in there:
                self._take_in(change, file)
        return len(seen) + len(vanished)

    def _see(self, spot: Spot) -> Seen | None:
        """Open a file; None if it has just vanished, or cannot be read now, and is looked at again
        the next time. A film that is ours has its poster then."""
        path = self._folders.path(spot)
        try:
            stamp = self._folders.stamp(spot)
            with path.open("rb") as film:
                film.read(1)
        except OSError:
            return None
        try:
            tag = tag_from_json(mp4.words(path))
            if not self._poster(tag.id).exists():
                with contextlib.closing(mp4.frames(path)) as frames:
                    # A trimmed copy has fewer frames than its shot: then its last one.
                    half = itertools.islice(frames, tag.shot.frames // 2 + 1)
                    mp4.poster(deque(half, maxlen=1).pop(), self._poster(tag.id))
        except InvalidRequest:
            return Seen(spot=spot, stamp=stamp, tag=None)
        except NotFound:
            return None
        return Seen(spot=spot, stamp=stamp, tag=tag)

    def _take_in(self, change: Change, file: Seen) -> None:
        old = change.get(file.tag.id) if file.tag else None
        if file.tag is None or (old is not None and self._is_copy(file.spot, old.spot)):
            change.add_stranger(file.spot, file.stamp)
        else:
            change.put(_row(file.tag, file.spot, file.stamp, old))

    def _is_copy(self, spot: Spot, original: Spot) -> bool:
        """Whether both files are there, and are not one file under a name in other letter case."""
        if not self._folders.exists(original):
            return False
        return not self._folders.path(spot).samefile(self._folders.path(original))

    def _bring(self, clip_id: str, place: Place) -> Clip:
        with self._index.changing() as change:
            row = self._present(change.get(clip_id), clip_id)
            if row.spot.place is not place:
                source = self._folders.path(row.spot)
                row = replace(row, spot=self._folders.move(source, place, row.spot.file))
                change.put(row)
        return self._clip(row)

    def _present(self, row: Row | None, clip_id: str) -> Row:
        if row is None:
            raise NotFound(f"There is no clip {clip_id}.", "Choose one of the library.")
        if not self._folders.exists(row.spot):
            raise NotFound(
                f"The file of clip {clip_id} is no longer in the library: {row.spot.file}.",
                "Put it back, or render its recipe again.",
            )
        return row

    def _clip(self, row: Row) -> Clip:
        tag = _tag(row)
        return Clip(
            id=row.id,
            file=self._folders.path(row.spot),
            poster=self._poster(row.id),
            created=tag.created,
            seconds=tag.seconds,
            recipe=tag.recipe,
            shot=tag.shot,
            stars=row.stars,
            tags=row.tags,
            trashed=row.spot.place is Place.TRASH,
        )

    def _poster(self, clip_id: str) -> Path:
        return self._places.posters / f"{clip_id}.webp"

    def _posters(self) -> set[str]:
        """The ids that have one."""
        return {path.stem for path in self._places.posters.glob("*.webp")}


def _wanted(search: str, trashed: bool, filters: Filters) -> Wanted:
    if len(search) > MAX_SEARCH_LETTERS:
        raise InvalidRequest("The search is too long.", "Use a few words.")
    place = Place.TRASH if trashed else Place.LIBRARY
    return Wanted(place=place, search=search, filters=filters)


def _tidy(tag: str) -> str:
    """A tag as it is kept: in one line, without spaces around it."""
    tidy = " ".join(tag.split())
    hidden = any(unicodedata.category(letter) in ("Cc", "Cs") for letter in tidy)
    if not tidy or len(tidy) > MAX_TAG_LETTERS or hidden:
        raise InvalidRequest(
            f"“{tidy}” cannot be a tag.", f"Use 1 to {MAX_TAG_LETTERS} letters in one line."
        )
    return tidy


def _tag(row: Row) -> Tag:
    return tag_from_json(json.loads(row.words))


def _row(tag: Tag, spot: Spot, stamp: Stamp, old: Row | None) -> Row:
    """The row of a file that was read; stars and tags are those of the row it had before."""
    stars, tags = (old.stars, old.tags) if old else (0, ())
    return Row(
        id=tag.id,
        spot=spot,
        stamp=stamp,
        created_at=datetime.fromisoformat(tag.created).timestamp(),
        kind=tag.shot.kind,
        model=tag.shot.model,
        presets=tuple(_presets(tag)),
        parent=tag.shot.refine.parent if tag.shot.refine else None,
        search_text=fold("\n".join([*_searched(tag), spot.file, *tags])),
        words=json.dumps(tag.to_json()),
        stars=stars,
        tags=tags,
    )


def _searched(tag: Tag) -> list[str]:
    """Every word a person may remember a clip by; not what it was told to avoid."""
    terms = [term for terms in tag.recipe.look.values() for term in terms]
    # The text the model read has the person's words in it; twice the text takes twice the time.
    prompts = [tag.shot.prompt]
    if tag.recipe.prompt not in tag.shot.prompt:
        prompts.append(tag.recipe.prompt)
    return [*prompts, *_presets(tag), *terms, tag.shot.model]


def _presets(tag: Tag) -> list[str]:
    """The ids of its presets."""
    return [
        preset if isinstance(preset, str) else str(preset.get("id", ""))
        for preset in tag.recipe.presets
    ]
