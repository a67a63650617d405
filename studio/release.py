"""Published experts let go, once they are kept as this computer runs them.

The small files stay, and a note of what went: with it the model is as whole as before, for what is
kept. LoRAs cannot be added any more, nor another precision made, until the download brings them
back.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from studio import manifest, preparation, weights
from studio.errors import InvalidRequest, StudioError
from studio.files import sha256_of
from studio.manifest import Manifest, Released
from studio.models import ModelSpec
from studio.plan import Precision

EXPERTS = ("transformer", "transformer_2")


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What can be let go. home: the model's folder. going: weight files, as the manifest names
    them. prepared: folder of experts as they run. forms: in which they are kept whole there."""

    spec: ModelSpec
    home: Path
    known: Manifest
    going: tuple[str, ...]
    prepared: Path
    forms: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """What the disk has more of afterwards: what has a second name elsewhere stays on it, and
        what a release under way has deleted by now comes free no more."""
        freed = 0
        for target in self.going:
            with suppress(FileNotFoundError):
                file = (self.home / target).stat()
                freed += file.st_size if file.st_nlink == 1 else 0
        return freed


def possible(spec: ModelSpec, models: Path, needed: Collection[Precision]) -> Release:
    """What can be let go of a model. needed: how this computer would keep its experts.

    Raises InvalidRequest if it is not downloaded, was released, or is not kept in one of these.
    """
    now = weights.state(spec, models)
    prepared = weights.prepared_in(spec, models)
    known = None if now.borrowed or not now.installed else manifest.read(now.folder)
    if prepared is None or known is None:
        raise InvalidRequest(
            f"There is nothing of {spec.name} to release.",
            "Only the published experts of a whole model that was downloaded here can be.",
        )
    folders = EXPERTS[: spec.experts]
    going = tuple(
        f"{folder}/{path.name}"
        for folder in folders
        for path in preparation.files(now.folder / folder)
        if f"{folder}/{path.name}" in known.files
    )
    if not going:
        raise InvalidRequest(
            f"The published experts of {spec.name} are released already.",
            f"To have them back, run: {weights.bring_back(spec, known)}",
        )
    forms = tuple(
        form.name
        for form in sorted(prepared.glob("*-*"))
        if all(preparation.find(form / one, now.folder / one) for one in folders)
    )
    for precision in needed:
        if not any(form.startswith(f"{precision.value}-") for form in forms):
            raise InvalidRequest(
                f"{spec.name} runs in {precision.value} here, and is not kept so yet.",
                "Make one clip with it first, without LoRAs (--slow); where it is still not kept "
                "then, the published files are the smaller ones, and stay.",
            )
    return Release(
        spec=spec, home=now.folder, known=known, going=going, prepared=prepared, forms=forms
    )


def carry_out(release: Release) -> int:
    """Read what is kept, note it, and delete what it was made of; gives the bytes freed.

    Raises StudioError if another program holds a file; the same again goes on.
    """
    freed = release.bytes
    if release.known.released is None:
        changed = {target: (release.home / target).stat().st_mtime_ns for target in release.going}
        kept = {
            path.relative_to(release.prepared).as_posix(): sha256_of(path)
            for form in release.forms
            for path in sorted((release.prepared / form).rglob("*.safetensors"))
        }
        noted = replace(release.known, released=Released(changed=changed, kept=kept))
        manifest.note(release.home, noted)
    try:
        for target in release.going:
            (release.home / target).unlink(missing_ok=True)
    except OSError as error:
        raise StudioError(
            f"{release.spec.name} could not be released: {error.strerror or error}.",
            "Close every studio that uses it and run the same again.",
        ) from error
    return freed
