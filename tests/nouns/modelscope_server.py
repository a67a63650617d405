"""A small ModelScope on loopback: the same repository, as ModelScope lists and gives it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.nouns import hub_server

ROOT = "/api/v1/models/"


class Rest(StrEnum):
    """How the rest of a file is answered: as a part of it, called the whole, or not at all."""

    PART = "part"
    CALLED_WHOLE = "called whole"
    WHOLE = "whole"


@dataclass
class ModelScope(hub_server.Hub):
    """rest: how it is answered. lacks: repositories that are not there. elsewhere: files with that
    ending lie at another address. agents: how who asked named itself."""

    rest: Rest = Rest.CALLED_WHOLE
    lacks: set[str] = field(default_factory=set)
    elsewhere: str = ".safetensors"
    agents: list[str] = field(default_factory=list)

    def listed(self) -> list[dict[str, Any]]:
        folders = {path.rpartition("/")[0] for path in self.files} - {""}
        return [{"Path": folder, "Size": 0, "Type": "tree"} for folder in sorted(folders)] + [
            {
                "Path": path,
                "Size": len(data),
                "Sha256": hashlib.sha256(data).hexdigest(),
                "Type": "blob",
            }
            for path, data in self.files.items()
        ]


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[ModelScope]:
    """Answers at `address` until the block is left."""
    with hub_server.answering(ModelScope(files=files), _Door) as hub:
        yield hub


class _Door(hub_server.Door):
    hub: ModelScope

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.hub.agents.append(self.headers["User-Agent"])
        if self.hub.refuse:
            return self.say(self.hub.refuse, {})
        repository, _, what = parts.path.removeprefix(ROOT).partition("/repo")
        if repository in self.hub.lacks or asked.get("Revision", "master") != "master":
            return self.say(404, {})
        if what == "/files":
            assert asked["Recursive"] == "True"
            return self.say(200, {"Files": self.hub.listed()})
        name = asked["FilePath"]
        if name.endswith(self.hub.elsewhere) and parts.path.startswith(ROOT):
            return self.send_on(name)
        return self.file(name)

    def send_on(self, name: str) -> None:
        self.send_response(302)
        self.send_header("Location", f"{self.hub.address}/store?FilePath={name}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def start(self) -> int:
        return 0 if self.hub.rest is Rest.WHOLE else super().start()

    def begin(self, start: int, of: int) -> None:
        self.send_response(206 if start and self.hub.rest is Rest.PART else 200)
        self.send_header("Content-Length", str(of - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{of - 1}/{of}")
        self.end_headers()

    def say(self, status: int, data: dict[str, Any]) -> None:
        self.answer(status, json.dumps({"Code": status, "Data": data}).encode())
