#!/usr/bin/env python3
"""Set up Rushes in its own folder, then start it: the one command a newcomer needs.

    python launch.py [options of app.py]           start the studio and open the browser
    python launch.py studio render "a red ball"    any command of the studio
    python launch.py --test [options of pytest]    install the test tools too and run the tests

Makes ``.venv`` beside this file, installs requirements.txt with the PyTorch build that suits this
PC, and hands over to it. Only the standard library is used. It knows nothing of what the studio
does, and it writes to standard error only, because standard output belongs to what it starts.

An interrupted set-up is repaired by the next start. ``.venv/rushes.json`` is emptied before
anything changes and filled again, in one step, after everything is in place; when it is not
filled, every installed file is compared with the hash its package recorded for it, and damaged
packages are installed again. ``.venv.lock`` keeps two starts from working at once.

Environment: ``RUSHES_TORCH_INDEX`` names another copy of PyTorch's index
(default https://download.pytorch.org/whl), for places where that one is slow.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import hashlib
import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# Before anything that an older Python does not know; ruff takes 3.11 for granted.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "Rushes needs Python 3.11 or newer; this is Python %d.%d.\n" % sys.version_info[:2]  # noqa: UP031
        + "Install Python 3.12 from https://www.python.org/downloads/ and start this file with it."
    )

FOLDER = Path(__file__).resolve().parent
TORCH_INDEX = "https://download.pytorch.org/whl"
INTERRUPTED = 130  # what shells give for a program ended by Ctrl+C
ANSWER_SECONDS = 60.0  # within which the private Python tells its version
# Two tests at a time; tests/conftest.py says which.
ALL_TESTS = ["-n", "2", "--no-loadscope-reorder"]


class SetupError(Exception):
    """What stopped the set-up, in one sentence, and what the person can do, in another."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# --- which PyTorch build suits this PC -----------------------------------------------------------

Version = tuple[int, ...]
Ask = Callable[[list[str]], tuple[int, str]]  # arguments of nvidia-smi -> exit status, its words


@dataclass(frozen=True, kw_only=True, slots=True)
class CudaBuild:
    """A CUDA build of PyTorch, and what it needs."""

    tag: str
    linux_driver: Version  # oldest driver that runs it
    windows_driver: Version
    oldest_card: Version  # CUDA compute capability, the range its kernels are compiled for
    newest_card: Version

    def driver(self) -> Version:
        return self.windows_driver if os.name == "nt" else self.linux_driver


