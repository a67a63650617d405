"""A model is got, paused, gone on with and let go, in a real browser, from a hub on loopback."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants
from playwright.sync_api import Page, expect

from studio.paths import places
from studio.plan import Hardware
from studio.settings import Settings
from studio.studio import Studio
from studio.ui import window
from tests.nouns import hub_server, published
from tests.nouns.hub_server import Hub
from tests.nouns.published import files

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

Opener = Callable[..., Page]
CARD = Hardware(
    device="Some card",
    vram_total_gb=12,
    vram_free_gb=11,
    ram_total_gb=32,
    ram_free_gb=28,
    bf16=True,
    teraflops=60,
)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with hub_server.serve(files()) as served:
        yield served


@pytest.fixture(scope="module")
def address(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A window in this process, on a computer with a card and a large disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(constants, "HF_HUB_CACHE", str(tmp_path_factory.mktemp("hf")))
        patch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**12))
        patch.setattr(Studio, "hardware", lambda _: CARD)
        studio = Studio(places(), Settings(mirror=hub.address))
        demo, shown = window.open_window(studio, port=7920, password=None, browser=False)
        yield shown
        demo.close()
        studio.close()


def test_a_way_is_chosen_gone_on_with_and_only_then_changed(
    open_page: Opener, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=40 * 10**9))
    hub.gate.clear()
    page = open_page()
    page.get_by_role("tab", name="Models").click()
    model = page.locator(".models [data-id=i2v-a14b]")
    ways, get = model.get_by_label("Which files"), model.get_by_role("button", name="Get")
    ways.select_option("full")
    expect(model.locator(".told")).to_have_text("Too little room: 40 GB are free.")
    expect(get).to_be_disabled()
    ways.select_option("q4")
    expect(model.locator(".told")).to_contain_text("To download")
    get.click()
    expect(model.locator(".told")).to_contain_text("Downloading")
    model.get_by_role("button", name="Pause").click()
    page.reload()
    page.get_by_role("tab", name="Models").click()
    expect(ways).to_have_value("q4")
    expect(model.get_by_role("button", name="Go on")).to_be_enabled()
    ways.select_option("made-nf4")
    get.click()
    asked = page.locator(".depot .changing")
    expect(asked).to_contain_text("Get Wan2.2 I2V-A14B as “Made here: 4 bits” instead?")
    expect(asked).to_contain_text("of it came as “4 bits”")
    asked.get_by_role("button", name="Keep").click()
    expect(model).to_have_attribute("data-state", "partly")
    hub.gate.set()


def test_a_model_comes_and_goes(open_page: Opener, hub: Hub, tmp_path: Path) -> None:
    hub.gate.clear()
    page = open_page()
    expect(page.locator(".welcome")).to_contain_text("could run Wan2.2")
    page.click(".welcome button")
    expect(page.locator(".depot .computer")).to_contain_text("12 GB of graphics memory")
    expect(page.locator(".depot .computer")).to_contain_text("1000 GB free on disk")
    model = page.locator(".models [data-id=t2v-a14b]")
    expect(model.locator(".runs li")).to_have_count(2)
    expect(model.locator(".runs li[data-fits=true]").first).to_contain_text("about")
    model.get_by_role("button", name="Get").click()
    expect(model).to_have_attribute("data-state", "coming")
    expect(model.locator(".told")).to_contain_text("Downloading")
    page.reload()  # it goes on with no page open
    page.get_by_role("tab", name="Models").click()
    expect(model).to_have_attribute("data-state", "coming")
    model.get_by_role("button", name="Pause").click()
    expect(model).to_have_attribute("data-state", "partly")
    hub.gate.set()
    model.get_by_role("button", name="Go on").click()
    expect(model).to_have_attribute("data-state", "here")
    expect(model.locator(".badge")).to_have_text("Installed")
    model.get_by_role("button", name="Check files").click()
    expect(model.locator(".told")).to_contain_text("every file is whole")
    release = model.get_by_role("button", name="Release originals")
    expect(release).to_be_hidden()
    for form in ("int8-bfloat16", "nf4-bfloat16"):
        published.prepare(Path(str(model.locator(".told").get_attribute("title"))), form)
    page.reload()
    page.get_by_role("tab", name="Models").click()
    release.click()
    asked = page.locator(".depot .releasing")
    expect(asked).to_contain_text("1 MB come free")
    asked.get_by_role("button", name="Keep").click()
    expect(release).to_be_visible()
    release.click()
    asked.locator(".danger").click()
    expect(model.locator(".told")).to_contain_text("came free with the originals")
    expect(release).to_be_hidden()
    model.get_by_role("button", name="Remove").click()
    page.locator(".depot .removing .danger").click()
    expect(model).to_have_attribute("data-state", "away")

    model.get_by_role("button", name="I have it already").click()
    asked, own = page.locator(".depot .pointing"), tmp_path / "my own"
    asked.get_by_label("Folder").fill(str(own))
    page.keyboard.press("Enter")
    expect(asked.locator(".wrong")).to_contain_text("model_index.json is missing")
    published.lay(own)
    asked.get_by_role("button", name="Use this folder").click()
    expect(model).to_have_attribute("data-state", "here")
    expect(model.locator(".told")).to_contain_text("in your own folder")

    mirror = page.locator(".depot .mirror")
    mirror.locator("summary").click()
    expect(mirror.get_by_label("Address")).to_have_value(hub.address)
    mirror.get_by_label("Address").fill("https://mirror.example")
    mirror.get_by_role("button", name="Use it").click()
    expect(mirror.locator("summary")).to_contain_text("mirror.example")
    mirror.locator("summary").click()
    mirror.get_by_role("button", name="ModelScope").click()
    expect(mirror.locator("summary")).to_contain_text("https://modelscope.cn")
    expect(mirror.get_by_label("Address")).to_have_value("https://modelscope.cn")
