"""One model on its way here: listed, fetched, checked, and whole at the end.

A file has its own name only once its hash was right; until then it is a `.partial` that the next
try goes on with. Where only what runs is to stay, that is made of each of the experts' files as it
came, noted, and the file let go; so the next try finds either. Knows files and hubs; not threads,
nor who watches, nor how it is made.
"""

import contextlib
import logging
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Any, Protocol, TypeVar

from filelock import FileLock, Timeout

from studio import hub, manifest, preparation, repository, weights
from studio.catalogue import Bundle
from studio.errors import StudioError
from studio.events import Answered, Asking, Preparing
from studio.files import patiently, sha256_of
from studio.hub import HubFile
from studio.manifest import LOCK, PARTIAL, Manifest, Released
from studio.models import ModelSpec
from studio.plan import GIB, kept_share
from studio.release import EXPERTS
from studio.weights import SPARE_BYTES

LOG = logging.getLogger(__name__)
Value = TypeVar("Value")

# Seconds to wait after each loss of the connection in a row; any byte that comes counts anew.
RETRY_SECONDS = (1.0, 5.0, 15.0, 60.0, 300.0)
# The speed told is that of the last so many seconds.
SPEED_SECONDS = 20.0
# Files below this are read again rather than trusted for their size.
SMALL_BYTES = 64 * 1024**2


class Stage(StrEnum):
    """LISTING: asking the hub. PREPARING: making of a file what runs. RETRYING: the connection is
    lost, another try follows by itself."""

    LISTING = "listing"
    FETCHING = "fetching"
    CHECKING = "checking"
    PREPARING = "preparing"
    RETRYING = "retrying"
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"

    @property
    def active(self) -> bool:
        return self not in (Stage.PAUSED, Stage.FAILED, Stage.DONE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """How far a download is. done, of: bytes. file: the one at work. error, advice: what went
    wrong and what to do, while RETRYING or when FAILED."""

    model: str
    stage: Stage
    done: int = 0
    of: int = 0
    bytes_per_second: float | None = None
    file: str | None = None
    error: str | None = None
    advice: str | None = None

    @property
    def seconds_left(self) -> float | None:
        """At the speed of now; None where there is none."""
        return (self.of - self.done) / self.bytes_per_second if self.bytes_per_second else None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "seconds_left": self.seconds_left}


class Paused(Exception):
    """Somebody asked to stop here; not an error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to get. home: the model's folder. models: the folder of all downloaded weights.
    endpoint: the hub's address."""

    spec: ModelSpec
    bundle: Bundle
    home: Path
    models: Path
    endpoint: str


class Preparer(Protocol):
    """Makes of published weight files what runs, and asks it, in a process that may have torch."""

    def prepare(self, asked: Preparing, stopped: Callable[[], bool]) -> Path | None:
        """The file that was made, None where stopped() said so on the way. Raises StudioError."""
        ...

    def ask(self, asked: Asking, stopped: Callable[[], bool]) -> Answered | None:
        """What the experts answer, likewise."""
        ...


class Hub(Protocol):
    """Where files come from: `studio.hub` and `studio.modelscope` are both one."""

    def listing(self, repository: str, wanted: Sequence[str], endpoint: str) -> list[HubFile]: ...

    def fetch(
        self, file: HubFile, endpoint: str, partial: Path, wrote: Callable[[int, int], None]
    ) -> None: ...


def hub_at(endpoint: str) -> Hub:
    """The one that speaks the language of an address."""
    if hub.is_modelscope(endpoint):
        from studio import modelscope

        return modelscope
    return hub