# Newest first: the first that a PC can run is taken. Drivers: NVIDIA's CUDA release notes, table
# "CUDA Toolkit and minimum required driver version for CUDA minor version compatibility" (CUDA
# 13.x: 580; CUDA 12.x: 525.60.13 on Linux, 528.33 on Windows). Builds and cards: PyTorch's
# RELEASE.md, "CUDA support matrix" of 2.13, whose stable builds these two are (there is no cu128).
# cu130 brings PTX, from which a driver compiles for cards that are newer than any in its list.
CUDA_BUILDS = (
    CudaBuild(
        tag="cu130",
        linux_driver=(580,),
        windows_driver=(580,),
        oldest_card=(7, 5),
        newest_card=(99,),
    ),
    CudaBuild(
        tag="cu126",
        linux_driver=(525, 60, 13),
        windows_driver=(528, 33),
        oldest_card=(5, 0),
        newest_card=(9, 0),
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Graphics:
    """The NVIDIA card that the studio would use; ``problem`` says why it cannot be used."""

    card: str = ""
    capability: Version = ()
    driver: Version = ()
    problem: str = ""
    advice: str = ""

    def runs(self, tag: str) -> bool:
        return any(build.tag == tag for build in self.builds())

    def builds(self) -> list[CudaBuild]:
        """The builds that this driver and this card can run, the best first."""
        return [b for b in self.cards_builds() if self.driver >= b.driver()]

    def cards_builds(self) -> list[CudaBuild]:
        """The builds that have kernels for this card, whatever the driver; all if it is unknown."""
        if not self.capability:
            return list(CUDA_BUILDS)
        return [b for b in CUDA_BUILDS if b.oldest_card <= self.capability <= b.newest_card]


def version(text: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def find_nvidia_smi() -> str | None:
    """NVIDIA's own tool, which comes with the driver. Never one from the current folder."""
    if os.name == "nt":
        places = [
            Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), r"System32\nvidia-smi.exe"),
            Path(os.environ.get("PROGRAMFILES", r"C:\Program Files"))
            / r"NVIDIA Corporation\NVSMI\nvidia-smi.exe",
        ]
    else:
        places = [Path(shutil.which("nvidia-smi") or "/usr/lib/wsl/lib/nvidia-smi")]
    return next((str(place) for place in places if place.is_file()), None)


def ask_nvidia_smi(program: str, arguments: list[str]) -> tuple[int, str]:
    try:
        # a driver that hangs must not hang us; a sleeping laptop card needs a few seconds
        answer = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    return answer.returncode, answer.stdout.decode("utf-8", "replace")


def read_graphics(ask: Ask) -> Graphics:
    """What nvidia-smi tells. With several cards: the most capable, which CUDA also puts first."""
    status, words = ask(["--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"])
    if "compute_cap" in words:  # drivers before 510 do not know the question
        status, words = ask(["--query-gpu=name,driver_version", "--format=csv,noheader"])
        words = re.sub(r"$", ", unknown", words.strip(), flags=re.MULTILINE)
    if "No devices were found" in words:
        return Graphics(
            problem="The NVIDIA driver is there, but it finds no graphics card.",
            advice="If there is one, restart the PC; if that does not help, reinstall the driver.",
        )
    rows = [line.rsplit(",", 2) for line in words.splitlines() if line.count(",") >= 2]
    cards = [Graphics(card=n.strip(), driver=version(d), capability=version(c)) for n, d, c in rows]
    if status != 0 or not cards:
        first = next((line.strip() for line in words.splitlines() if line.strip()), "no answer")
        return Graphics(
            problem=f"The NVIDIA driver does not answer ({first}).",
            advice="Restart the PC; if that does not help, reinstall the driver from "
            "https://www.nvidia.com/drivers.",
        )
    return judge(max(cards, key=lambda card: card.capability))


def judge(graphics: Graphics) -> Graphics:
    """The same, with the reason added if no build runs on it."""
    if graphics.builds():
        return graphics
    fitting = graphics.cards_builds() or [CUDA_BUILDS[-1]]
    needed, have = (
        ".".join(f"{part:02d}" for part in driver)  # as NVIDIA writes them: 470.256.02
        for driver in (fitting[-1].driver(), graphics.driver)
    )
    if graphics.driver < fitting[-1].driver():
        problem = f"The driver {have} of the {graphics.card} is too old; PyTorch needs {needed}."
        advice = "Update it from https://www.nvidia.com/drivers, restart the PC and start again."
    else:
        problem = f"The {graphics.card} is too old for today's PyTorch."
        advice = "A card of the GTX 900 series or newer is needed."
    return Graphics(
        card=graphics.card,
        capability=graphics.capability,
        driver=graphics.driver,
        problem=problem,
        advice=advice,
    )


def this_pc() -> Graphics:
    program = find_nvidia_smi()
    if program is None:
        return Graphics()
    return read_graphics(lambda arguments: ask_nvidia_smi(program, arguments))


# --- the private environment ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """``.venv`` in the folder: where its parts are, and whether it can be used."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / ".venv"

    @property
    def python(self) -> Path:
        return self.root / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def packages(self) -> Path:
        found = next((self.root / "lib").glob("python3*/site-packages"), self.root / "lib")
        return self.root / "Lib/site-packages" if os.name == "nt" else found

    @property
    def stamp(self) -> Path:
        return self.root / "rushes.json"

    def python_version(self) -> str | None:
        """The version of its Python, or None where that does not run as this environment.

        Raises SetupError if it does not answer: on a PC that is short of memory it may be whole,
        and at work for a studio that is open."""
        if not (self.python.is_file() and (self.root / "pyvenv.cfg").is_file()):
            return None
        question = (
            "import json, platform as p, sys; print(json.dumps([p.python_version(), sys.prefix]))"
        )
        try:
            answer = subprocess.run(
                [str(self.python), "-I", "-c", question],
                capture_output=True,
                timeout=ANSWER_SECONDS,
                check=True,
            )
            number, prefix = json.loads(answer.stdout)
            is_this = Path(prefix).samefile(self.root)
        except subprocess.TimeoutExpired as error:
            raise SetupError(
                "The private Python does not answer.",
                "Close other programs or restart the PC, then start again.",
            ) from error
        except (OSError, ValueError, subprocess.CalledProcessError):
            return None
        return number if is_this and version(number) >= (3, 11) else None

    def torch_build(self) -> str | None:
        """ "2.13.0+cu130", "2.13.0+cpu", …, read without importing it; None where there is none."""
        if not any(self.packages.glob("torch-*.dist-info")):
            return None
        try:
            text = (self.packages / "torch/version.py").read_text("utf-8")
        except OSError:
            return None
        number = re.search(r"__version__ = '([^'+]+)", text)
        cuda = re.search(r"^cuda\b.*= '([\d.]+)'", text, re.MULTILINE)
        if number is None:
            return None
        return number[1] + ("+cu" + cuda[1].replace(".", "") if cuda else "+cpu")


def pins(requirements: Path) -> dict[str, str]:
    """name -> version of the lines "name==version"."""
    text = requirements.read_text("utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.!+]+)", text, re.MULTILINE))


