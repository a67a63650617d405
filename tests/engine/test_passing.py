"""Experts that pass while a model is downloaded: what runs is made of each published file as it
came, and the file goes. The same bits as of the whole download, in little room, whatever dies."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from torch import nn

from studio import catalogue, download, manifest, preparation, release, weights
from studio.download import Download, Getting, Order, Paused, Stage
from studio.engine import load
from studio.engine.load import Parts
from studio.engine.wan import WanEngine
from studio.errors import InvalidRequest, ModelMissing, StudioError
from studio.events import Answered, Asking, Preparing
from studio.models import T2V_A14B
from studio.paths import places
from studio.plan import Placement, Precision, Residency
from studio.settings import Settings
from studio.studio import Studio
from tests.engine.making import ROOMY
from tests.engine.test_prepared import same
from tests.nouns import hub_server
from tests.nouns.hub_server import Hub
from tests.nouns.published import QUICK, noise

EXPERTS = (load.HIGH, load.LOW)


class Killed(BaseException):
    """The program ends here: nothing that would be done about an error is done."""


class InProcess:
    """The real engine, in this process. asked: the files it made something of."""

    def __init__(self) -> None:
        self.engine = WanEngine(ROOMY)
        self.asked: list[str] = []

    def prepare(self, asked: Preparing, stopped: Callable[[], bool]) -> Path | None:
        self.asked.append(f"{asked.file.parent.name}/{asked.file.name}")
        return None if stopped() else self.engine.prepare(asked).file

    def ask(self, asked: Asking, stopped: Callable[[], bool]) -> Answered | None:
        return self.engine.ask(asked)


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))


@pytest.fixture(scope="module")
def published(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny T2V-A14B with its experts in many files, named by an index, as on the hub."""
    folder = tmp_path_factory.mktemp("published") / T2V_A14B.id
    shutil.copytree(models / T2V_A14B.id, folder, ignore=shutil.ignore_patterns(weights.PREPARED))
    for name in EXPERTS:
        expert = parts(folder, Precision.FP32, None).get(name)
        shutil.rmtree(folder / name)
        expert.save_pretrained(folder / name, max_shard_size="150KB")
        assert len(preparation.named(folder / name)) > 2
    return folder


@pytest.fixture
def server(published: Path) -> Iterator[Hub]:
    loras = {name: noise(name, 5_000) for name in QUICK[T2V_A14B.id]}
    with hub_server.serve(hub_server.repository(published) | loras) as served:
        yield served


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "models" / T2V_A14B.id


def parts(folder: Path, precision: Precision, kept: Path | None) -> Parts:
    return Parts(T2V_A14B, folder, Placement(precision, Residency.CPU), ROOMY.bf16, kept)


def experts(folder: Path, precision: Precision, kept: Path | None) -> list[nn.Module]:
    opened = parts(folder, precision, kept)
    return [opened.get(name) for name in EXPERTS]


def get(
    server: Hub,
    home: Path,
    bundle: str = "made-nf4",
    preparer: InProcess | None = None,
    tell: Callable[[Download], None] = lambda _: None,
    stop: Event | None = None,
) -> None:
    order = Order(
        spec=T2V_A14B,
        bundle=catalogue.bundle(T2V_A14B, bundle),
        home=home,
        models=home.parent,
        endpoint=server.address,
    )
    Getting(order, preparer or InProcess(), tell, stop or Event()).run()


def passing(server: Hub) -> list[str]:
    """The experts' weight files."""
    names = sorted(server.files)
    return [
        name for name in names if name.startswith("transformer") and name.endswith(".safetensors")
    ]


def state(home: Path) -> weights.ModelState:
    return weights.state(T2V_A14B, home.parent)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("precision", [Precision.BF16, Precision.INT8, Precision.NF4])