class Getting:
    """An order being carried out. tell: is given how far it is, often, from the thread of `run`.
    stop: set by whoever wants it to pause."""

    def __init__(
        self, order: Order, preparer: Preparer, tell: Callable[[Download], None], stop: Event
    ) -> None:
        self._order = order
        self._hub = hub_at(order.endpoint)
        self._preparer = preparer
        self._tell = tell
        self._stop = stop
        self._now = Download(model=order.spec.id, stage=Stage.LISTING, of=order.bundle.bytes)
        self._settled = 0
        self._fetched = 0
        self._came = deque[tuple[float, int]]()

    def run(self) -> None:
        """Get everything that is not here yet. Raises Paused, StudioError."""
        order = self._order
        with _on_disk(), self._alone():
            self._say(stage=Stage.LISTING)
            planned = self._carried(self._listed())
            self._say(stage=Stage.FETCHING, of=planned.bytes, done=self._there(planned))
            self._check_room(planned)
            manifest.begin(order.home, planned)
            for target in sorted(planned.files, key=self._passes):
                planned = self._take(target, planned)
            self._finish(planned)
        self._say(stage=Stage.DONE, file=None)

    def _take(self, target: str, planned: Manifest) -> Manifest:
        """Have a file, or what runs in its place; gives what is known after it."""
        path, file = self._order.home / target, planned.files[target]
        released = planned.released
        if released is not None and target in released.changed:
            # The program may have ended between the note and the end of the file.
            path.unlink(missing_ok=True)
            self._settle(file)
            return planned
        self._get(path, file)
        if released is not None and self._passes(target):
            planned = replace(planned, released=self._prepared(path, target, released))
            manifest.note(self._order.home, planned)
            path.unlink()
        self._settle(file)
        return planned

    def _prepared(self, path: Path, target: str, released: Released) -> Released:
        """Make of a file what runs; gives what may be noted as let go."""
        order, folder = self._order, self._kept_in
        assert order.bundle.precision is not None
        self._say(stage=Stage.PREPARING)
        asked = Preparing(file=path, folder=folder, precision=order.bundle.precision)
        made = self._preparer.prepare(asked, self._stop.is_set)
        if made is None:
            raise Paused
        return Released(
            changed={**released.changed, target: path.stat().st_mtime_ns},
            kept={**released.kept, made.relative_to(folder).as_posix(): sha256_of(made)},
        )

    def _finish(self, planned: Manifest) -> None:
        """Call it whole, if it is."""
        order, released = self._order, planned.released
        if released is not None and len(released.forms) > 1:
            raise StudioError(
                f"This computer computes otherwise than when {order.spec.name} was begun.",
                "Download it again; only what was made before comes anew.",
            )
        gone = released.changed if released else {}
        lacking = next(repository.missing(order.home, gone), None)
        if lacking is not None:
            raise StudioError(
                f"{order.spec.name} is not whole: {lacking} is missing.",
                "The repository does not have it now. Choose another mirror, or try later.",
            )
        made = {
            self._kept_in / form / part: order.home / part
            for part in {target.partition("/")[0] for target in gone}
            for form in (released.forms if released else ())
        }
        for kept, origin in made.items():
            if preparation.find(kept, origin) is None:
                preparation.finish(kept, origin)
        if any(preparation.answer(kept) is None for kept in made):
            self._note_answers()
        manifest.finish(order.home)

    def _note_answers(self) -> None:
        """Have it noted what the experts answer, to know them again; that may wait."""
        self._say(stage=Stage.PREPARING, file=None)
        asked = Asking(model=self._order.spec.id, models=self._order.models)
        try:
            self._preparer.ask(asked, self._stop.is_set)
        except StudioError as error:
            LOG.warning("What the experts answer could not be noted: %s", error)
        self._check_stop()

    def _carried(self, planned: Manifest) -> Manifest:
        """What is planned; where files are let go, with a note of those that were before and are
        still the same, as far as what was made of them in this precision is there. What was made
        of others goes: they come anew."""
        precision, before = self._order.bundle.precision, manifest.read(self._order.home)
        carried, released = Released(changed={}, kept={}), before.released if before else None
        if before is not None and released is not None and precision is not None:
            forms = [path.partition("/")[0] for path in released.kept]
            form = next((one for one in reversed(forms) if one.startswith(f"{precision}-")), "")
            for target, changed in released.changed.items():
                part, _, name = target.rpartition("/")
                made = f"{form}/{part}/{preparation.name_of(name)}"
                old, new = before.files[target], planned.files.get(target)
                same = new is not None and (old.digest, old.bytes) == (new.digest, new.bytes)
                whole = preparation.made_of(self._kept_in / made) == [name, old.bytes, changed]
                if same and whole and made in released.kept:
                    carried.changed[target] = changed
                    carried.kept[made] = released.kept[made]
        for made in set(released.kept if released else ()) - set(carried.kept):
            (self._kept_in / made).unlink(missing_ok=True)
        if precision is None:
            return planned
        return replace(planned, released=carried, passing=True)

    def _passes(self, target: str) -> bool:
        """Whether a file is let go once what runs was made of it; the others come first."""
        of_expert = target.partition("/")[0] in EXPERTS and target.endswith(".safetensors")
        return self._order.bundle.precision is not None and of_expert

    @property
    def _kept_in(self) -> Path:
        return self._order.home / weights.PREPARED

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self._order.home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._order.home / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise StudioError(
                f"{self._order.spec.name} is being downloaded already.",
                "Wait for the other window or command.",
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _listed(self) -> Manifest:
        files: dict[str, HubFile] = {}
        for source in self._order.bundle.sources:
            for file in self._patiently(
                lambda source=source: self._hub.listing(  # type: ignore[misc]
                    source.repository, source.wanted, self._order.endpoint
                )
            ):
                files[source.target(file.path)] = file
        return Manifest(bundle=self._order.bundle.id, files=files)

    def _there(self, planned: Manifest) -> int:
        return manifest.there(self._order.home, planned)

    def _check_room(self, planned: Manifest) -> None:
        home, needed = self._order.home, self._room(planned)
        free = shutil.disk_usage(home).free - SPARE_BYTES
        if needed > free:
            raise StudioError(
                f"{self._order.spec.name} takes another {needed / GIB:.1f} GB and "
                f"{max(free, 0) / GIB:.1f} GB are free in {home}.",
                "Free some space, or choose a folder on another disk.",
            )

    def _room(self, planned: Manifest) -> int:
        """Bytes that the disk still needs: of what passes, for what is made of it and two files."""
        spec, precision = self._order.spec, self._order.bundle.precision
        gone = planned.released.changed if planned.released else {}
        to_come = {
            target: file.bytes - manifest.size(self._order.home / f"{target}{PARTIAL}")
            for target, file in planned.files.items()
            if target not in gone
            and not (self._order.home / target).exists()
            and not self._has_second_name(file)
        }
        if precision is None:
            return sum(to_come.values())
        passing = sorted(size for target, size in to_come.items() if self._passes(target))
        made = round(kept_share(spec, precision) * sum(passing))
        return sum(to_come.values()) - sum(passing) + made + sum(passing[-2:])

    def _get(self, path: Path, file: HubFile) -> None:
        self._say(file=file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self._is_there(path, file) and not self._taken_over(path, file):
            self._fetch(path, file)

    def _settle(self, file: HubFile) -> None:
        self._settled += file.bytes
        self._say(stage=Stage.FETCHING, done=self._settled)

    def _is_there(self, path: Path, file: HubFile) -> bool:
        """A file that has its name was checked when it got it; small ones are cheap to read."""
        if manifest.size(path) != file.bytes or not path.exists():
            return False
        return file.bytes > SMALL_BYTES or hub.is_file(path, file)

    def _taken_over(self, path: Path, file: HubFile) -> bool:
        """Have a file that is elsewhere on this computer: as a second name of it, or where the disk
        has no such thing, as a copy."""
        found = self._copy_of(file)
        if found is None or not self._checked(found, file):
            return False
        partial = _partial_of(path)
        partial.unlink(missing_ok=True)
        try:
            os.link(found, partial)
        except OSError:
            self._copy(found, partial)
        partial.replace(path)
        return True

    def _copy(self, found: Path, partial: Path) -> None:
        with found.open("rb") as source, partial.open("wb") as stream:
            while piece := source.read(hub.PIECE_BYTES):
                stream.write(piece)
                self._arrived(len(piece), stream.tell())

    def _has_second_name(self, file: HubFile) -> bool:
        """Whether a file is elsewhere on this computer where it takes no room anew."""
        found = self._copy_of(file)
        return found is not None and weights.same_disk(found, self._order.home)

    def _copy_of(self, file: HubFile) -> Path | None:
        return weights.twin(file, self._order.models) or hub.cached(file)

    def _fetch(self, path: Path, file: HubFile) -> None:
        partial = _partial_of(path)
        # What came wrong comes once more: the line may have been at fault.
        for _ in range(2):
            self._patiently(lambda: self._append(partial, file))
            if self._checked(partial, file):
                patiently(lambda: partial.replace(path))
                return
            partial.unlink()
        raise StudioError(
            f"{file.path} came damaged, twice.", "Choose another mirror, or try again later."
        )

    def _append(self, partial: Path, file: HubFile) -> None:
        if manifest.size(partial) > file.bytes:
            partial.unlink()
        self._hub.fetch(file, self._order.endpoint, partial, self._arrived)

    def _arrived(self, came: int, size: int) -> None:
        """came: bytes just now. size: of the partial file."""
        self._fetched += came
        now = time.monotonic()
        self._came.append((now, self._fetched))
        while now - self._came[0][0] > SPEED_SECONDS:
            self._came.popleft()
        began, before = self._came[0]
        speed = (self._fetched - before) / (now - began) if now > began else None
        self._say(stage=Stage.FETCHING, done=self._settled + size, bytes_per_second=speed)

    def _checked(self, path: Path, file: HubFile) -> bool:
        self._say(stage=Stage.CHECKING)
        return hub.is_file(path, file, lambda _: self._check_stop())

    def _patiently(self, work: Callable[[], Value]) -> Value:
        """Do what needs the connection, again and again where it is lost."""
        stage, waits = self._now.stage, iter(RETRY_SECONDS)
        while True:
            self._say(stage=stage, error=None, advice=None)
            fetched = self._fetched
            try:
                return work()
            except hub.Lost as lost:
                if self._fetched > fetched:
                    waits = iter(RETRY_SECONDS)
                wait = next(waits, None)
                if wait is None:
                    raise StudioError(
                        f"{self._order.spec.name} could not be downloaded: {lost}.",
                        "Check the connection and download again; it goes on where it stopped.",
                    ) from lost
                self._came.clear()
                self._say(
                    stage=Stage.RETRYING,
                    bytes_per_second=None,
                    error=f"The connection is lost: {lost}.",
                    advice=f"The next try is in {wait:.0f} seconds.",
                )
                self._stop.wait(wait)

    def _say(self, **news: Any) -> None:
        self._check_stop()
        self._now = replace(self._now, **news)
        self._tell(self._now)

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Paused


@contextlib.contextmanager
def _on_disk() -> Iterator[None]:
    """Inside, what the disk refuses is a StudioError."""
    try:
        yield
    except OSError as error:
        raise StudioError(
            f"The download could not be written: {error.strerror or error}.",
            "Free the disk or choose another folder; it goes on where it stopped.",
        ) from error


def _partial_of(path: Path) -> Path:
    return path.with_name(f"{path.name}{PARTIAL}")
