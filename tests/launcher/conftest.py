"""A small package index on this computer, and a folder of Rushes that installs from it.

The packages are real wheels, made here; launch.py, venv and pip are the real ones."""

import base64
import contextlib
import functools
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

LAUNCH = Path(__file__).resolve().parents[2] / "launch.py"
APP = """
import json, sys, lantern
print(json.dumps([sys.prefix, lantern.VERSION, sys.argv[1:]]))
"""
COMMANDS = """
import json, sys
print(json.dumps(["studio", sys.argv[1:]]))
"""
PYTEST = """
import json, sys
print(json.dumps(["pytest", sys.argv[1:]]))
"""
CUDA = {"cpu": "None", "cu126": "'12.6'", "cu130": "'13.0'"}


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},{_digest(text)},{len(text.encode())}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def make_torch(folder: Path, local: str, tag: str) -> None:
    version = f"2.13.0+{tag}"
    text = f"__version__ = '{version}'\ncuda: Optional[str] = {CUDA[tag]}\n"
    text = f"from typing import Optional\n{text}"
    make_wheel(
        folder, "torch", f"2.13.0{local}", {"torch/__init__.py": "", "torch/version.py": text}
    )


@dataclass
class Index:
    """A package index at 127.0.0.1: pip's own under simple/, PyTorch's under whl/."""

    root: Path
    url: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = tmp_path_factory.mktemp("index")
    for version in ("1.0", "2.0"):
        source = {
            "lantern/__init__.py": f"VERSION = {version!r}\n",
            "lantern/data.txt": "light " * 99,
        }
        make_wheel(root / "simple/lantern", "lantern", version, source)
    make_wheel(root / "simple/pytest", "pytest", "9.9", {"pytest/__main__.py": PYTEST})
    make_torch(root / "simple/torch", "", "cpu")
    for tag in CUDA:
        make_torch(root / f"whl/{tag}/torch", f"+{tag}", tag)
    index = Index(root, "")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            index.asked.append(self.path)

    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        index.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield index
        server.shutdown()


@pytest.fixture
def index(_served: Index) -> Index:
    _served.asked.clear()
    return _served


@dataclass
class Rushes:
    """A folder with the real launch.py and a small app, and the PC on which it is started."""

    folder: Path
    environ: dict[str, str]
    tools: Path  # first on the PATH

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def packages(self) -> Path:
        return next(self.venv.glob("[Ll]ib/**/site-packages"))

    def require(self, *lines: str, tools: str = "pytest==9.9") -> None:
        (self.folder / "requirements.txt").write_text("\n".join(lines) + "\n", "utf-8")
        (self.folder / "tests").mkdir(exist_ok=True)
        (self.folder / "tests/requirements.txt").write_text(tools + "\n", "utf-8")

    def graphics(self, row: str) -> None:
        """Put a driver on the PC whose nvidia-smi gives this row ("": finds no card)."""
        tool = self.tools / "nvidia-smi"
        answer = f'echo "{row}"' if row else "echo No devices were found; exit 6"
        tool.write_text(f"#!/bin/sh\n{answer}\n", "utf-8")
        tool.chmod(0o755)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.folder / "launch.py"), *arguments],
            env=self.environ,
            cwd=self.tools,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def start(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error of ``python launch.py …``."""
        process = self.begin(*arguments)
        try:
            output, errors = process.communicate(timeout=120)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        return process.returncode, output, errors


@pytest.fixture
def rushes(tmp_path: Path, index: Index) -> Rushes:
    folder, tools = tmp_path / "mein Ordner 电影", tmp_path / "tools"
    tools.mkdir()
    (folder / "studio").mkdir(parents=True)
    (folder / "launch.py").write_bytes(LAUNCH.read_bytes())
    (folder / "app.py").write_text(APP, "utf-8")
    (folder / "studio/__main__.py").write_text(COMMANDS, "utf-8")
    environ = os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "NO_PROXY": "*",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{index.url}/simple",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_FIND_LINKS": "",
        "RUSHES_TORCH_INDEX": f"{index.url}/whl",
    }
    place = Rushes(folder, environ, tools)
    place.require("lantern==1.0")
    place.graphics("")
    return place


@pytest.fixture(scope="session")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {"venv": tmp_path_factory.mktemp("made") / ".venv"}


@pytest.fixture
def ready(rushes: Rushes, _made_once: dict[str, Path]) -> Rushes:
    """A folder after its first start. The environment is made once and copied, to save seconds."""
    made = _made_once["venv"]
    if not made.exists():
        status, _, errors = rushes.start()
        assert status == 0, errors
        shutil.copytree(rushes.venv, made, symlinks=True)
        return rushes
    shutil.copytree(made, rushes.venv, symlinks=True)
    stamp = json.loads((made / "rushes.json").read_text("utf-8"))
    stamp["folder"] = str(rushes.folder.resolve())
    (rushes.venv / "rushes.json").write_text(json.dumps(stamp), "utf-8")
    return rushes
