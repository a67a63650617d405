"""The index: one row for each clip file, in SQLite; questions and changes as plain values.

Knows rows, folders by name and file stamps; not what a clip is, nor where the folders are. It can
be thrown away and made again from the files; only stars and tags live here alone.
"""

import json
import sqlite3
import unicodedata
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.gallery.filters import ANY, Choices, Filters
from studio.gallery.folders import Place, Spot, Stamp
from studio.gallery.migrations import MIGRATIONS

BUSY_SECONDS = 30.0
COLUMNS = (
    "id, place, file, modified_ns, bytes, created_at, stars, tags, kind, model, presets, parent, "
    "search_text, words"
)
MARKS = ", ".join("?" for _ in COLUMNS.split(", "))
UPDATES = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS.split(", "))
CHOICES = {
    "models": "SELECT model, count(*) FROM clips WHERE place = ? GROUP BY 1 ORDER BY 2 DESC, 1",
    "presets": "SELECT value, count(*) FROM clips, json_each(clips.presets) "
    "WHERE place = ? AND presets != '[]' GROUP BY 1 ORDER BY 2 DESC, 1",
    "tags": "SELECT value, count(*) FROM clips, json_each(clips.tags) "
    "WHERE place = ? AND tags != '[]' GROUP BY 1 ORDER BY 1",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One clip as the index keeps it. created_at: seconds since 1970. presets: ids. parent: id of
    the clip this one refines. search_text: folded. words: the JSON that is in the file."""

    id: str
    spot: Spot
    stamp: Stamp
    created_at: float
    kind: str
    model: str
    presets: tuple[str, ...]
    parent: str | None
    search_text: str
    words: str
    stars: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which rows: all words of `search` are in the text, in any order, and the filters let them
    through."""

    place: Place
    search: str = ""
    filters: Filters = ANY

    def condition(self) -> tuple[str, list[Any]]:
        """The SQL after WHERE, and its values."""
        words = fold(self.search).split()
        # Not full-text search: SQLite's either misses Chinese words of two letters or cannot find
        # the middle of a word. Both sides are folded, so plain `instr` is right where LIKE would
        # have to be kept from reading % and _ as patterns.
        searched = [("instr(search_text, ?)", [word]) for word in words]
        parts = [("place = ?", [self.place]), *self._filtered(), *searched]
        return " AND ".join(part for part, _ in parts), [each for _, few in parts for each in few]

    def _filtered(self) -> list[tuple[str, list[Any]]]:
        """What the filters ask for, each with its values."""
        given = self.filters
        asked: list[tuple[str, Any]] = [
            ("stars BETWEEN ? AND ?", given.stars),
            ("created_at >= ?", given.since),
            ("kind = ?", given.kind),
            ("model = ?", given.model),
            ("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", given.tag),
            ("EXISTS (SELECT 1 FROM json_each(presets) WHERE value = ?)", given.preset),
        ]
        return [
            (part, list(value) if isinstance(value, tuple) else [value])
            for part, value in asked
            if value is not None
        ]


class Index:
    """The index file. Serves any thread of any process.

    Every question opens a connection of its own and closes it: the window asks from a pool of
    threads, SQLite's connections do not travel between threads, opening one takes a fraction of a
    millisecond, and on Windows an open file could not be moved or deleted.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file at path. Raises StudioError if a newer studio made it, and
        `Damaged` if it cannot be read."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection() as sql:
            # Readers go on while somebody writes; the file remembers the mode.
            sql.execute("PRAGMA journal_mode = WAL")
            _migrate(sql, path)
            if sql.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise _damaged(path, "its pages do not fit together")

    def find(self, wanted: Wanted, limit: int, offset: int = 0) -> list[Row]:
        """The newest first."""
        condition, values = wanted.condition()
        with self._connection() as sql:
            rows = sql.execute(
                f"SELECT {COLUMNS} FROM clips WHERE {condition} "
                "ORDER BY created_at DESC, number DESC LIMIT ? OFFSET ?",
                [*values, limit, offset],
            )
            return [_row(values) for values in rows]

    def count(self, wanted: Wanted) -> int:
        condition, values = wanted.condition()
        with self._connection() as sql:
            found = sql.execute(f"SELECT count(*) FROM clips WHERE {condition}", values)
            return int(found.fetchone()[0])

    def get(self, clip_id: str) -> Row | None:
        with self._connection() as sql:
            return Change(sql).get(clip_id)

    def children(self, clip_id: str) -> list[Row]:
        """The clips that refine this one, the oldest first, wherever their files are."""
        with self._connection() as sql:
            rows = sql.execute(
                f"SELECT {COLUMNS} FROM clips WHERE parent = ? ORDER BY created_at, number",
                [clip_id],
            )
            return [_row(values) for values in rows]

    def choices(self, place: Place) -> Choices:
        """What the clips of a folder can be filtered by."""
        with self._connection() as sql:
            found = {
                name: tuple((each, clips) for each, clips in sql.execute(question, [place]))
                for name, question in CHOICES.items()
            }
        return Choices(**found)

    def known(self) -> dict[Spot, tuple[Stamp, str | None]]:
        """Every file that was read: how it was then, and the id of the clip it is, or None for a
        stranger. Without the clips that have gone."""
        with self._connection() as sql:
            rows = sql.execute(
                "SELECT place, file, modified_ns, bytes, id FROM clips WHERE place != ? "
                "UNION ALL SELECT place, file, modified_ns, bytes, NULL FROM strangers",
                [Place.GONE],
            )
            return {Spot(Place(row[0]), row[1]): (Stamp(row[2], row[3]), row[4]) for row in rows}

    def ids(self) -> set[str]:
        """The ids of all clips, those that have gone included."""
        with self._connection() as sql:
            return {clip_id for (clip_id,) in sql.execute("SELECT id FROM clips")}

    def revision(self) -> int:
        """A number that grows with every change by anybody."""
        with self._connection() as sql:
            return int(sql.execute("SELECT number FROM revision").fetchone()[0])

    @contextmanager
    def changing(self) -> Iterator["Change"]:
        """One change: all of it or, after an exception, nothing. One at a time, over all processes;
        so a file that is moved inside the block cannot be moved by somebody else meanwhile."""
        with self._connection() as sql:
            sql.execute("BEGIN IMMEDIATE")
            try:
                yield Change(sql)
                sql.execute("UPDATE revision SET number = number + 1")
            except BaseException:
                sql.execute("ROLLBACK")
                raise
            sql.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(
                sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
            ) as sql:
                yield sql
        except sqlite3.OperationalError as error:
            raise StudioError(
                f"The library's index {self._path} cannot be used: {error}.",
                "Make sure that its disk has room and that no other program holds it.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise _damaged(self._path, str(error)) from error


class Damaged(StudioError):
    """The index file is no index, or broken."""


class Change:
    """What can be done to the rows inside one transaction."""

    def __init__(self, sql: sqlite3.Connection) -> None:
        self._sql = sql

    def get(self, clip_id: str) -> Row | None:
        question = f"SELECT {COLUMNS} FROM clips WHERE id = ?"
        found = self._sql.execute(question, [clip_id]).fetchone()
        return None if found is None else _row(found)

    def put(self, row: Row) -> None:
        """Add the row, or let it take the place of the one of that id."""
        self._remove_stranger(row.spot)
        self._sql.execute(
            f"INSERT INTO clips ({COLUMNS}) VALUES ({MARKS}) "
            f"ON CONFLICT (id) DO UPDATE SET {UPDATES}",
            [
                *(row.id, *row.spot, *row.stamp, row.created_at, row.stars, json.dumps(row.tags)),
                *(row.kind, row.model, json.dumps(row.presets), row.parent),
                *(row.search_text, row.words),
            ],
        )

    def remove(self, clip_id: str) -> None:
        """Forget a clip with its stars and tags."""
        self._sql.execute("DELETE FROM clips WHERE id = ?", [clip_id])

    def lose(self, spot: Spot) -> None:
        """There is nothing at this spot any more."""
        self._sql.execute(
            "UPDATE clips SET place = ? WHERE place = ? AND file = ?", [Place.GONE, *spot]
        )
        self._remove_stranger(spot)

    def add_stranger(self, spot: Spot, stamp: Stamp) -> None:
        self._sql.execute("INSERT OR REPLACE INTO strangers VALUES (?, ?, ?, ?)", [*spot, *stamp])

    def _remove_stranger(self, spot: Spot) -> None:
        self._sql.execute("DELETE FROM strangers WHERE place = ? AND file = ?", spot)


def set_aside(path: Path) -> Path:
    """Rename a damaged index, and what SQLite keeps beside it, out of the way; gives its new name.

    Raises StudioError if another program holds it.
    """
    aside = path.with_name(f"{path.stem}-damaged-{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        for ending in ("-wal", "-shm", ""):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise StudioError(
            f"The library's index {path} is damaged and cannot be put aside: {error.strerror}.",
            "Close every other window of the studio, then start it again.",
        ) from error
    return aside


def fold(text: str) -> str:
    """Text as it is compared: full-width, ligatures and letter case do not count. What UTF-8 cannot
    say becomes a question mark."""
    return unicodedata.normalize("NFKC", text).casefold().encode("utf-8", "replace").decode("utf-8")


def _damaged(path: Path, reason: str) -> Damaged:
    return Damaged(
        f"The library's index {path} is damaged: {reason}.",
        "Start the studio again; it makes a new one from the clips.",
    )


def _row(values: tuple[Any, ...]) -> Row:
    found = dict(zip(COLUMNS.split(", "), values, strict=True))
    spot = Spot(Place(found.pop("place")), found.pop("file"))
    stamp = Stamp(found.pop("modified_ns"), found.pop("bytes"))
    for name in ("tags", "presets"):
        found[name] = tuple(json.loads(found[name]))
    return Row(spot=spot, stamp=stamp, **found)


def _migrate(sql: sqlite3.Connection, path: Path) -> None:
    """Take the steps that are missing, all or none. Looks again once nobody else can be at it."""
    if _steps_to_take(sql, path) == 0:
        return
    sql.execute("BEGIN IMMEDIATE")
    try:
        for migration in MIGRATIONS[len(MIGRATIONS) - _steps_to_take(sql, path) :]:
            migration(sql.execute)
        sql.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        sql.execute("ROLLBACK")
        raise
    sql.execute("COMMIT")


def _steps_to_take(sql: sqlite3.Connection, path: Path) -> int:
    done = int(sql.execute("PRAGMA user_version").fetchone()[0])
    if done > len(MIGRATIONS):
        raise StudioError(
            f"The library's index {path} was written by a newer version of the studio.",
            "Update the studio, then start it again.",
        )
    return len(MIGRATIONS) - done
