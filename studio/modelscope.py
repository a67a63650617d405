"""ModelScope: what a repository holds there, and one file of it got.

All through modelscope_hub, the part of the modelscope package that speaks with the hub; the whole
package imports torch. ModelScope gives the rest of a file but calls it the whole (status 200 with a
Content-Range, modelscope_hub issue 50), which `http_get` of huggingface_hub takes at its word; so
the bytes are appended here. Knows nothing of models.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from modelscope_hub import APIError, HubApi, HubConfig, NotExistError

from studio import hub
from studio.errors import StudioError
from studio.hub import HubFile, Lost

# It names its newest state so; what it tells of a file's hash holds the file to it.
_REVISION = "master"


class _Nobody(HubConfig):
    """Who asks. Else a number of this computer is kept in the home and told with each question."""

    def get_session_id(self) -> str:
        return ""


def listing(repository: str, wanted: Sequence[str], endpoint: str) -> list[HubFile]:
    """The wanted files of a repository as they are there now. Raises Lost, StudioError."""
    with _told(repository, endpoint):
        there = _api(endpoint).list_repo_files(repository, "model", revision=_REVISION)
    found = [
        HubFile(
            repository=repository,
            commit=_REVISION,
            path=one.path,
            bytes=one.size,
            digest=one.sha256 or "",
        )
        for one in there
        if not one.is_dir
    ]
    return hub.chosen(found, repository, wanted, endpoint)


def fetch(file: HubFile, endpoint: str, partial: Path, wrote: Callable[[int, int], None]) -> None:
    """Append to a partial file what it lacks. wrote: is told how many bytes came just now, and how
    many it has; may raise, to stop. Raises Lost, StudioError; what came until then is kept."""
    with _told(file.path, endpoint), partial.open("ab") as stream:
        begin = stream.tell()
        if begin == file.bytes:
            return
        asked = {"Accept-Encoding": "identity", **({"Range": f"bytes={begin}-"} if begin else {})}
        answer = _api(endpoint).legacy.download_stream(
            file.repository, "model", file.path, file.commit, headers=asked
        )
        with answer:
            if not answer.headers.get("Content-Range", "").startswith(f"bytes {begin}-"):
                stream.truncate(0)
            for chunk in answer.iter_content(hub.PIECE_BYTES):
                stream.write(chunk)
                wrote(len(chunk), stream.tell())
        if stream.tell() != file.bytes:
            raise Lost("the file came with another length")


def _api(endpoint: str) -> HubApi:
    # Without a token it does not look for one, which would be in a pickle.
    return HubApi(_Nobody(endpoint=endpoint, token=""))


@contextlib.contextmanager
def _told(what: str, endpoint: str) -> Iterator[None]:
    """Inside, what goes wrong between this computer and ModelScope is Lost or a StudioError."""
    try:
        yield
    except NotExistError as error:
        raise StudioError(
            f"ModelScope does not have {what}.",
            "Choose Hugging Face or another mirror; what came stays, and it goes on from there.",
        ) from error
    except APIError as error:
        raise hub.refusal(what, endpoint, error.status_code or 0) from error
    except OSError as error:
        # A connection's errors have no number; a disk's have.
        if error.errno is not None:
            raise
        raise Lost(f"{urlsplit(endpoint).netloc} does not answer") from error
