"""The Models page: what is here, what fits this computer and why, getting it and letting it go.

`layout` draws, `Depot` answers. The page asks again while something is on its way; a download goes
on with no page open.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from studio.checks import Check
from studio.download import Download
from studio.errors import InvalidRequest
from studio.models import MODELS, ModelSpec
from studio.plan import Hardware, Plan, Residency
from studio.recipe import Recipe
from studio.shot import Kind
from studio.studio import Studio
from studio.ui.part import part
from studio.ui.served import sentence, served
from studio.vocabulary import Words
from studio.weights import ModelState, Offer, free_bytes, nearest


class Depot:
    """Answers the Models page. Every method takes and gives plain JSON."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def look(self, _: dict[str, Any]) -> dict[str, Any]:
        """Every model, and this computer as far as it is measured."""
        hardware = self._studio.hardware()
        # Read before the states: the page asks again while one is active, so that it never stays
        # with what was before the end of it.
        under_way = {id: self._under_way(id) for id in MODELS}
        return {
            "models": [
                self._model(state, hardware) | under_way[state.spec.id]
                for state in self._studio.models()
            ],
            "computer": _computer(hardware) if hardware else None,
            "free": free_bytes(self._studio.places.models),
            "mirror": self._studio.mirror(),
        }

    def act(self, asked: dict[str, Any]) -> dict[str, Any]:
        """asked: {"name": get | pause | check | release | remove, "id", "bundle"?}; {"name": use,
        "id", "folder"}; {"name": mirror, "address": "" for the usual one}. Does it and gives all
        anew."""
        id = str(asked.get("id"))
        match asked.get("name"):
            case "get":
                self._studio.start_download(id, asked.get("bundle"))
            case "pause":
                self._studio.pause_download(id)
            case "use":
                self._studio.use_folder(id, Path(_typed(asked.get("folder"))))
            case "check":
                self._studio.start_check(id)
            case "release":
                self._studio.start_release(id)
            case "mirror":
                self._studio.set_mirror(_typed(asked.get("address")) or None)
            case "remove":
                self._studio.remove_model(id)
            case _:
                raise InvalidRequest("That cannot be done with a model.", "Choose another action.")
        return self.look({})

    def _model(self, state: ModelState, hardware: Hardware | None) -> dict[str, Any]:
        spec = state.spec
        return {
            "id": spec.id,
            "name": spec.name,
            "note": _words(spec.note),
            "licence": spec.licence,
            "built_in": spec.repository is None,
            "from": _sources(spec),
            "installed": state.installed,
            "partly": state.partly,
            "borrowed": state.borrowed,
            "bytes": state.bytes,
            "folder": str(state.folder),
            "disk": nearest(state.folder) is not None,
            "runs": {kind.value: self._runs(spec, kind, hardware) for kind in Kind},
            "releasable": self._releasable(spec) if state.installed else None,
            "ways": [] if state.installed else list(map(_way, self._studio.offers(spec.id))),
        }

    def _under_way(self, id: str) -> dict[str, Any]:
        download, check = self._studio.download(id), self._studio.check(id)
        return {
            "download": _download(download),
            "check": _check(check) if check else None,
        }

    def _runs(
        self, spec: ModelSpec, kind: Kind, hardware: Hardware | None
    ) -> dict[str, Any] | None:
        """The best way it runs here at its usual size; None until this computer is measured."""
        if hardware is None:
            return None
        plan = self._studio.plans(Recipe(model=spec.id), kind, hardware)[0]
        shape = spec.shapes[0]
        width, height = shape.preview if kind is Kind.PREVIEW else shape.final
        return {
            "fits": plan.fits,
            "worthwhile": _worthwhile(plan),
            "seconds": plan.seconds,
            "size": f"{width}×{height}",
            "reason": sentence(plan.reason),
        }

    def _releasable(self, spec: ModelSpec) -> int | None:
        """Bytes that letting its published experts go would free; None where they must stay."""
        try:
            return self._studio.releasable(spec.id)
        except InvalidRequest:
            return None


def welcome(studio: Studio) -> dict[str, Any] | None:
    """What the first line on an empty stage says: the model this computer could run, {} where it
    is none; None where one was fetched already, or nobody has measured yet."""
    hardware, states = studio.hardware(), studio.models()
    if hardware is None or any(state.installed and state.spec.repository for state in states):
        return None
    fitting = [state.spec for state in states if state.spec.repository]
    for spec in sorted(fitting, key=lambda spec: spec.expert_params * spec.experts, reverse=True):
        if _worthwhile(studio.plans(Recipe(model=spec.id), Kind.PREVIEW, hardware)[0]):
            return {"name": spec.name, "bytes": studio.offer(spec.id).missing}
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelsPage:
    """The components of the page. depot fires `changed` when a model came or went."""

    depot: gr.HTML


def layout(studio: Studio) -> ModelsPage:
    """Draw the page; call inside its tab."""
    depot = Depot(studio)
    answers = (served(depot.look), served(depot.act))
    return ModelsPage(depot=part("models", *answers, shared=("shared",)))


def _worthwhile(plan: Plan) -> bool:
    """Whether anybody would wait for it: on the processor a preview of Wan2.2 takes days."""
    return plan.fits and plan.residency is not Residency.CPU


def _sources(spec: ModelSpec) -> list[str]:
    """What a shot of the model may start from: words, a picture, a last picture."""
    kinds = {
        "words": not spec.needs_picture,
        "picture": spec.takes_picture,
        "last": spec.takes_last_picture,
    }
    return [kind for kind, allowed in kinds.items() if allowed]


def _computer(hardware: Hardware) -> dict[str, Any]:
    return {
        "device": hardware.device,
        "vram_gb": hardware.vram_total_gb,
        "ram_gb": hardware.ram_total_gb,
    }


def _way(offer: Offer) -> dict[str, Any]:
    """A way to have a model, and what that would take."""
    bundle = offer.bundle
    return {
        "id": bundle.id,
        "name": _words(bundle.name),
        "note": _words(bundle.note),
        "bytes": offer.bytes,
        "stays": bundle.stays,
        "missing": offer.missing,
        "free": offer.free,
        "enough": offer.enough,
        "seconds": offer.seconds,
        "found": offer.found is not None,
    }


def _download(download: Download | None) -> dict[str, Any] | None:
    if download is None:
        return None
    said = {"error": sentence(download.error), "advice": sentence(download.advice)}
    return download.to_json() | said | {"active": download.stage.active}


def _check(check: Check) -> dict[str, Any]:
    return asdict(check) | {"error": sentence(check.error), "advice": sentence(check.advice)}


def _typed(text: object) -> str:
    """What somebody typed or pasted; Windows puts a path it copies into quotes."""
    return str(text).strip().strip('"')


def _words(words: Words) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}