def test_what_passes_makes_the_same_as_the_whole_download(
    precision: Precision, server: Hub, home: Path, published: Path
) -> None:
    get(server, home, f"made-{precision.value}")
    assert state(home).installed and not state(home).partly
    assert not [name for name in passing(server) if (home / name).exists()]
    assert tuple(weights.damaged(T2V_A14B, home.parent)) == ()
    assert weights.kept_precisions(T2V_A14B, home.parent) == {precision}
    kept = home / weights.PREPARED
    folders = [kept / load.expert_form(precision, ROOMY.bf16).name / name for name in EXPERTS]
    # This computer would run 16 bits on a card only, so nobody could ask.
    asked = precision is not Precision.BF16
    assert [preparation.answer(folder) is not None for folder in folders] == [asked] * 2
    again = InProcess()
    indexes = [(folder / preparation.INDEX).read_bytes() for folder in folders]
    get(server, home, f"made-{precision.value}", again)
    assert again.asked == []
    assert [(folder / preparation.INDEX).read_bytes() for folder in folders] == indexes
    made = experts(home, precision, kept)
    for one, other in zip(made, experts(published, precision, None), strict=True):
        same(one, other, precision)
    other = Precision.INT8 if precision is Precision.NF4 else Precision.NF4
    with pytest.raises(ModelMissing, match="were released") as said:
        experts(home, other, kept)
    assert "--bundle full" in said.value.advice
    with pytest.raises(InvalidRequest, match="released already"):
        release.possible(T2V_A14B, home.parent, ())


def test_the_disk_never_has_more_than_the_result_and_two_files(server: Hub, home: Path) -> None:
    sizes: list[int] = []
    said: list[Download] = []

    def tell(now: Download) -> None:
        said.append(now)
        sizes.append(size(home))

    get(server, home, tell=tell)
    largest = max(len(server.files[name]) for name in passing(server))
    assert max(sizes) <= size(home) + 2 * largest
    total = sum(
        len(data) for name, data in server.files.items() if manifest.read(home).files.get(name)
    )  # type: ignore[union-attr]
    assert (said[-1].stage, said[-1].done, said[-1].of) == (Stage.DONE, total, total)
    assert [now.done for now in said] == sorted(now.done for now in said)
    assert Stage.PREPARING in {now.stage for now in said}


def test_pausing_keeps_what_was_made(server: Hub, home: Path) -> None:
    stop, preparer = Event(), InProcess()

    def tell(now: Download) -> None:
        if now.stage is Stage.PREPARING and len(preparer.asked) == 2:
            stop.set()

    with pytest.raises(Paused):
        get(server, home, preparer=preparer, tell=tell, stop=stop)
    names = passing(server)
    assert preparer.asked == names[:3]
    assert state(home).partly
    known = manifest.read(home)
    assert known is not None
    assert manifest.there(home, known) > sum(len(server.files[name]) for name in names[:2])
    server.asked.clear()
    again = InProcess()
    get(server, home, preparer=again)
    assert again.asked == names[2:]
    # The third was there; the two that had gone did not come again.
    assert [name for name, _ in server.asked if name in names] == names[3:]
    assert state(home).installed


@pytest.mark.parametrize(
    "moment", ["before it is noted", "before the file goes", "before the index", "before the end"]
)
def test_whatever_dies_what_was_made_is_not_made_again(
    moment: str, server: Hub, home: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, calls = passing(server), 0
    number = {"before it is noted": 3, "before the file goes": 2}.get(moment, 1)
    owner, name = {
        "before it is noted": (download.manifest, "note"),
        "before the file goes": (Path, "unlink"),
        "before the index": (download.preparation, "finish"),
        "before the end": (download.manifest, "finish"),
    }[moment]
    real = getattr(owner, name)

    def dying(*args: Any, **others: Any) -> Any:
        nonlocal calls
        ours = name != "unlink" or (args[0].parent.name in EXPERTS and args[0].exists())
        calls += ours
        if ours and calls == number:
            raise Killed
        return real(*args, **others)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dying)
        with pytest.raises(Killed):
            get(server, home)
    assert not state(home).installed
    before = {path: path.stat().st_mtime_ns for path in home.rglob("prepared-*")}
    assert before
    server.asked.clear()
    get(server, home)
    assert all(path.stat().st_mtime_ns == changed for path, changed in before.items())
    made = len(before)
    assert [one for one, _ in server.asked if one in names] == names[made:]
    assert state(home).installed
    kept = home / weights.PREPARED
    for one, other in zip(
        experts(home, Precision.NF4, kept), experts(published, Precision.NF4, None), strict=True
    ):
        same(one, other, Precision.NF4)


def test_another_version_on_the_hub_is_made_anew(server: Hub, home: Path) -> None:
    stop, preparer = Event(), InProcess()

    def tell(now: Download) -> None:
        if len(preparer.asked) == 2:
            stop.set()

    with pytest.raises(Paused):
        get(server, home, preparer=preparer, tell=tell, stop=stop)
    first = preparer.asked[0]
    changed = bytearray(server.files[first])
    changed[-1] ^= 1
    server.files[first] = bytes(changed)
    again = InProcess()
    get(server, home, preparer=again)
    assert first in again.asked
    assert state(home).installed


