"""How many times the predicted memory a model's renders took on this computer: learned from those
that ran out of it, remembered for the next.

Only a note that can be lost: without it a render runs out of memory once more and goes on.
"""

import json
import logging
from pathlib import Path

from studio.files import write_whole
from studio.models import ModelSpec
from studio.plan import Hardware, Margin

LOG = logging.getLogger(__name__)
FILE = "margins.json"


def read(models: Path, spec: ModelSpec, hardware: Hardware) -> Margin:
    """None at all where nothing was learned; models is the folder of all downloaded weights."""
    return _all(models).get(_key(spec, hardware), Margin())


def write(models: Path, spec: ModelSpec, hardware: Hardware, margin: Margin) -> None:
    """Remember it."""
    known = _all(models) | {_key(spec, hardware): margin}
    try:
        write_whole(models / FILE, json.dumps(known, indent=1).encode())
    except OSError as error:
        LOG.warning("How much memory a render takes could not be remembered: %s", error)


def _all(models: Path) -> dict[str, Margin]:
    try:
        data = json.loads((models / FILE).read_text(encoding="utf-8"))
        return {
            str(key): Margin(vram=max(float(vram), 1.0), ram=max(float(ram), 1.0))
            for key, (vram, ram) in data.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _key(spec: ModelSpec, hardware: Hardware) -> str:
    return f"{spec.id} on {hardware.device}, {hardware.vram_total_gb:.0f} GB"
