"""A small hub on loopback: one repository, served as the real one serves it, and its accidents."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """files: path → bytes of every repository. cut: path → how many bytes of an answer come before
    the connection breaks, one entry for each answer. wrong: path → how many answers have a wrong
    byte. refuse: status of every answer, 0 for none. asked: what was asked for, in order, with the
    first byte of it. gate: files wait here before their last byte, where it is not set."""

    files: dict[str, bytes]
    address: str = ""
    cut: dict[str, list[int]] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)
    refuse: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def info(self, repository: str) -> dict[str, Any]:
        siblings = []
        for path, data in self.files.items():
            one: dict[str, Any] = {"rfilename": path, "size": len(data)}
            one["blobId"] = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            if path.endswith((".safetensors", ".gguf")):
                digest = hashlib.sha256(data).hexdigest()
                one["lfs"] = {"size": len(data), "sha256": digest, "pointerSize": 134}
            siblings.append(one)
        return {"id": repository, "sha": COMMIT, "siblings": siblings}


Served = TypeVar("Served", bound=Hub)


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[Hub]:
    """Answers at `address` until the block is left."""
    with answering(Hub(files=files), Door) as hub:
        yield hub


@contextmanager
def answering(hub: Served, door: "type[Door]") -> Iterator[Served]:
    """A hub that answers by a door of some kind."""
    hub.gate.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (door,), {"hub": hub}))
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.gate.set()
        server.shutdown()
        server.server_close()


class Door(BaseHTTPRequestHandler):
    hub: Any
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0])
        if self.hub.refuse:
            self.answer(self.hub.refuse, b"")
        elif path.startswith("/api/models/"):
            repository = path.removeprefix("/api/models/")
            self.answer(200, json.dumps(self.hub.info(repository)).encode())
        else:
            self.file(path.partition(f"/resolve/{COMMIT}/")[2])

    do_HEAD = do_GET

    def start(self) -> int:
        """The first byte that is asked for."""
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])

    def begin(self, start: int, of: int) -> None:
        """How an answer from a byte on begins."""
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(of - start))
        self.end_headers()

    def file(self, name: str) -> None:
        data = self.hub.files.get(name)
        if data is None:
            return self.answer(404, b"")
        start, of = self.start(), len(data)
        self.hub.asked.append((name, start))
        data = data[start:]
        if self.hub.wrong.get(name):
            self.hub.wrong[name] -= 1
            data = bytes([data[0] ^ 1]) + data[1:]
        self.begin(start, of)
        cuts = self.hub.cut.get(name)
        if cuts:
            self.wfile.write(data[: cuts.pop(0)])
            self.close_connection = True
            return None
        self.wfile.write(data[:-1])
        self.wfile.flush()
        self.hub.gate.wait()
        self.wfile.write(data[-1:])
        return None

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


def repository(folder: Path) -> dict[str, bytes]:
    """The files of a folder as a repository has them."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
