"""A Hugging Face hub or a mirror of it: what a repository holds, and one file of it got.

All through huggingface_hub. Its own downloads begin a file anew when the program ended in the
middle of it, and files here have 5 GB; so files are asked for with its `http_get`, which goes on
from where a file ends. Knows nothing of models.
"""

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_url, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
from huggingface_hub.file_download import http_get
from huggingface_hub.utils.tqdm import disable_progress_bars

from studio.errors import InvalidRequest, StudioError

# What comes of a piece before a connection breaks, comes again; a pause is heard after each.
PIECE_BYTES = 1024**2
# Without it huggingface_hub waits for ever.
LISTING_SECONDS = 30.0
_CHUNK_BYTES = 4 * 1024**2
# A server in trouble, or one that asks for patience, may do better later.
_LATER = (408, 425, 429, 500, 502, 503, 504)
# ModelScope in China, and for the rest of the world.
_MODELSCOPE = ("modelscope.cn", "www.modelscope.cn", "modelscope.ai", "www.modelscope.ai")


class Lost(Exception):
    """The connection broke, or the server is in trouble: later it may be better. Says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubFile:
    """A file of a repository. path: in the repository, with `/`. digest: SHA-256 of its bytes, or
    where the hub has none, git's SHA-1 of them; in hexadecimal. commit: of the repository."""

    repository: str
    commit: str
    path: str
    bytes: int
    digest: str


def address(mirror: str | None) -> str:
    """Where files come from: the chosen mirror, else HF_ENDPOINT, else the hub itself."""
    return mirror or constants.ENDPOINT


def is_modelscope(address: str) -> bool:
    """Whether an address is ModelScope's, or that which MODELSCOPE_ENDPOINT says it has; any other
    is spoken to as to a Hugging Face hub."""
    named = os.environ.get("MODELSCOPE_ENDPOINT", "").rstrip("/")
    return address == named or urlsplit(address).hostname in _MODELSCOPE


def checked_address(text: str) -> str:
    """A mirror's address as it is kept; of a page of ModelScope's, that of the hub. Raises
    InvalidRequest if it is none."""
    written = text.strip().rstrip("/")
    parts = urlsplit(written)
    if parts.scheme == "https" and parts.hostname in _MODELSCOPE:
        return f"https://{parts.hostname}"
    near = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and near)):
        return written
    raise InvalidRequest(
        f"“{text}” is no address of a mirror.", "Write it in full, as https://modelscope.cn."
    )


def listing(repository: str, wanted: Sequence[str], endpoint: str) -> list[HubFile]:
    """The wanted files of a repository as they are there now. Raises Lost, StudioError."""
    with _told(repository, endpoint):
        # A token is for Hugging Face, and this may be anybody's mirror; these files need none.
        info = HfApi(endpoint=endpoint, token=False).model_info(
            repository, files_metadata=True, timeout=LISTING_SECONDS
        )
    found = [
        HubFile(
            repository=repository,
            commit=info.sha or constants.DEFAULT_REVISION,
            path=one.rfilename,
            bytes=one.size or 0,
            digest=one.lfs.sha256 if one.lfs else one.blob_id or "",
        )
        for one in info.siblings or ()
    ]
    return chosen(found, repository, wanted, endpoint)


def chosen(
    found: Sequence[HubFile], repository: str, wanted: Sequence[str], endpoint: str
) -> list[HubFile]:
    """The wanted ones of a repository's files. Raises StudioError if there are none."""
    files = [one for one in found if any(fnmatchcase(one.path, form) for form in wanted)]
    if not files:
        raise StudioError(
            f"{repository} at {endpoint} has none of the files it should have.",
            "Choose another mirror.",
        )
    return files


def fetch(file: HubFile, endpoint: str, partial: Path, wrote: Callable[[int, int], None]) -> None:
    """Append to a partial file what it lacks. wrote: is told how many bytes came just now, and how
    many it has; may raise, to stop. Raises Lost, StudioError; what came until then is kept."""
    disable_progress_bars("huggingface_hub.http_get")
    constants.DOWNLOAD_CHUNK_SIZE = PIECE_BYTES
    url = hf_hub_url(file.repository, file.path, revision=file.commit, endpoint=endpoint)
    with _told(file.path, endpoint), partial.open("ab") as stream:
        watched = cast(BinaryIO, _Watched(stream, wrote))
        http_get(url, watched, resume_size=stream.tell(), expected_size=file.bytes)


def cached(file: HubFile) -> Path | None:
    """Where the Hugging Face cache of this computer has a file of that name; be it an older one."""
    for revision in (file.commit, None):
        found = try_to_load_from_cache(file.repository, file.path, revision=revision)
        if isinstance(found, str):
            return Path(found).resolve()
    return None


def cached_snapshot(repository: str) -> Path | None:
    """Where the Hugging Face cache of this computer has a repository, whole or not."""
    try:
        return Path(snapshot_download(repository, local_files_only=True))
    except LocalEntryNotFoundError:
        return None


def is_file(path: Path, file: HubFile, read: Callable[[int], None] = lambda _: None) -> bool:
    """Whether path has exactly the bytes of a file. read: is told how many bytes were compared."""
    if not path.is_file() or path.stat().st_size != file.bytes:
        return False
    if len(file.digest) == hashlib.sha256().digest_size * 2:
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(f"blob {file.bytes}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        for chunk in _chunks(stream):
            digest.update(chunk)
            read(len(chunk))
    return digest.hexdigest() == file.digest


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


class _Watched:
    """A stream that tells what is written to it: how much just now, and where it ends."""

    def __init__(self, stream: BinaryIO, wrote: Callable[[int, int], None]) -> None:
        self._stream = stream
        self._wrote = wrote

    def write(self, data: bytes) -> int:
        count = self._stream.write(data)
        self._wrote(count, self._stream.tell())
        return count

    def seek(self, position: int) -> int:
        return self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()

    def truncate(self) -> int:
        return self._stream.truncate()


def refusal(what: str, endpoint: str, status: int) -> Lost | StudioError:
    """What a hub means with a status that is no success."""
    if status in _LATER:
        return Lost(f"the server answers {status}")
    return StudioError(
        f"{urlsplit(endpoint).netloc} does not give {what}: {status}.",
        "Choose another mirror, or try again later.",
    )


@contextlib.contextmanager
def _told(what: str, endpoint: str) -> Iterator[None]:
    """Inside, what goes wrong between this computer and the hub is Lost or a StudioError."""
    try:
        yield
    except httpx2.TransportError as error:
        raise Lost(_line(error)) from error
    except OfflineModeIsEnabled as error:
        raise StudioError(
            "Downloads are switched off by HF_HUB_OFFLINE.", "Remove that variable."
        ) from error
    except HfHubHTTPError as error:
        raise refusal(what, endpoint, error.response.status_code) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StudioError(
                "The disk is full.", "Free some space; it goes on where it stopped."
            ) from error
        if error.errno is None:
            # Fewer bytes than promised, or more: so says huggingface_hub.
            raise Lost("the file came with another length") from error
        raise


def _line(error: BaseException) -> str:
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__