def read_stamp(environment: Environment) -> dict[str, str]:
    try:
        stamp = json.loads(environment.stamp.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(environment: Environment, stamp: dict[str, str]) -> None:
    """Replace the stamp in one step, on the disk for certain: a power cut must not falsify it."""
    fresh = environment.stamp.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(stamp, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(environment.stamp)


def claim(environment: Environment) -> None:
    """Make ``.venv`` ours to change, with an empty stamp; refuse what does not look like ours.

    Raises SetupError for a link to elsewhere, a file, or a folder with other things in it."""
    root = environment.root
    is_link = os.path.lexists(root) and root.resolve() != environment.folder.resolve() / root.name
    if root.is_symlink() or is_link or (root.exists() and not root.is_dir()):
        raise SetupError(
            f"{root} is a link or a file, not a folder that this program made.",
            "Remove or rename it yourself, then start again.",
        )
    known = [environment.stamp, environment.stamp.with_suffix(".new"), root / "pyvenv.cfg"]
    if root.exists() and any(root.iterdir()) and not any(path.is_file() for path in known):
        raise SetupError(
            f"{root} holds files that this program did not make.",
            "Move them away or rename that folder, then start again.",
        )
    root.mkdir(exist_ok=True)
    write_stamp(environment, {})


def make_environment(environment: Environment) -> None:
    """Empty ``.venv`` and make it anew. The stamp stays throughout: it marks the folder as ours."""
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            "This Python cannot make private environments (its ensurepip is missing).",
            f"On Debian or Ubuntu: sudo apt install python3.{sys.version_info[1]}-venv; "
            "then start again.",
        )
    for path in environment.root.iterdir():
        if path == environment.stamp:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, onerror=retry_writable)
        else:
            path.unlink()
    try:
        venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(environment.root)
    except subprocess.CalledProcessError as error:
        raise SetupError(
            f"Python could not put pip into the private environment ({error}).",
            "Start again; if it stays so, install Python 3.12 from https://www.python.org.",
        ) from error


