"""Getting a model from a hub on loopback that drops connections, sends wrong bytes, refuses; on a
disk that is full; killed in the middle."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants

from studio import catalogue, download, downloads, hub, lora, manifest, repository, weights
from studio.checks import Check
from studio.download import Download, Getting, Order, Paused, Stage
from studio.errors import InvalidRequest, StudioError
from studio.events import Preparing
from studio.models import I2V_A14B, T2V_A14B, ModelSpec
from studio.paths import PROJECT, places
from studio.recipe import Recipe
from studio.settings import Settings
from studio.shot import Kind
from studio.studio import Studio
from tests.nouns import hub_server
from tests.nouns.hub_server import Door, Hub
from tests.nouns.published import BIG, CHUNK, QUICK, SHARDS, WANTED, files, noise, target

MEGABYTE = 1024**2
PIECE_BYTES = hub.PIECE_BYTES


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(hub, "PIECE_BYTES", CHUNK)
    monkeypatch.setattr(download, "RETRY_SECONDS", (0.01, 0.02, 0.03))
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)


@pytest.fixture
def server() -> Iterator[Hub]:
    with hub_server.serve(files()) as served:
        yield served


def order(server: Hub, models: Path, spec: ModelSpec = T2V_A14B) -> Order:
    return Order(
        spec=spec,
        bundle=catalogue.bundle(spec, "full"),
        home=models / spec.id,
        models=models,
        endpoint=server.address,
    )


class Unasked:
    """Where published files stay, nothing is made of them."""

    def prepare(self, asked: Preparing, stopped: Callable[[], bool]) -> Path | None:
        raise AssertionError(asked)


def get(
    server: Hub,
    models: Path,
    tell: Callable[[Download], None] = lambda now: None,
    stop: threading.Event | None = None,
    spec: ModelSpec = T2V_A14B,
) -> None:
    Getting(order(server, models, spec), Unasked(), tell, stop or threading.Event()).run()


def installed(models: Path) -> bool:
    return weights.state(T2V_A14B, models).installed


def test_a_whole_model_comes_byte_for_byte_and_nothing_else(tmp_path: Path, server: Hub) -> None:
    said: list[Download] = []
    get(server, tmp_path, said.append)
    assert installed(tmp_path)
    home = tmp_path / T2V_A14B.id
    for name in WANTED:
        assert (home / target(name)).read_bytes() == server.files[name]
    ours = {manifest.WHOLE, manifest.MANIFEST, manifest.LOCK}
    there = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert there - ours == set(map(target, WANTED))
    total = sum(len(server.files[name]) for name in WANTED)
    assert (said[-1].stage, said[-1].done, said[-1].of) == (Stage.DONE, total, total)
    done = [now.done for now in said]
    assert done == sorted(done)
    assert {Stage.LISTING, Stage.FETCHING, Stage.CHECKING} < {now.stage for now in said}
    assert any(now.seconds_left for now in said)


def test_what_was_released_comes_back(tmp_path: Path, server: Hub) -> None:
    get(server, tmp_path)
    home, known = tmp_path / T2V_A14B.id, manifest.read(tmp_path / T2V_A14B.id)
    assert known is not None
    released = manifest.Released(changed={BIG: 1}, kept={})
    manifest.note(home, replace(known, released=released))
    (home / BIG).unlink()
    assert manifest.read(home) == replace(known, released=released)
    server.asked.clear()
    get(server, tmp_path)
    assert installed(tmp_path)
    assert [name for name, _ in server.asked if name in WANTED] == [BIG]
    assert (home / BIG).read_bytes() == server.files[BIG]
    assert manifest.read(home) == known


def test_a_dropped_connection_goes_on_from_where_it_was(tmp_path: Path, server: Hub) -> None:
    server.cut[BIG] = [3 * CHUNK, 2 * CHUNK + 7, CHUNK]
    get(server, tmp_path)
    assert installed(tmp_path)
    starts = [start for name, start in server.asked if name == BIG]
    assert starts == [0, 3 * CHUNK, 5 * CHUNK, 6 * CHUNK]


def test_a_slow_line_loses_less_than_a_megabyte_when_it_drops(
    tmp_path: Path, server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "PIECE_BYTES", PIECE_BYTES)
    server.files[BIG] = noise("long", 3 * MEGABYTE)
    server.cut[BIG] = [2 * MEGABYTE + 100]
    get(server, tmp_path)
    assert installed(tmp_path)
    assert [start for name, start in server.asked if name == BIG] == [0, 2 * MEGABYTE]


def test_a_line_that_stays_dead_fails_with_one_sentence_and_goes_on_later(
    tmp_path: Path, server: Hub
) -> None:
    server.cut[BIG] = [3 * CHUNK, *[0] * 100]
    said: list[Download] = []
    with pytest.raises(StudioError, match="could not be downloaded") as raised:
        get(server, tmp_path, said.append)
    assert "goes on where it stopped" in raised.value.advice
    assert "\n" not in str(raised.value)
    assert [now.stage for now in said].count(Stage.RETRYING) == len(download.RETRY_SECONDS)
    assert not installed(tmp_path)
    assert weights.state(T2V_A14B, tmp_path).partly
    server.cut.clear()
    server.asked.clear()
    get(server, tmp_path)
    assert installed(tmp_path)
    assert (BIG, 3 * CHUNK) in server.asked
    assert not [name for name, _ in server.asked if name.startswith("text_encoder/model")]


def test_a_lost_connection_is_told_only_until_the_next_try(tmp_path: Path, server: Hub) -> None:
    said: list[Download] = []

    def tell(now: Download) -> None:
        said.append(now)
        server.refuse = 0 if now.stage is Stage.RETRYING else server.refuse

    server.refuse = 503
    get(server, tmp_path, tell)
    (lost,) = (now for now in said if now.error or now.advice)
    assert lost.stage is Stage.RETRYING
    assert said[said.index(lost) + 1].stage is Stage.LISTING


def test_a_wrong_byte_is_found_and_the_file_comes_again(tmp_path: Path, server: Hub) -> None:
    server.wrong[BIG] = 1
    get(server, tmp_path)
    assert (tmp_path / T2V_A14B.id / BIG).read_bytes() == server.files[BIG]
    assert [name for name, _ in server.asked].count(BIG) == 2


@pytest.mark.parametrize("name", [BIG, "tokenizer/spiece.model"])
def test_a_file_that_stays_wrong_is_never_taken(tmp_path: Path, server: Hub, name: str) -> None:
    server.wrong[name] = 9
    with pytest.raises(StudioError, match=rf"{name} came damaged"):
        get(server, tmp_path)
    assert not installed(tmp_path)
    assert not (tmp_path / T2V_A14B.id / name).exists()


@pytest.mark.parametrize(("status", "sentence"), [(404, "404"), (401, "401"), (503, "answers 503")])
def test_a_hub_that_refuses_is_said(
    tmp_path: Path, server: Hub, status: int, sentence: str
) -> None:
    server.refuse = status
    with pytest.raises(StudioError, match=sentence):
        get(server, tmp_path)
    assert not installed(tmp_path)


def test_a_mirror_is_not_told_the_persons_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []

    class Listening(Door):
        def do_GET(self) -> None:
            told.append(self.headers.get("Authorization"))
            super().do_GET()

        do_HEAD = do_GET

    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with hub_server.answering(Hub(files=files()), Listening) as server:
        get(server, tmp_path)
    assert installed(tmp_path)
    assert set(told) == {None}


def test_a_hub_that_never_answers_is_asked_again_and_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(Door):
        def do_GET(self) -> None:
            self.hub.gate.wait()

    monkeypatch.setattr(hub, "LISTING_SECONDS", 0.1)
    with hub_server.answering(Hub(files=files()), Silent) as server:
        server.gate.clear()
        with pytest.raises(StudioError, match="could not be downloaded: timed out"):
            get(server, tmp_path)


def test_a_disk_that_fills_up_is_said_and_what_came_is_kept(
    tmp_path: Path, server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = hub._Watched.write

    def full(self: hub._Watched, data: bytes) -> int:
        if self.tell() >= 4 * CHUNK:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(hub._Watched, "write", full)
    with pytest.raises(StudioError, match="disk is full"):
        get(server, tmp_path)
    assert not installed(tmp_path)
    monkeypatch.setattr(hub._Watched, "write", real)
    get(server, tmp_path)
    assert (BIG, 4 * CHUNK) in server.asked
    assert installed(tmp_path)


def test_a_disk_without_room_is_said_before_anything_is_fetched(
    tmp_path: Path, server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = SimpleNamespace(free=weights.SPARE_BYTES + 100_000)
    monkeypatch.setattr("studio.download.shutil.disk_usage", lambda _: few)
    with pytest.raises(StudioError, match=r"takes another .* GB and .* GB are free"):
        get(server, tmp_path)
    assert server.asked == []


def paused(get: Callable[..., None], server: Hub, models: Path) -> int:
    """Pause in the middle of the large file; gives how many of its bytes are there."""
    stop = threading.Event()

    def tell(now: Download) -> None:
        if now.file == BIG and now.done > 60_000 + 5 * CHUNK:
            stop.set()

    with pytest.raises(Paused):
        get(server, models, tell, stop)
    here = (models / T2V_A14B.id / f"{BIG}{manifest.PARTIAL}").stat().st_size
    assert 4 * CHUNK < here < len(server.files[BIG])
    return here


def test_pausing_keeps_what_came(tmp_path: Path, server: Hub) -> None:
    here = paused(get, server, tmp_path)
    get(server, tmp_path)
    assert (BIG, here) in server.asked
    assert installed(tmp_path)


def test_two_do_not_download_the_same_model(tmp_path: Path, server: Hub) -> None:
    errors: list[StudioError] = []

    def tell(now: Download) -> None:
        if now.file == BIG and not errors:
            with pytest.raises(StudioError, match="being downloaded already") as raised:
                get(server, tmp_path)
            errors.append(raised.value)

    get(server, tmp_path, tell)
    assert len(errors) == 1
    assert installed(tmp_path)


def test_what_two_models_share_comes_once(tmp_path: Path, server: Hub) -> None:
    get(server, tmp_path)
    server.asked.clear()
    server.files[BIG] = noise("another", 40_000)
    get(server, tmp_path, spec=I2V_A14B)
    big = {name for name, _ in server.asked if name.endswith(".safetensors")}
    assert big == {BIG, *QUICK[I2V_A14B.id]}
    shared = [tmp_path / id / "text_encoder" / SHARDS[0] for id in ("t2v-a14b", "i2v-a14b")]
    assert shared[0].samefile(shared[1])
    weights.remove(T2V_A14B, tmp_path)
    assert shared[1].read_bytes() == server.files[f"text_encoder/{SHARDS[0]}"]


def laid_in_the_hubs_own_cache(server: Hub, tmp_path: Path) -> Path:
    """All but the LoRAs, which are another repository's; gives where they are."""
    cache = tmp_path / "hf" / "models--Wan-AI--Wan2.2-T2V-A14B-Diffusers"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text(hub_server.COMMIT, encoding="utf-8")
    snapshot = cache / "snapshots" / hub_server.COMMIT
    for name in set(WANTED) - set(QUICK[T2V_A14B.id]):
        path = snapshot / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(server.files[name])
    return snapshot


