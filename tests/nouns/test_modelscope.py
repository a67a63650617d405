"""Getting a model from a ModelScope on loopback, with the real package: whole, dropped, damaged,
killed, refused, on a full disk; and going on there with what another hub began."""

import errno
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from studio import catalogue, download, hub, manifest, modelscope, weights
from studio.download import Download, Getting, Order, Stage
from studio.errors import StudioError
from studio.models import T2V_A14B
from studio.paths import PROJECT, places
from studio.settings import Settings
from studio.studio import Studio
from tests.nouns import hub_server, modelscope_server
from tests.nouns.modelscope_server import ModelScope, Rest
from tests.nouns.published import BIG, CHUNK, WANTED, files, target
from tests.nouns.test_download import Unasked, paused


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    monkeypatch.setattr(hub, "PIECE_BYTES", CHUNK)
    monkeypatch.setattr("modelscope_hub._legacy_api.REPO_TREE_PAGE_MAX_ATTEMPTS", 1)
    monkeypatch.setattr(download, "RETRY_SECONDS", (0.01, 0.02, 0.03))
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path / "person"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelScope]:
    with modelscope_server.serve(files()) as served:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", served.address)
        yield served


def get(
    server: hub_server.Hub,
    models: Path,
    tell: Callable[[Download], None] = lambda now: None,
    stop: threading.Event | None = None,
) -> None:
    order = Order(
        spec=T2V_A14B,
        bundle=catalogue.bundle(T2V_A14B, "full"),
        home=models / T2V_A14B.id,
        models=models,
        endpoint=server.address,
    )
    Getting(order, Unasked(), tell, stop or threading.Event()).run()


def whole(models: Path, server: hub_server.Hub) -> bool:
    home = models / T2V_A14B.id
    same = all((home / target(name)).read_bytes() == server.files[name] for name in WANTED)
    return same and weights.state(T2V_A14B, models).installed


def starts(server: hub_server.Hub, file: str = BIG) -> list[int]:
    return [start for name, start in server.asked if name == file]


def test_a_whole_model_comes_byte_for_byte_and_nothing_else(
    tmp_path: Path, server: ModelScope
) -> None:
    said: list[Download] = []
    get(server, tmp_path, said.append)
    assert whole(tmp_path, server)
    home = tmp_path / T2V_A14B.id
    ours = {manifest.WHOLE, manifest.MANIFEST, manifest.LOCK}
    there = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert there - ours == set(map(target, WANTED))
    total = sum(len(server.files[name]) for name in WANTED)
    assert (said[-1].stage, said[-1].done, said[-1].of) == (Stage.DONE, total, total)
    known = manifest.read(home)
    assert known is not None
    assert {len(file.digest) for file in known.files.values()} == {64}


def test_nothing_of_the_person_is_kept_or_told(tmp_path: Path, server: ModelScope) -> None:
    get(server, tmp_path)
    assert not (tmp_path / "person").exists()
    numbers = re.findall(r"session_id/(\w+)", " ".join(server.agents))
    assert len(set(numbers)) == len(server.asked) + 2  # two repositories are listed


@pytest.mark.parametrize("rest", [Rest.CALLED_WHOLE, Rest.PART])
def test_a_dropped_connection_goes_on_from_where_it_was(
    tmp_path: Path, server: ModelScope, rest: Rest
) -> None:
    server.rest, server.cut[BIG] = rest, [3 * CHUNK, 2 * CHUNK + 7, CHUNK]
    get(server, tmp_path)
    assert whole(tmp_path, server)
    assert starts(server) == [0, 3 * CHUNK, 5 * CHUNK, 6 * CHUNK]


def test_where_only_whole_files_are_given_it_comes_anew(tmp_path: Path, server: ModelScope) -> None:
    server.rest, server.cut[BIG] = Rest.WHOLE, [3 * CHUNK]
    get(server, tmp_path)
    assert whole(tmp_path, server)
    assert starts(server) == [0, 0]


def test_pausing_keeps_what_came(tmp_path: Path, server: ModelScope) -> None:
    here = paused(get, server, tmp_path)
    get(server, tmp_path)
    assert whole(tmp_path, server)
    assert starts(server) == [0, here]


def test_a_disk_that_fills_up_is_said_and_what_came_is_kept(
    tmp_path: Path, server: ModelScope
) -> None:
    def full(now: Download) -> None:
        if now.file == BIG and now.done > 60_000 + 5 * CHUNK:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StudioError, match="could not be written: No space left") as raised:
        get(server, tmp_path, full)
    assert "goes on where it stopped" in raised.value.advice
    here = (tmp_path / T2V_A14B.id / f"{BIG}{manifest.PARTIAL}").stat().st_size
    get(server, tmp_path)
    assert whole(tmp_path, server)
    assert starts(server) == [0, here]


