"""Where things live on this computer. Decided when asked, not on import.

`STUDIO_HOME` moves every folder the program writes under one root; without it they are where the
system keeps such things (platformdirs): clips among the videos, databases in the local data folder,
because a videos folder may be synchronised by a cloud service and a database must not be.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from studio.errors import InvalidRequest, StudioError

APP_NAME = "Rushes"
PROJECT = Path(os.path.abspath(__file__)).parent.parent  # noqa: PTH100, as `_whole`
BUNDLED_PRESETS = PROJECT / "presets"
ASSETS = PROJECT / "assets"


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Every folder and file the studio reads or writes. None of them need exist yet.

    library: the clips, the person's own folder. data: databases and posters of this library.
    cache: what can be made again. settings: one file. presets: the person's own presets.
    models: the weights.
    """

    library: Path
    data: Path
    cache: Path
    settings: Path
    presets: Path
    models: Path

    @property
    def work(self) -> Path:
        """Renders in progress; inside the library so that the last step is a rename."""
        return self.library / ".work"

    @property
    def trash(self) -> Path:
        return self.library / "Trash"

    @property
    def pictures(self) -> Path:
        """Copies of the reference pictures, named by their SHA-256."""
        return self.library / "Pictures"

    @property
    def exports(self) -> Path:
        """Trimmed clips, GIFs, contact sheets and reels."""
        return self.library / "Exports"

    @property
    def posters(self) -> Path:
        return self.data / "posters"

    @property
    def latents(self) -> Path:
        """What previews can be worked up from, each under its clip's id."""
        return self.data / "latents"

    @property
    def glimpses(self) -> Path:
        """Moving pictures of what is being made."""
        return self.data / "glimpses"

    @property
    def texts(self) -> Path:
        """What text encoders made of words."""
        return self.cache / "texts"

    @property
    def checkpoints(self) -> Path:
        """How far each render is that has not ended."""
        return self.data / "checkpoints"

    def checkpoint(self, job_id: int) -> Path:
        """Where a job keeps how far its render is."""
        return self.checkpoints / f"{job_id}.safetensors"

    @property
    def log(self) -> Path:
        """What the worker process printed."""
        return self.data / "worker.log"


def places(library: Path | None = None) -> Places:
    """The folders to use now; library overrides where the clips are."""
    root, config = _home(), _config()
    if root:
        data, cache, default_library = root / "data", root / "cache", root / "library"
    else:
        data = Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))
        cache = Path(platformdirs.user_cache_dir(APP_NAME, appauthor=False))
        default_library = Path(platformdirs.user_videos_dir()) / APP_NAME
    chosen = _whole(library or default_library)
    return Places(
        library=chosen,
        data=data / "libraries" / _key(chosen.resolve()),
        cache=cache,
        settings=settings_file(),
        presets=config / "my-presets",
        models=data / "models",
    )


def settings_file() -> Path:
    """Where the settings are, whatever the library that they may name."""
    return _config() / "settings.json"


def check_library(library: Path) -> None:
    """Raises InvalidRequest for a library on a server's share without a drive letter, StudioError
    where its disk is not there."""
    if library.drive.startswith("\\\\"):
        raise InvalidRequest(
            f"The page cannot show clips of {library}.",
            "Give that folder a drive letter, and use that.",
        )
    # What a drive stands for is not known while it is away: the library would have another key.
    if not Path(library.anchor).exists():
        raise StudioError(
            f"The disk of {library} is not there.",
            "Connect it, or choose another folder with --library.",
        )


def _home() -> Path | None:
    home = os.environ.get("STUDIO_HOME")
    return _whole(Path(home)) if home else None


def _config() -> Path:
    return _home() or Path(platformdirs.user_config_dir(APP_NAME, appauthor=False))


def _whole(folder: Path) -> Path:
    """From the root on, links and drive letters as they are: a resolved Z: is a server's name, of
    which Gradio serves nothing."""
    return Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100, resolve() follows them


def _key(folder: Path) -> str:
    """A short stable name for a library folder; on Windows upper and lower case are one name."""
    return hashlib.sha256(os.path.normcase(folder).encode()).hexdigest()[:12]
