"""Jobs kept in SQLite: add, claim, tell, end, recover. Any number of processes see the same truth.

Knows nothing of how a job is run.
"""

import datetime
import json
import sqlite3
import threading
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from studio import events
from studio.clip import Clip
from studio.errors import InvalidRequest, NotFound, StudioError
from studio.events import Cancelled, Failed, Progress, Started
from studio.jobs.job import ENDED, REPEATABLE, Job, State, job_of
from studio.jobs.schema import MIGRATIONS
from studio.recipe import Recipe
from studio.shot import Shot

BUSY_SECONDS = 30.0
# So many jobs keep their steps too: who follows may look only after the job has ended.
STEPPING_JOBS = 20
EVENTFUL_JOBS = 200  # the newest so many jobs keep their events, for those who follow them
INTERRUPTED = "The studio ended before this clip was finished."
RUN_AGAIN = "Run it again: it goes on from where it was."
PAUSED = {"event": "paused"}
# What a running job was asked for, in the column `cancel`.
TO_CANCEL, TO_PAUSE = 1, 2


class Queue:
    """The jobs of one library. Serves any thread; opened once by each process that needs it."""

    def __init__(self, path: Path) -> None:
        """Open the file at path, made if it is not there.

        Raises StudioError if it is not a queue, or one of a newer studio.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        try:
            # SQLite does not wait for another process that is making the file a WAL one.
            with FileLock(path.with_name(f"{path.name}.opening")):
                self._connection = _open(path)
        except sqlite3.DatabaseError as error:
            raise StudioError(
                f"The job list {path} cannot be opened: {error}.",
                "Close what else is using it, or move it away; the clips are not in it.",
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def add(self, takes: Sequence[tuple[Recipe, Shot]]) -> list[Job]:
        """One queued job for each take, in order: a group."""
        group = uuid.uuid4().hex[:12]
        with self._change() as sql:
            ids = [
                _insert(sql, group, take, replace(asked, seed=decided.seed), decided)
                for take, (asked, decided) in enumerate(takes, 1)
            ]
            return [_job(sql, job_id) for job_id in ids]

    def again(self, job_id: int, decided: Shot | None = None) -> Job:
        """Let a job that stands without a clip wait again, in its place. decided: its shot from now
        on, None for the same.

        Raises NotFound, or InvalidRequest if it is waiting, running or finished.
        """
        with self._change() as sql:
            old = _job(sql, job_id)
            if old.state not in REPEATABLE:
                raise InvalidRequest(
                    f"Job {job_id} is {old.state}.",
                    "Only a paused, failed, cancelled or interrupted job can go on.",
                )
            # Who follows it from now on is not told how it ended before.
            sql.execute("DELETE FROM events WHERE job_id = ?", (job_id,))
            sql.execute(
                "UPDATE jobs SET shot = ?, cancel = 0, error = NULL, advice = NULL, seconds = NULL "
                "WHERE id = ?",
                (_text((decided or old.shot).to_json()), job_id),
            )
            _wait(sql, job_id)
            return _job(sql, job_id)

    def remove(self, job_id: int) -> None:
        """Forget a job that has ended or is paused, and its events.

        Raises NotFound, or InvalidRequest if it is waiting or running.
        """
        with self._change() as sql:
            if _job(sql, job_id).state not in ENDED | {State.PAUSED}:
                raise InvalidRequest(f"Job {job_id} has not ended.", "Cancel it first.")
            sql.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def job(self, job_id: int) -> Job:
        """The job of that number. Raises NotFound."""
        with self._look() as sql:
            return _job(sql, job_id)

    def jobs(self, limit: int = 100, states: Collection[State] = tuple(State)) -> list[Job]:
        """The newest jobs that are in one of the states, newest first; all of them at a limit of
        −1, as SQLite has it."""
        with self._look() as sql:
            rows = sql.execute(
                "SELECT * FROM jobs WHERE state IN (SELECT value FROM json_each(?)) "
                "ORDER BY id DESC LIMIT ?",
                (json.dumps(list(states)), limit),
            )
            return [job_of(dict(row)) for row in rows]

    def line(self) -> list[Job]:
        """What runs, then what waits, in the order in which it is taken."""
        with self._look() as sql:
            rows = sql.execute(
                "SELECT * FROM jobs WHERE state IN (?, ?) ORDER BY state = ?, place",
                (State.RUNNING, State.QUEUED, State.QUEUED),
            )
            return [job_of(dict(row)) for row in rows]

    def move(self, job_id: int, before: int | None) -> None:
        """Let a waiting job be taken before another one, None for last of all.

        Raises NotFound, or InvalidRequest if one of them does not wait.
        """
        with self._change() as sql:
            order = _waiting(sql)
            for each in (job_id, *([] if before is None else [before])):
                if each not in order:
                    state = _job(sql, each).state
                    raise InvalidRequest(f"Job {each} is {state}.", "Only what waits can be moved.")
            places = list(order.values())
            ids = [each for each in order if each != job_id]
            ids.insert(len(ids) if before in (None, job_id) else ids.index(before), job_id)
            if before != job_id:
                sql.executemany(
                    "UPDATE jobs SET place = ? WHERE id = ?", zip(places, ids, strict=True)
                )

    def group(self, group: str) -> list[Job]:
        """The jobs of a group, oldest first; none if there is no such group."""
        with self._look() as sql:
            rows = sql.execute('SELECT * FROM jobs WHERE "group" = ? ORDER BY id', (group,))
            return [job_of(dict(row)) for row in rows]

    def refines(self, clip_ids: Collection[str]) -> list[Job]:
        """The jobs that work one of these clips up to full size, oldest first."""
        with self._look() as sql:
            rows = sql.execute(
                "SELECT * FROM jobs WHERE json_extract(shot, '$.refine.parent') IN "
                "(SELECT value FROM json_each(?)) ORDER BY id",
                (json.dumps(list(clip_ids)),),
            )
            return [job_of(dict(row)) for row in rows]

    def known(self, job_ids: Collection[int]) -> set[int]:
        """Those of the numbers that still have a job."""
        marks = ", ".join("?" * len(job_ids))
        with self._look() as sql:
            rows = sql.execute(f"SELECT id FROM jobs WHERE id IN ({marks})", tuple(job_ids))
            return {int(row[0]) for row in rows}

    def position(self, job_id: int) -> int | None:
        """1 for the job that is taken next, and so on; None for one that is not waiting."""
        with self._look() as sql:
            return _position(sql, job_id)

    def revision(self) -> int:
        """A number that is another one after any change by any process."""
        with self._look() as sql:
            return _number(sql.execute("SELECT number FROM revision"))

    def events(
        self, after: int, job_ids: Collection[int]
    ) -> list[tuple[int, int, int, dict[str, Any]]]:
        """What was said about these jobs since event number `after`, oldest first.

        Each as (event number, job, take, the event as `studio.events.to_json` tells it, and besides
        those `queued` with its position, `finished` with its clip, and `interrupted`). Of the
        progress only that of the newest jobs is kept.
        """
        with self._look() as sql:
            rows = sql.execute(
                "SELECT events.id, job_id, take, body FROM events JOIN jobs ON jobs.id = job_id "
                "WHERE events.id > ? AND job_id IN (SELECT value FROM json_each(?)) "
                "ORDER BY events.id",
                (after, json.dumps(list(job_ids))),
            )
            return [(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    def claim(self) -> Job | None:
        """Make the job that has waited longest the running one; None if none waits."""
        with self._look() as sql:
            if _first_queued(sql) is None:
                return None
        with self._change() as sql:
            job_id = _first_queued(sql)
            if job_id is None:
                return None
            sql.execute("UPDATE jobs SET state = ? WHERE id = ?", (State.RUNNING, job_id))
            return _job(sql, job_id)

    def request_cancel(self, job_id: int) -> None:
        """A waiting or paused job is cancelled at once; a running one is asked to stop; an ended
        one stays. Raises NotFound."""
        with self._change() as sql:
            state = _job(sql, job_id).state
            if state in (State.QUEUED, State.PAUSED):
                _end(sql, job_id, State.CANCELLED, events.to_json(Cancelled()))
            elif state is State.RUNNING:
                _ask(sql, job_id, TO_CANCEL)

    def request_pause(self, job_id: int) -> None:
        """A waiting job is paused at once; a running one is asked to stop, and then is; any other
        stays. Raises NotFound."""
        with self._change() as sql:
            state = _job(sql, job_id).state
            if state is State.QUEUED:
                _end(sql, job_id, State.PAUSED, PAUSED)
            elif state is State.RUNNING:
                _ask(sql, job_id, TO_PAUSE)

    def stop_requested(self, job_id: int) -> bool:
        """Whether a running job was asked to stop."""
        with self._look() as sql:
            asked = sql.execute("SELECT count(*) FROM jobs WHERE id = ? AND cancel", (job_id,))
            return _number(asked) > 0

    def say(self, job_id: int, event: Started | Progress) -> None:
        """Tell those who follow a running job how it goes; nothing if it runs no more."""
        body = events.to_json(event)
        column, value = ("plan", body["plan"]) if isinstance(event, Started) else ("progress", body)
        with self._change() as sql:
            changed = sql.execute(
                f"UPDATE jobs SET {column} = ? WHERE id = ? AND state = ?",
                (_text(value), job_id, State.RUNNING),
            )
            if changed.rowcount:
                _append(sql, job_id, body)

    def finish(self, job_id: int, clip: Clip) -> None:
        """The running job has become a clip."""
        body = {"event": "finished", "clip": clip.to_json(), "seconds": clip.seconds}
        self._end_running(job_id, State.FINISHED, body, clip_id=clip.id)

    def fail(self, job_id: int, error: str, advice: str) -> None:
        """The running job cannot be finished."""
        body = events.to_json(Failed(error=error, advice=advice))
        self._end_running(job_id, State.FAILED, body)

    def stopped(self, job_id: int) -> None:
        """The running job has stopped on request: it is paused or cancelled, as was asked."""
        with self._change() as sql:
            if _job(sql, job_id).state is State.RUNNING:
                _stop(sql, job_id)

    def recover(self) -> list[Job]:
        """For the one owner, while it runs nothing: what was running is interrupted. Gives those.

        Events of long ended jobs are dropped here.
        """
        with self._change() as sql:
            rows = sql.execute("SELECT id FROM jobs WHERE state = ?", (State.RUNNING,)).fetchall()
            body = {"event": "interrupted", "error": INTERRUPTED, "advice": RUN_AGAIN}
            for row in rows:
                _end(sql, row["id"], State.INTERRUPTED, body)
            sql.execute(
                "DELETE FROM events WHERE job_id IN (SELECT id FROM jobs WHERE state IN "
                "(SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT -1 OFFSET ?)",
                (json.dumps(list(ENDED)), EVENTFUL_JOBS),
            )
            return [_job(sql, row["id"]) for row in rows]

    def put_back(self) -> None:
        """For the one owner, when it leaves in order: what was running waits again, in its place.

        What was asked to stop is cancelled or paused.
        """
        with self._change() as sql:
            rows = sql.execute("SELECT id, cancel FROM jobs WHERE state = ?", (State.RUNNING,))
            for job_id, asked_to_stop in rows.fetchall():
                if asked_to_stop:
                    _stop(sql, job_id)
                else:
                    _wait(sql, job_id)

    def _end_running(
        self, job_id: int, state: State, body: dict[str, Any], clip_id: str | None = None
    ) -> None:
        with self._change() as sql:
            # The row alone says whether the job still runs; a late word never revives it.
            if _job(sql, job_id).state is State.RUNNING:
                _end(sql, job_id, state, body, clip_id)

    @contextmanager
    def _look(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._connection

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _transaction(self._connection):
            yield self._connection


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    try:
        # WAL: readers never wait for the writer. NORMAL: a power cut may lose the last words, and
        # never harms the file.
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        with _transaction(connection):
            _migrate(connection, path)
    except (sqlite3.DatabaseError, StudioError):
        connection.close()
        raise
    return connection


def _migrate(sql: sqlite3.Connection, path: Path) -> None:
    version = _number(sql.execute("PRAGMA user_version"))
    if version > len(MIGRATIONS):
        raise StudioError(
            f"The job list {path} was written by a newer studio.",
            "Start that one, or bring this one up to date.",
        )
    for migration in MIGRATIONS[version:]:
        for statement in migration:
            sql.execute(statement)
    sql.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


@contextmanager
def _transaction(sql: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing. IMMEDIATE: what is read inside stays true until it is written."""
    sql.execute("BEGIN IMMEDIATE")
    with sql:
        yield