def test_another_way_begun_leaves_nothing_of_the_first(server: Hub, home: Path) -> None:
    stop, preparer = Event(), InProcess()

    def tell(now: Download) -> None:
        if len(preparer.asked) == 2:
            stop.set()

    with pytest.raises(Paused):
        get(server, home, "made-int8", preparer, tell, stop)
    assert list(home.rglob("prepared-*"))
    get(server, home)
    known = manifest.read(home)
    assert known is not None and known.released is not None
    assert known.released.forms == ["nf4-float32"]
    made = {path.relative_to(home / weights.PREPARED).parts[0] for path in home.rglob("prepared-*")}
    assert made == {"nf4-float32"}


def test_another_card_begins_anew_and_ends_well(server: Hub, home: Path) -> None:
    stop, first = Event(), InProcess()

    def tell(now: Download) -> None:
        if len(first.asked) == 2:
            stop.set()

    with pytest.raises(Paused):
        get(server, home, preparer=first, tell=tell, stop=stop)
    second = InProcess()
    second.engine = WanEngine(replace(ROOMY, bf16=True))
    with pytest.raises(StudioError, match="computes otherwise"):
        get(server, home, preparer=second)
    get(server, home, preparer=second)
    assert state(home).installed
    assert sorted(second.asked) == passing(server)


def test_a_file_that_the_hub_lacks_is_missed(server: Hub, home: Path) -> None:
    lost = passing(server)[1]
    del server.files[lost]
    with pytest.raises(StudioError, match=f"{lost} is missing"):
        get(server, home)
    assert not state(home).installed


def test_what_is_damaged_comes_and_is_made_again(server: Hub, home: Path) -> None:
    get(server, home)
    part = next((home / weights.PREPARED).rglob("*.safetensors"))
    data = part.read_bytes()
    part.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert tuple(weights.damaged(T2V_A14B, home.parent)) == (part.relative_to(home).as_posix(),)
    assert not state(home).installed
    again = InProcess()
    get(server, home, preparer=again)
    assert [preparation.name_of(Path(one).name) for one in again.asked] == [part.name]
    assert part.read_bytes()[-100:] == data[-100:]
    assert tuple(weights.damaged(T2V_A14B, home.parent)) == ()


def test_the_whole_download_passes_later_and_comes_back(server: Hub, home: Path) -> None:
    get(server, home, "full")
    server.asked.clear()
    get(server, home)
    names = passing(server)
    assert not [name for name, _ in server.asked if name in names]
    assert not [name for name in names if (home / name).exists()]
    get(server, home, "full")
    assert all((home / name).read_bytes() == server.files[name] for name in names)
    assert experts(home, Precision.INT8, home / weights.PREPARED)


def test_a_full_disk_is_said_before_anything_is_fetched(
    server: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = passing(server)
    sizes = sorted(len(server.files[name]) for name in names)
    loras = sum(len(server.files[name]) for name in QUICK[T2V_A14B.id])
    staying = sum(map(len, server.files.values())) - sum(sizes) - loras
    share = download.kept_share(T2V_A14B, Precision.NF4)
    enough = staying + round(share * sum(sizes)) + sum(sizes[-2:])
    free = SimpleNamespace(free=weights.SPARE_BYTES + enough - 20_000)
    monkeypatch.setattr("studio.download.shutil.disk_usage", lambda _: free)
    with pytest.raises(StudioError, match="takes another"):
        get(server, home)
    assert server.asked == []
    free.free += 40_000
    get(server, home)


def test_a_process_of_its_own_makes_it(
    server: Hub, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = Studio(places(), Settings(mirror=server.address))
    said: list[Stage] = []
    try:
        home = studio.get_model(
            T2V_A14B.id, "made-nf4", told=lambda now: said.append(now.stage)
        ).folder
        assert studio.models()[1].installed
        assert Stage.PREPARING in said
    finally:
        studio.close()
    known = manifest.read(home)
    assert known is not None and known.released is not None
    (form,) = known.released.forms
    bf16 = form.endswith("bfloat16")
    made, whole = (
        Parts(T2V_A14B, folder, Placement(Precision.NF4, Residency.CPU), bf16, kept).get(load.HIGH)
        for folder, kept in ((home, home / weights.PREPARED), (published, None))
    )
    for name, value in whole.state_dict().items():
        assert torch.equal(made.state_dict()[name], value)