def test_the_hubs_own_cache_is_used(tmp_path: Path, server: Hub) -> None:
    # One of them is damaged.
    damaged = laid_in_the_hubs_own_cache(server, tmp_path) / BIG
    damaged.write_bytes(noise("no", len(server.files[BIG])))
    get(server, tmp_path)
    assert {name for name, _ in server.asked} == {BIG, *QUICK[T2V_A14B.id]}
    assert installed(tmp_path)
    assert (tmp_path / T2V_A14B.id / BIG).read_bytes() == server.files[BIG]


def test_what_is_found_is_offered_as_what_it_is(
    tmp_path: Path, server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_in_the_hubs_own_cache(server, tmp_path)
    assert T2V_A14B.quick is not None
    loras, bundles = T2V_A14B.quick.bytes, catalogue.bundles(T2V_A14B)

    def offered() -> dict[str, weights.Offer]:
        return {
            one.bundle.id: one for one in weights.offers(T2V_A14B, bundles, tmp_path / "new", None)
        }

    here = offered()
    assert {id for id, one in here.items() if one.found} == {
        *("full", "made-bf16", "made-int8", "made-nf4")
    }
    assert (here["full"].missing, here["full"].room) == (loras, loras)
    assert (here["made-nf4"].missing, here["made-nf4"].seconds) == (0, 0)
    assert here["q8"].missing == here["q8"].room == here["q8"].bytes
    assert here["q8"].seconds > 0
    monkeypatch.setattr(weights, "same_disk", lambda file, folder: False)
    there = offered()
    assert (there["full"].missing, there["full"].room) == (loras, there["full"].bytes)


def test_a_second_name_is_possible_on_the_same_disk(tmp_path: Path) -> None:
    file, other = tmp_path / "file", Path("/proc/version")
    file.touch()
    assert weights.same_disk(file, tmp_path / "not yet" / "there")
    assert not other.exists() or not weights.same_disk(other, tmp_path)


def test_what_is_on_another_disk_is_copied_where_there_is_room_for_it(
    tmp_path: Path, server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_in_the_hubs_own_cache(server, tmp_path)

    def refused(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr(weights, "same_disk", lambda file, folder: False)
    few = SimpleNamespace(free=weights.SPARE_BYTES + 100_000)
    with monkeypatch.context() as patch:
        patch.setattr("studio.download.shutil.disk_usage", lambda _: few)
        with pytest.raises(StudioError, match=r"takes another .* GB and .* GB are free"):
            get(server, tmp_path)
    paused(get, server, tmp_path)
    get(server, tmp_path)
    assert {name for name, _ in server.asked} == set(QUICK[T2V_A14B.id])
    assert installed(tmp_path)
    assert (tmp_path / T2V_A14B.id / BIG).read_bytes() == server.files[BIG]


@pytest.mark.parametrize(("id", "kind"), [("q8", "Q8_0"), ("q4", "Q4_K_M")])
def test_experts_in_few_bits_come_from_their_own_repository(
    studio: Studio, server: Hub, id: str, kind: str
) -> None:
    state = studio.get_model(T2V_A14B.id, id)
    assert state.installed
    big = {path.relative_to(state.folder).as_posix() for path in state.folder.rglob("*.gguf")}
    assert big == {
        f"transformer/Wan2.2-T2V-A14B-HighNoise-{kind}.gguf",
        f"transformer_2/Wan2.2-T2V-A14B-LowNoise-{kind}.gguf",
    }
    names = {path.name for path in (state.folder / "transformer").iterdir()}
    assert names == {"config.json", f"Wan2.2-T2V-A14B-HighNoise-{kind}.gguf"}
    # Another way to have it is begun: what is no longer wanted goes, what both have stays.
    server.asked.clear()
    assert studio.get_model(T2V_A14B.id, "full").installed
    assert not list(state.folder.rglob("*.gguf"))
    assert not [name for name, _ in server.asked if name.startswith(("vae", "text_encoder/model"))]


def test_without_a_model_index_nothing_is_whole(tmp_path: Path, server: Hub) -> None:
    del server.files["text_encoder/" + SHARDS[1]]
    with pytest.raises(StudioError, match=f"text_encoder/{SHARDS[1]} is missing"):
        get(server, tmp_path)
    assert not installed(tmp_path)


def test_a_killed_program_goes_on_where_it_was(tmp_path: Path, server: Hub) -> None:
    server.gate.clear()
    program = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from studio import catalogue, hub\n"
        f"hub.PIECE_BYTES = {CHUNK}\n"
        "from studio.download import Getting, Order\n"
        "from studio.models import T2V_A14B as spec\n"
        "models = Path(sys.argv[2])\n"
        "Getting(Order(spec=spec, bundle=catalogue.bundle(spec, 'full'), home=models / spec.id,"
        " models=models, endpoint=sys.argv[1]), None, lambda now: None, threading.Event()).run()\n"
    )
    env = {**os.environ, "HF_HUB_OFFLINE": "0", "PYTHONPATH": str(PROJECT)}
    run = subprocess.Popen([sys.executable, "-c", program, server.address, tmp_path], env=env)
    name = WANTED[0]
    try:
        deadline = time.monotonic() + 60
        while not server.asked and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.asked == [(name, 0)]
        server.gate.set()
        partial = tmp_path / T2V_A14B.id / f"{BIG}{manifest.PARTIAL}"
        while not partial.exists() and time.monotonic() < deadline:
            server.gate.set()
            if any(asked == BIG for asked, _ in server.asked):
                break
            time.sleep(0.001)
        run.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    finally:
        run.wait(30)
    assert not installed(tmp_path)
    get(server, tmp_path)
    assert installed(tmp_path)
    assert [asked for asked, _ in server.asked].count(name) == 1


# -- as verbs


@pytest.fixture
def studio(server: Hub) -> Iterator[Studio]:
    opened = Studio(places(), Settings(mirror=server.address))
    yield opened
    opened.close()


def checked(studio: Studio) -> Check:
    """What a check in the background finds."""
    assert studio.start_check(T2V_A14B.id).running
    deadline = time.monotonic() + 30
    while (now := studio.check(T2V_A14B.id)) is None or now.running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return now


def until(studio: Studio, *stages: Stage) -> Download:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        now = studio.download(T2V_A14B.id)
        if now is not None and now.stage in stages:
            return now
        time.sleep(0.01)
    raise AssertionError(f"never {stages}: {now}")


def asked(server: Hub) -> None:
    """Wait until a file was asked for."""
    deadline = time.monotonic() + 30
    while not server.asked and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_download_is_begun_paused_gone_on_with_and_polled(studio: Studio, server: Hub) -> None:
    assert studio.download(T2V_A14B.id) is None
    server.gate.clear()
    assert studio.start_download(T2V_A14B.id, "full").stage is Stage.LISTING
    asked(server)
    assert studio.start_download(T2V_A14B.id, "full").stage.active  # it runs already
    assert studio.pause_download(T2V_A14B.id).stage is Stage.PAUSED
    server.gate.set()
    assert studio.download(T2V_A14B.id).stage is Stage.PAUSED  # type: ignore[union-attr]
    # Another start of the program knows of it too.
    again = Studio(places(), Settings(mirror=server.address))
    found = again.download(T2V_A14B.id)
    assert found is not None
    assert (found.stage, found.of) == (Stage.PAUSED, sum(len(server.files[n]) for n in WANTED))
    assert [state.partly for state in again.models() if state.spec == T2V_A14B] == [True]
    again.close()
    studio.start_download(T2V_A14B.id, "full")
    assert until(studio, Stage.DONE, Stage.FAILED).stage is Stage.DONE
    assert studio.offer(T2V_A14B.id).missing == 0
    assert json.dumps(until(studio, Stage.DONE).to_json())


def test_a_failed_download_says_why_and_can_be_started_again(studio: Studio, server: Hub) -> None:
    server.refuse = 404
    studio.start_download(T2V_A14B.id, "full")
    failed = until(studio, Stage.FAILED)
    assert "404" in (failed.error or "")
    assert failed.advice
    with pytest.raises(StudioError, match="404"):
        studio.get_model(T2V_A14B.id, "full")
    server.refuse = 0
    assert studio.get_model(T2V_A14B.id, "full").installed


def test_a_pause_while_the_connection_is_lost_promises_no_other_try(
    studio: Studio, server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "RETRY_SECONDS", (60.0,))
    server.refuse = 503
    studio.start_download(T2V_A14B.id, "full")
    assert until(studio, Stage.RETRYING).error
    now = studio.pause_download(T2V_A14B.id)
    assert (now.stage, now.error, now.advice) == (Stage.PAUSED, None, None)


def test_nothing_is_removed_while_a_download_has_not_stopped(
    studio: Studio, server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.gate.clear()
    studio.start_download(T2V_A14B.id, "full")
    asked(server)
    with monkeypatch.context() as patch:
        patch.setattr(downloads, "STOP_SECONDS", 0.05)
        with pytest.raises(StudioError, match="has not stopped yet"):
            studio.remove_model(T2V_A14B.id)
    now = weights.state(T2V_A14B, studio.places.models)
    assert now.partly
    server.gate.set()
    studio.remove_model(T2V_A14B.id)
    assert not now.folder.exists()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_could_not_be_removed_can_be_removed_later(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, elsewhere: bool
) -> None:
    folder = tmp_path / "disk" if elsewhere else None
    home, unlink = studio.get_model(T2V_A14B.id, "full", folder).folder, os.unlink

    def held(path: str | Path, **where: int) -> None:
        """As Windows does with what somebody has open."""
        if Path(path).name == manifest.LOCK:
            raise PermissionError(errno.EACCES, "held", str(path))
        unlink(path, **where)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", held)
        with pytest.raises(StudioError, match="could not be removed"):
            studio.remove_model(T2V_A14B.id)
    left = {path.name for path in home.rglob("*") if path.is_file()}
    assert left == {manifest.MANIFEST, manifest.LOCK}
    assert weights.state(T2V_A14B, studio.places.models).partly
    studio.remove_model(T2V_A14B.id)
    assert not home.exists()


def test_a_folder_is_chosen_and_remembered(studio: Studio, server: Hub, tmp_path: Path) -> None:
    chosen = tmp_path / "另一个盘"
    assert studio.offer(T2V_A14B.id, folder=chosen).folder == chosen / T2V_A14B.id
    state = studio.get_model(T2V_A14B.id, "full", chosen)
    assert (state.installed, state.folder) == (True, chosen / T2V_A14B.id)
    assert not state.borrowed
    (chosen / T2V_A14B.id / "mine.txt").write_text("mine", encoding="utf-8")
    studio.remove_model(T2V_A14B.id)
    assert [path.name for path in (chosen / T2V_A14B.id).iterdir()] == ["mine.txt"]
    with pytest.raises(InvalidRequest, match="has files already"):
        studio.start_download(T2V_A14B.id, folder=chosen)


def test_a_persons_own_folder_is_used_and_never_deleted(
    studio: Studio, server: Hub, tmp_path: Path
) -> None:
    own = tmp_path / "mine"
    get(server, own)
    own = own / T2V_A14B.id
    state = studio.use_folder(T2V_A14B.id, own)
    assert (state.installed, state.borrowed, state.folder) == (True, True, own)
    with pytest.raises(InvalidRequest, match=r"another model than Wan2\.2 I2V"):
        studio.use_folder(I2V_A14B.id, own)
    studio.remove_model(T2V_A14B.id)
    assert (own / BIG).exists()
    assert not studio.models()[1].installed
    (own / BIG).unlink()
    with pytest.raises(InvalidRequest, match=r"transformer/.* is missing"):
        studio.use_folder(T2V_A14B.id, own)


def test_damage_is_found_and_only_it_comes_anew(studio: Studio, server: Hub) -> None:
    home = studio.get_model(T2V_A14B.id, "full").folder
    assert studio.check_model(T2V_A14B.id) == ()
    assert checked(studio) == Check(running=False)
    damaged = bytearray((home / BIG).read_bytes())
    damaged[500] ^= 1
    (home / BIG).write_bytes(damaged)
    assert checked(studio).damaged == (BIG,)
    assert not studio.models()[1].installed
    server.asked.clear()
    assert studio.get_model(T2V_A14B.id, "full").installed
    assert server.asked == [(BIG, 0)]
    assert studio.check(T2V_A14B.id) is None
    studio.remove_model(T2V_A14B.id)
    assert "is not on this computer" in str(checked(studio).error)


@pytest.mark.parametrize("name", ["model_index.json", "vae/config.json"])
def test_a_small_file_that_a_power_cut_left_empty_is_damage_too(studio: Studio, name: str) -> None:
    home = studio.get_model(T2V_A14B.id, "full").folder
    (home / name).unlink()  # files of the same bytes are one on the disk
    (home / name).write_bytes(bytes(40))
    found = checked(studio)
    assert (found.damaged, found.error) == ((name,), None)
    assert studio.get_model(T2V_A14B.id, "full").installed


def test_an_index_that_cannot_be_read_is_lacking(tmp_path: Path) -> None:
    index = tmp_path / "vae" / "diffusion_pytorch_model.safetensors.index.json"
    index.parent.mkdir()
    (tmp_path / "model_index.json").write_text('{"vae": ["diffusers", "AutoencoderKLWan"]}')
    (index.parent / "config.json").write_text("{}")
    for text in ("", "[]", "{"):
        index.write_text(text)
        assert f"vae/{index.name}" in [*repository.missing(tmp_path)]


def test_the_loras_of_quick_previews_come_with_it(studio: Studio, server: Hub) -> None:
    asked = Recipe(prompt="A ferry.", model=T2V_A14B.id)
    assert studio.foresee(asked, Kind.PREVIEW)[0].quick == ()
    home = studio.get_model(T2V_A14B.id, "q4").folder
    worn = studio.foresee(asked, Kind.PREVIEW)[0].quick
    assert [(one.file, one.expert) for one in worn] == list(
        zip(QUICK[T2V_A14B.id], ("high", "low"), strict=True)
    )
    folders = weights.lora_folders(studio.places.models)
    assert [lora.find(one, folders) for one in worn] == [home / "loras" / one.file for one in worn]
    assert studio.loras() == []  # not of those that a person chooses from
    studio.remove_model(T2V_A14B.id)
    assert studio.foresee(asked, Kind.PREVIEW)[0].quick == ()


def test_a_mirror_is_kept_and_checked(studio: Studio) -> None:
    assert studio.set_mirror("https://hf-mirror.com/") == "https://hf-mirror.com"
    kept = json.loads(studio.places.settings.read_text(encoding="utf-8"))
    assert kept == {"mirror": "https://hf-mirror.com"}
    for wrong in ("hf-mirror.com", "http://example.org", "file:///etc", "https://"):
        with pytest.raises(InvalidRequest, match="no address"):
            studio.set_mirror(wrong)
    assert studio.set_mirror(None) == constants.ENDPOINT


def test_a_folder_that_cannot_be_made_is_said(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(InvalidRequest, match="cannot be made"):
        studio.get_model(T2V_A14B.id, "full", tmp_path / "file")