def retry_writable(delete: Callable[[str], object], path: str, _: object) -> None:
    """For shutil.rmtree: Windows does not delete files that are marked read-only."""
    Path(path).chmod(stat.S_IWRITE)
    delete(path)


# --- repair after an interruption ----------------------------------------------------------------


def remove_damaged(packages: Path) -> list[str]:
    """Forget every installed package that is not whole, so that pip installs it again.

    A package is whole when all files of its RECORD have the recorded SHA-256. Returns the names."""
    for leftover in packages.glob("~*"):  # pip's own name for what it was about to replace
        shutil.rmtree(leftover, onerror=retry_writable)
    damaged = [info for info in packages.glob("*.dist-info") if not is_whole(info)]
    for info in damaged:
        shutil.rmtree(info, onerror=retry_writable)
    return [info.name.removesuffix(".dist-info") for info in damaged]


def is_whole(info: Path) -> bool:
    try:
        with (info / "RECORD").open(encoding="utf-8", newline="") as file:
            return all(
                file_hash(info.parent / name) == recorded
                for name, recorded, _ in csv.reader(file)
                if recorded.startswith("sha256=")
            )
    except (OSError, ValueError, csv.Error):
        return False


def file_hash(path: Path) -> str:
    """In the form of RECORD files."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


# --- set-up --------------------------------------------------------------------------------------


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[int]:
    """Hold the folder's lock; wait, and say so, while another start holds it. Yields its file.

    The operating system frees it when the holder ends, however it ends."""
    try:
        descriptor = os.open(folder / ".venv.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise SetupError(
            f"The folder {folder} cannot be written to ({error.strerror}).",
            "Move Rushes to a folder of your own, such as Documents, and start it there.",
        ) from error
    try:
        if not locked(descriptor):
            say("Another start is setting up this folder; waiting for it …")
            while not locked(descriptor):
                time.sleep(0.2)
        yield descriptor
    finally:
        os.close(descriptor)


def locked(descriptor: int) -> bool:
    """Try once to take the lock."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """One run of the set-up, under the lock."""

    environment: Environment
    graphics: Graphics
    tools: bool
    lock: int
    started: float

    def run(self) -> None:
        """Bring the environment to what the folder asks for; do nothing where it is so already."""
        python_version = self.environment.python_version()
        if python_version and self.up_to_date(python_version) and not self.better_torch_offered():
            return
        say(f"Setting up Rushes in {self.environment.folder}")
        interrupted = read_stamp(self.environment) == {}
        claim(self.environment)
        self.prepare_environment(python_version is not None, interrupted)
        if not self.torch_suits():
            self.install_torch()
        self.step("Installing the packages of requirements.txt")
        self.install("-r", str(self.requirements()))
        if self.tools:
            self.step("Installing the test tools")
            self.install("-r", str(self.requirements("tests")))
        self.check_torch()
        write_stamp(self.environment, self.expected_stamp(str(self.environment.python_version())))
        self.step("Ready")

    def step(self, text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self.started), 60)
        say(f"[{minutes:2d}:{seconds:02d}] {text}")

    # what is asked for, and what is there

    def requirements(self, of: str = "") -> Path:
        return self.environment.folder / of / "requirements.txt"

    def expected_stamp(self, python_version: str) -> dict[str, str]:
        """What the stamp says when everything that the folder asks for is installed."""
        stamp = {"python": python_version, "folder": str(self.environment.folder)}
        stamp["requirements"] = hashlib.sha256(self.requirements().read_bytes()).hexdigest()
        if self.tools:
            stamp["tools"] = hashlib.sha256(self.requirements("tests").read_bytes()).hexdigest()
        return stamp

    def up_to_date(self, python_version: str) -> bool:
        stamped = (
            self.expected_stamp(python_version).items() <= read_stamp(self.environment).items()
        )
        return stamped and self.torch_number() == self.pin("torch")

    def pin(self, name: str) -> str | None:
        return pins(self.requirements()).get(name)

    def torch_number(self) -> str | None:
        build = self.environment.torch_build()
        return build and build.partition("+")[0]

    def torch_suits(self) -> bool:
        """Is the pinned torch there, in a build that uses this PC's card if it has a usable one?"""
        tag = (self.environment.torch_build() or "").partition("+")[2]
        fits = not self.graphics.builds() or self.graphics.runs(tag)
        return self.torch_number() == self.pin("torch") and (tag == "" or fits)

    def better_torch_offered(self) -> bool:
        return not self.torch_suits() and self.torch_source() is not None

    # the steps

    def prepare_environment(self, runs: bool, interrupted: bool) -> None:
        """See to a Python that runs and a pip that is whole."""
        environment = self.environment
        if runs and interrupted:
            self.step("The last set-up did not finish; checking every file that it left")
            for name in remove_damaged(environment.packages):
                self.step(f"  {name} is not whole and will be installed again")
        if not runs or not any(environment.packages.glob("pip-*.dist-info")):
            self.step(f"Making the private environment {environment.root}")
            make_environment(environment)
        if self.pin("pip"):
            self.install(f"pip=={self.pin('pip')}")

    def torch_wanted(self) -> str:
        """The version with the tag of the build for this PC: "2.13.0+cu130"."""
        return f"{self.pin('torch')}+{next((b.tag for b in self.graphics.builds()), 'cpu')}"

    def torch_source(self) -> list[str] | None:
        """pip's options for a source of that build; None where there is none.

        pip's own sources may have it (a mirror, a folder of wheels); else PyTorch's index has one
        index for each build. Asked with little patience, so that an unreachable index costs
        seconds; the download itself then gets all of pip's own patience."""
        wanted = self.torch_wanted()
        index = os.environ.get("RUSHES_TORCH_INDEX", TORCH_INDEX).rstrip("/")
        index += "/" + wanted.partition("+")[2]
        self.step(f"Looking for PyTorch {wanted} in pip's sources and at {index}")
        for source in [], ["--extra-index-url", index]:
            question = ["index", "versions", "torch", "--timeout", "15", "--retries", "1"]
            answer = subprocess.run(
                self.pip(*question, *source),
                stdout=subprocess.PIPE,
                env=clean_environ(),
                check=False,
                pass_fds=self.kept_open(),
            )
            if wanted in re.split(r"[\s,()]+", answer.stdout.decode("utf-8", "replace")):
                return source
        return None

    def install_torch(self) -> None:
        """The build for this PC; where it cannot be had, the one that pip's own index has.

        macOS has one build only, which is on pip's own."""
        wanted = self.torch_wanted()
        source = None if sys.platform == "darwin" else self.torch_source()
        if source is None:
            wanted = str(self.pin("torch"))
        if wanted == self.torch_number():
            return  # there is no better one to be had
        self.step(f"Installing PyTorch {wanted}" + (", some GB to download" * ("+cu" in wanted)))
        self.install(f"torch=={wanted}", *(source or []), "-c", str(self.requirements()))

    def check_torch(self) -> None:
        """Load it once: on Windows it can be whole and still lack a system library."""
        if self.pin("torch") is None:
            return
        self.step("Checking that PyTorch loads")
        if self.call([str(self.environment.python), "-I", "-c", "import torch"]) != 0:
            runtime = "https://aka.ms/vs/17/release/vc_redist.x64.exe"
            raise SetupError(
                "PyTorch is installed but does not load; its message is above.",
                f"Install Microsoft's Visual C++ runtime from {runtime}, then start again."
                if os.name == "nt"
                else "Start again; if it stays so, delete the folder .venv and start again.",
            )

    def install(self, *arguments: str) -> None:
        if self.call(self.pip("install", *arguments)) != 0:
            raise SetupError("pip could not install this; its message is above.", self.pip_advice())

    def pip_advice(self) -> str:
        hints = [
            "Close every running Rushes, check the internet connection and start again: "
            "what is there already is kept."
        ]
        free_gb = shutil.disk_usage(self.environment.folder).free / 1e9
        if free_gb < 15:  # a CUDA build of PyTorch: about 5 GB of wheels, unpacked to twice that
            hints.append(f"This disk has only {free_gb:.1f} GB free; 15 GB are enough.")
        if sys.version_info >= (3, 15) or sys.maxsize < 2**32:
            hints.append("This Python may have no packages yet; 64-bit Python 3.12 has them all.")
        if os.name == "nt" and len(str(self.environment.folder)) > 100:
            hints.append("The folder's path is long for Windows; move it nearer to the drive.")
        return " ".join(hints)

    def pip(self, *arguments: str) -> list[str]:
        return [str(self.environment.python), "-m", "pip", *arguments]

    def call(self, command: list[str]) -> int:
        return subprocess.run(
            command,
            stdout=sys.stderr,
            env=clean_environ(),
            check=False,
            pass_fds=self.kept_open(),
        ).returncode

    def kept_open(self) -> tuple[int, ...]:
        """A pip that outlives a killed launcher keeps the lock, so that no second one joins it."""
        return () if os.name == "nt" else (self.lock,)