def _number(rows: sqlite3.Cursor) -> int:
    return int(rows.fetchone()[0])


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _insert(sql: sqlite3.Connection, group: str, take: int, asked: Recipe, decided: Shot) -> int:
    created = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    cursor = sql.execute(
        'INSERT INTO jobs ("group", take, recipe, shot, state, created) VALUES (?, ?, ?, ?, ?, ?)',
        (group, take, _text(asked.to_json()), _text(decided.to_json()), State.QUEUED, created),
    )
    job_id = cursor.lastrowid
    assert job_id is not None
    sql.execute("UPDATE jobs SET place = id WHERE id = ?", (job_id,))
    _append(sql, job_id, {"event": "queued", "position": _position(sql, job_id)})
    return job_id


def _append(sql: sqlite3.Connection, job_id: int, body: dict[str, Any]) -> None:
    sql.execute(
        "INSERT INTO events (job_id, name, body) VALUES (?, ?, ?)",
        (job_id, body["event"], _text(body)),
    )


def _end(
    sql: sqlite3.Connection,
    job_id: int,
    state: State,
    body: dict[str, Any],
    clip_id: str | None = None,
) -> None:
    sql.execute(
        "UPDATE jobs SET state = ?, clip_id = ?, error = ?, advice = ?, seconds = ? WHERE id = ?",
        (state, clip_id, body.get("error"), body.get("advice"), body.get("seconds"), job_id),
    )
    sql.execute(
        "DELETE FROM events WHERE name = 'progress' AND job_id <= ?", (job_id - STEPPING_JOBS,)
    )
    _append(sql, job_id, body)


