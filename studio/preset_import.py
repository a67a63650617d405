"""Presets from elsewhere: first what there is and what it would change, then, when asked, in.

`plan` looks and writes nothing; `carry_out` writes what was decided, into the person's own folder
alone. Nothing takes the place of a preset that is there unless that was chosen.
"""

import contextlib
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PIL import Image

from studio import lora, mp4, presets, weights
from studio.clip import tag_from_json
from studio.errors import InvalidRequest, NotFound, PictureError, PresetError
from studio.models import MODELS
from studio.paths import Places
from studio.preset_extract import extract
from studio.preset_pack import Bundle, card, opened
from studio.preset_schema import Preset
from studio.vocabulary import Words, term
from studio.yaml_edit import written

FILMS = (".mp4",)


class Standing(StrEnum):
    """How a preset that comes in stands to those that are here."""

    NEW = "new"
    SAME = "same"  # it is here already, and says the same
    OWN = "own"  # an own one has its id
    BUNDLED = "bundled"  # a bundled one has its id


class Choice(StrEnum):
    """What to do with a preset whose id is taken."""

    REPLACE = "replace"
    KEEP_BOTH = "keep-both"
    SKIP = "skip"


class Need(StrEnum):
    """What a preset may need that is not here."""

    MODEL = "model"
    LORA = "lora"
    PICTURE = "picture"


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """Something a preset names that is not on this computer: a model's id, a file's name."""

    need: Need
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing that a preset does to a clip. key: where the file says it. value: in words."""

    key: str
    value: Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A preset that could come in.

    path: what was dropped in. source: where in it, for people. data: its file. picture: its card,
    drawn anew. present: the preset here that has its id.
    """

    path: Path
    source: str
    preset: Preset
    data: bytes
    picture: bytes | None
    standing: Standing
    present: Preset | None
    changes: tuple[Change, ...]
    missing: tuple[Missing, ...]

    @property
    def taken(self) -> bool:
        """Whether somebody must say what becomes of the one that is here."""
        return self.standing in (Standing.OWN, Standing.BUNDLED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What was found, by id once each, and what is wrong with the rest."""

    found: tuple[Found, ...]
    wrong: tuple[InvalidRequest, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A preset that came in. found: as it was; preset: as it is here."""

    found: Found
    preset: Preset


@dataclass(frozen=True, slots=True)
class _Here:
    """The presets of this computer by id, and which of them are the person's own."""

    places: Places
    presets: Mapping[str, Preset]
    own: Set[str]

    def standing(self, preset: Preset, picture: bytes | None) -> Standing:
        if preset.id not in self.presets:
            return Standing.NEW
        # A picture is renamed as it comes in, so its name says nothing.
        says = self.presets[preset.id].model_copy(update={"picture": preset.picture})
        shows = picture is None or picture == presets.drawn_card(preset.id, self.places)
        if says == preset and shows:
            return Standing.SAME
        return Standing.OWN if preset.id in self.own else Standing.BUNDLED


def plan(paths: Sequence[Path], places: Places) -> Plan:
    """What these files, folders, zips and clips of ours hold. Writes nothing.

    One that is wrong hides no other; it is told in the plan.
    """
    here = _here(places)
    found: dict[str, Found] = {}
    wrong: list[InvalidRequest] = []
    for path in paths:
        try:
            for one in _look_into(path, here):
                if isinstance(one, InvalidRequest):
                    wrong.append(one)
                elif one.preset.id in found:
                    wrong.append(_twice(one, found[one.preset.id]))
                else:
                    found[one.preset.id] = one
        except InvalidRequest as error:
            wrong.append(error)
    return Plan(found=tuple(found.values()), wrong=tuple(wrong))


def carry_out(plan: Plan, choices: Mapping[str, Choice], places: Places) -> list[Kept]:
    """Keep the presets of a plan; gives those that were written.

    choices: what to do with those whose id is taken, by id. One that is here already is left as it
    is unless both are wanted. Raises InvalidRequest, and then nothing was written, if a choice is
    missing, as when an id was taken since the plan was made, or a file is in the way.
    """
    here = _here(places)
    ways = {one.preset.id: _way(one, here, choices) for one in plan.found}
    taken = [*here.presets.values(), *(one.preset for one in plan.found)]
    coming: list[tuple[Found, bytes]] = []
    for one in plan.found:
        way, data = ways[one.preset.id], one.data
        if way is Choice.SKIP:
            continue
        if way is Choice.KEEP_BOTH:
            data = presets.another(data, taken, places)
            taken.append(presets.read_bytes(data, one.source))
        coming.append((one, data))
    kept = presets.keep_all([(data, one.picture) for one, data in coming], places)
    return [Kept(found=one, preset=preset) for (one, _), preset in zip(coming, kept, strict=True)]


def changes(preset: Preset) -> tuple[Change, ...]:
    """What a preset does to a clip, in both languages."""
    return tuple(itertools.chain(_look(preset), _words(preset), _numbers(preset)))


def missing(preset: Preset, places: Places) -> tuple[Missing, ...]:
    """What a preset needs and this computer has not: one of its models, every LoRA."""
    folders = weights.lora_folders(places.models)
    states = [weights.state(MODELS[id], places.models) for id in preset.models]
    models = [] if any(state.installed for state in states) else preset.models
    return (
        *(Missing(need=Need.MODEL, name=id) for id in models),
        *(
            Missing(need=Need.LORA, name=needed.file)
            for needed in preset.loras
            if lora.find(lora.Lora(**needed.model_dump()), folders) is None
        ),
    )


# -- looking


def _here(places: Places) -> _Here:
    presets_here = {preset.id: preset for preset in presets.everything(places)[0]}
    return _Here(places, presets_here, presets.own_ids(places))


def _look_into(path: Path, here: _Here) -> Iterator[Found | InvalidRequest]:
    if path.suffix.lower() in FILMS:
        yield _found(path, path.name, *_from_clip(path, here.places), here)
        return
    with opened(path) as bundle:
        for name in bundle.names():
            source = path.name if name == path.name else f"{path.name}/{name}"
            try:
                data = bundle.preset(name)
                picture = _picture(bundle, name, presets.read_bytes(data, source))
                yield _found(path, source, data, picture, here)
            except InvalidRequest as error:
                yield error


def _picture(bundle: Bundle, name: str, preset: Preset) -> bytes | None:
    """The card of a preset, drawn anew; a look is not lost for a broken picture."""
    wanted = preset.picture
    picture = bundle.picture(wanted, name) if wanted else None
    if picture is None:
        return None
    with contextlib.suppress(PictureError):
        return card(picture, preset.id)
    return None


def _found(path: Path, source: str, data: bytes, picture: bytes | None, here: _Here) -> Found:
    preset = presets.read_bytes(data, source)
    lacking = missing(preset, here.places)
    if preset.picture and picture is None:
        lacking = (*lacking, Missing(need=Need.PICTURE, name=preset.picture))
    return Found(
        path=path,
        source=source,
        preset=preset,
        data=data,
        picture=picture,
        standing=here.standing(preset, picture),
        present=here.presets.get(preset.id),
        changes=changes(preset),
        missing=lacking,
    )


def _from_clip(path: Path, places: Places) -> tuple[bytes, bytes | None]:
    """A clip's look as a preset file, and a frame of it as its card."""
    try:
        tag = tag_from_json(mp4.words(path))
    except NotFound as error:
        raise PresetError(error.message, error.advice) from error
    document = extract(tag, lambda entry: presets.resolve(entry, places))
    data = written(document)
    with contextlib.suppress(InvalidRequest), contextlib.closing(mp4.frames(path)) as film:
        middle = next(itertools.islice(film, tag.shot.frames // 2, None), None)
        if middle is not None:
            still = io.BytesIO()
            Image.fromarray(middle).save(still, "PNG")
            return data, card(still.getvalue(), document["id"])
    return data, None


def _twice(one: Found, other: Found) -> PresetError:
    return PresetError(
        f"{one.source}: “{one.preset.id}” is the id of {other.source} too.",
        "Give one of them another id.",
    )


def _way(one: Found, here: _Here, choices: Mapping[str, Choice]) -> Choice:
    """What to do with a preset: replace is also what brings in one whose id is free."""
    chosen, standing = choices.get(one.preset.id), here.standing(one.preset, one.picture)
    if standing is Standing.NEW:
        return Choice.SKIP if chosen is Choice.SKIP else Choice.REPLACE
    if standing is Standing.SAME:
        return Choice.KEEP_BOTH if chosen is Choice.KEEP_BOTH else Choice.SKIP
    if chosen is None:
        raise InvalidRequest(
            f"There is a preset “{one.preset.id}” already, and {one.source} says something else.",
            "Replace it, or keep both.",
        )
    return chosen


# -- what it would change


def _look(preset: Preset) -> Iterator[Change]:
    for group, ids in preset.look.items():
        names = [term(group, id).name for id in ids]
        yield _listed(f"look.{group}", [name.en for name in names], [name.zh for name in names])


def _words(preset: Preset) -> Iterator[Change]:
    if preset.prompt:
        sentences = Words(en=preset.prompt.get("en"), zh=preset.prompt.get("zh"))
        yield Change(key="prompt", value=sentences)
    added = preset.negative.add
    if added.en or added.zh:
        yield _listed("negative.add", added.get("en"), added.get("zh"))
    if preset.negative.remove:
        yield _listed("negative.remove", preset.negative.remove, preset.negative.remove)


def _numbers(preset: Preset) -> Iterator[Change]:
    for key in ("steps", "guidance"):
        number = getattr(preset.sampling, key)
        if number is not None:
            yield _listed(f"sampling.{key}", [f"{number:g}"], [f"{number:g}"])
    if preset.loras:
        files = [needed.file for needed in preset.loras]
        yield _listed("loras", files, files)


def _listed(key: str, en: Sequence[str], zh: Sequence[str]) -> Change:
    return Change(key=key, value=Words(en=", ".join(en), zh="、".join(zh)))