def clean_environ() -> dict[str, str]:
    """Ours, less what would mix another Python's packages or folders into the private one's."""
    drop = {"PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in drop}
    return {
        **kept,
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "PIP_USER": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


# --- start ---------------------------------------------------------------------------------------


def set_up(folder: Path, tools: bool) -> Environment:
    """The environment, ready; says so when the graphics card will not be used."""
    environment, graphics = Environment(folder=folder), this_pc()
    with only_one(folder) as lock:
        setup = Setup(
            environment=environment,
            graphics=graphics,
            tools=tools,
            lock=lock,
            started=time.monotonic(),
        )
        setup.run()
        if graphics.builds() and not setup.torch_suits():
            build = environment.torch_build()
            say(
                f"\n*** The {graphics.card} is NOT used: only PyTorch {build} could be had. ***\n"
                "*** The build for this card is looked for again at every start.       ***\n"
            )
    if graphics.problem:
        say(f"\n*** {graphics.problem} {graphics.advice} Until then the processor does the work.\n")
    return environment


def command(environment: Environment, arguments: list[str]) -> list[str]:
    """What to run in the environment. -P: nothing in the current folder can shadow a package."""
    python, folder = str(environment.python), environment.folder
    if arguments[:1] == ["studio"]:
        return [python, "-P", "-m", "studio", *arguments[1:]]
    if arguments[:1] == ["--test"]:
        return [python, "-P", "-m", "pytest", *(arguments[1:] or ALL_TESTS)]
    return [python, str(folder / "app.py"), *arguments]


def hand_over(words: list[str], environ: dict[str, str]) -> int:
    """Become that program; on Windows, where that is impossible, wait for it."""
    if os.name != "nt":
        os.execve(words[0], words, environ)
    child = subprocess.Popen(words, env=environ)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # Ctrl+C reaches the program too, and it is the one that ends
            continue


def main(arguments: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):  # a folder's name may not fit the console's letters
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    testing = arguments[:1] == ["--test"]
    try:
        environment = set_up(FOLDER, tools=testing)
        if testing:
            os.chdir(FOLDER)
        elif arguments[:1] != ["studio"]:
            say("Starting the studio …")
        environ = {**clean_environ(), "PYTHONPATH": str(FOLDER)}
        return hand_over(command(environment, arguments), environ)
    except SetupError as error:
        say(f"\n{error}\n{error.advice}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. Start again to carry on from here.")
        return INTERRUPTED
    except OSError as error:
        say(
            f"\nA file could not be read, written or removed: {error}\n"
            "Close every running Rushes, see that the disk is not full, then start again."
        )
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