def _ask(sql: sqlite3.Connection, job_id: int, wish: int) -> None:
    sql.execute("UPDATE jobs SET cancel = ? WHERE id = ?", (wish, job_id))


def _stop(sql: sqlite3.Connection, job_id: int) -> None:
    """End a job as it was asked to; where nothing was asked, it is cancelled."""
    wish = _number(sql.execute("SELECT cancel FROM jobs WHERE id = ?", (job_id,)))
    if wish == TO_PAUSE:
        _end(sql, job_id, State.PAUSED, PAUSED)
    else:
        _end(sql, job_id, State.CANCELLED, events.to_json(Cancelled()))


def _wait(sql: sqlite3.Connection, job_id: int) -> None:
    sql.execute(
        "UPDATE jobs SET state = ?, progress = NULL, plan = NULL WHERE id = ?",
        (State.QUEUED, job_id),
    )
    _append(sql, job_id, {"event": "queued", "position": _position(sql, job_id)})


def _first_queued(sql: sqlite3.Connection) -> int | None:
    return next(iter(_waiting(sql)), None)


def _waiting(sql: sqlite3.Connection) -> dict[int, int]:
    """Job number → place, in the order in which they are taken."""
    rows = sql.execute("SELECT id, place FROM jobs WHERE state = ? ORDER BY place", (State.QUEUED,))
    return {int(row["id"]): int(row["place"]) for row in rows}


def _position(sql: sqlite3.Connection, job_id: int) -> int | None:
    ahead = sql.execute(
        "SELECT count(*) FROM jobs AS this JOIN jobs AS other ON other.place <= this.place "
        "AND other.state = this.state WHERE this.id = ? AND this.state = ?",
        (job_id, State.QUEUED),
    )
    return _number(ahead) or None


def _job(sql: sqlite3.Connection, job_id: int) -> Job:
    row = sql.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no job {job_id}.", "Look at the list of jobs again.")
    return job_of(dict(row))