def test_a_killed_program_goes_on_where_it_was(tmp_path: Path, server: ModelScope) -> None:
    program = (
        "import os, sys, threading\n"
        "from pathlib import Path\n"
        "from studio import catalogue, hub\n"
        "from studio.download import Getting, Order\n"
        "from studio.models import T2V_A14B as spec\n"
        f"hub.PIECE_BYTES = {CHUNK}\n"
        "models, came = Path(sys.argv[2]), []\n"
        "def tell(now):\n"
        f"    came.extend([now.done] if now.file == {BIG!r} and now.bytes_per_second else [])\n"
        "    if len(came) == 4:\n"
        "        os._exit(9)\n"
        "Getting(Order(spec=spec, bundle=catalogue.bundle(spec, 'full'), home=models / spec.id,"
        " models=models, endpoint=sys.argv[1]), None, tell, threading.Event()).run()\n"
    )
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", program, server.address, str(tmp_path)]
    assert subprocess.run(command, env=env, timeout=120, check=False).returncode == 9
    here = (tmp_path / T2V_A14B.id / f"{BIG}{manifest.PARTIAL}").stat().st_size
    assert 0 < here < len(server.files[BIG])
    get(server, tmp_path)
    assert whole(tmp_path, server)
    assert starts(server) == [0, here]
    assert len(starts(server, WANTED[0])) == 1


def test_a_wrong_byte_is_found_and_the_file_comes_again(tmp_path: Path, server: ModelScope) -> None:
    server.wrong[BIG] = 1
    get(server, tmp_path)
    assert whole(tmp_path, server)
    assert starts(server) == [0, 0]


@pytest.mark.parametrize("name", [BIG, "tokenizer/spiece.model"])
def test_a_file_that_stays_wrong_is_never_taken(
    tmp_path: Path, server: ModelScope, name: str
) -> None:
    server.wrong[name] = 9
    with pytest.raises(StudioError, match=rf"{name} came damaged"):
        get(server, tmp_path)
    assert not weights.state(T2V_A14B, tmp_path).installed


def test_a_repository_that_is_not_there_is_said_with_the_way_out(
    tmp_path: Path, server: ModelScope
) -> None:
    server.lacks.add("lightx2v/Wan2.2-Distill-Loras")
    with pytest.raises(StudioError, match=r"ModelScope does not have lightx2v/Wan2\.2") as raised:
        get(server, tmp_path)
    assert "Choose Hugging Face" in raised.value.advice


@pytest.mark.parametrize(("status", "sentence"), [(401, "401"), (503, "answers 503")])
def test_a_refusal_is_said(tmp_path: Path, server: ModelScope, status: int, sentence: str) -> None:
    server.refuse = status
    with pytest.raises(StudioError, match=sentence):
        get(server, tmp_path)


def test_a_line_that_stays_dead_fails_with_one_sentence(tmp_path: Path, server: ModelScope) -> None:
    server.cut[BIG] = [3 * CHUNK, *[0] * 100]
    said: list[Download] = []
    with pytest.raises(StudioError, match="does not answer") as raised:
        get(server, tmp_path, said.append)
    assert "goes on where it stopped" in raised.value.advice
    assert [now.stage for now in said].count(Stage.RETRYING) == len(download.RETRY_SECONDS)


def test_nobody_at_the_address_is_said(
    tmp_path: Path, server: ModelScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")
    server.address = "http://127.0.0.1:9"
    with pytest.raises(StudioError, match=r"127\.0\.0\.1:9 does not answer"):
        get(server, tmp_path)


def test_what_another_hub_began_is_gone_on_with(tmp_path: Path, server: ModelScope) -> None:
    with hub_server.serve(files()) as other:
        other.cut[BIG] = [3 * CHUNK, *[0] * 100]
        with pytest.raises(StudioError, match="could not be downloaded"):
            get(other, tmp_path)
        get(server, tmp_path)
        assert whole(tmp_path, server)
        assert starts(server) == [3 * CHUNK]
        before = {name for name, _ in other.asked}
        assert not before & {name for name, _ in server.asked} - {BIG}
        server.asked.clear()
        get(other, tmp_path)
        assert not server.asked


def test_it_is_chosen_as_a_mirror(server: ModelScope) -> None:
    studio = Studio(places(), Settings(mirror=server.address))
    state = studio.get_model(T2V_A14B.id, "q4")
    assert state.installed
    assert len(list(state.folder.rglob("*.gguf"))) == 2
    studio.close()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://modelscope.cn", "https://modelscope.cn"),
        (" https://www.modelscope.cn/ ", "https://www.modelscope.cn"),
        ("https://ModelScope.cn/models/Wan-AI/Wan2.2-TI2V-5B", "https://modelscope.cn"),
        ("https://www.modelscope.ai/home", "https://www.modelscope.ai"),
    ],
)
def test_its_addresses_are_known(typed: str, kept: str) -> None:
    assert hub.checked_address(typed) == kept
    assert download.hub_at(kept) is modelscope


@pytest.mark.parametrize("other", ["https://hf-mirror.com", "https://modelscope.cn.example.org"])
def test_every_other_address_is_spoken_to_as_to_hugging_face(other: str) -> None:
    assert hub.checked_address(other) == other
    assert download.hub_at(other) is hub
