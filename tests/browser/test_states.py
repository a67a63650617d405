"""Every state of the page, at both sizes, in both languages, dark and light: nothing stands out of
the window, and axe finds nothing serious. The jobs move when the test says so.

With RUSHES_SHOTS=FOLDER the pictures are kept there, to be looked at.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from studio import mp4
from studio.errors import InvalidRequest
from studio.jobs.job import State
from studio.lora import Lora
from studio.models import POCKET
from studio.recipe import Recipe
from studio.ui import window
from tests.ui.fake_studio import FakeStudio

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

Opener = Callable[..., Page]
Shoot = Callable[..., None]
LONG = (
    "A lone traveller crosses a ridge as the light goes, coat in the wind, while far below the "
    "river turns to copper and the first windows of the village are lit, one after the other"
)
LORAS = (
    Lora(file="a-name-that-somebody-took-long-to-think-of-v2.safetensors", sha256="a" * 64),
    Lora(file="b.safetensors", sha256="b" * 64, expert="low", strength=-0.5),
)
# width, height, language, theme, and whether axe looks too.
WINDOWS = [
    (1440, 900, "en-GB", "dark", True),
    (390, 844, "zh-CN", "light", True),
    (1440, 900, "zh-CN", "light", False),
    (390, 844, "en-GB", "dark", False),
]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeStudio]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        yield FakeStudio()


@pytest.fixture(scope="module")
def address(studio: FakeStudio) -> Iterator[str]:
    """A window in this process."""
    demo, shown = window.open_window(studio, port=7925, password=None, browser=False)
    yield shown
    demo.close()


@pytest.fixture(autouse=True)
def _nothing_made(studio: FakeStudio) -> None:
    studio.kept_jobs.clear()
    studio.kept_clips.clear()
    studio.changes += 1
    studio.clip_changes += 1


def film(studio: FakeStudio, recipe: Recipe, frames: int | None = None) -> int:
    """A finished take with a real film and poster. frames: None for the model's own number."""
    (job,) = studio.render(replace(recipe, frames=frames))
    shot, places = job.shot, studio.places
    places.posters.mkdir(parents=True, exist_ok=True)
    ramp = np.linspace(40, 210, shot.width, dtype=np.uint8)[None, :, None]
    picture = np.repeat(np.repeat(ramp, shot.height, 0), 3, 2)
    with mp4.Writer(places.library / f"{job.id}.mp4", shot.width, shot.height, shot.fps) as writer:
        for number in range(shot.frames):
            writer.add(np.roll(picture, 3 * number, 1))
        writer.tell({"recipe": recipe.to_json()})
    mp4.poster(picture, places.posters / f"{job.id}.webp")
    studio.finish(job.id)
    return job.id


def serious(page: Page, within: str | None) -> list[str]:
    """within: what to look at, where it lies over the rest; axe takes the one's ground for the
    other's, and the rest is looked at in other states."""
    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary'][:300]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("width", "height", "locale", "theme", "axe"), WINDOWS)
def test_every_state(
    open_page: Opener,
    studio: FakeStudio,
    tmp_path: Path,
    width: int,
    height: int,
    locale: str,
    theme: str,
    axe: bool,
) -> None:
    page = open_page(width, height, locale, theme)
    page.emulate_media(reduced_motion="reduce")
    folder = Path(os.environ.get("RUSHES_SHOTS", tmp_path))
    wrong: list[str] = []

    def shoot(state: str, within: str | None = None) -> None:
        page.wait_for_timeout(250)
        page.screenshot(path=folder / f"{state}_{width}_{locale[:2]}_{theme}.png")
        if page.evaluate("document.documentElement.scrollWidth") != width:
            wrong.append(f"{state}: wider than the window")
        if axe:
            wrong.extend(f"{state}: {each}" for each in serious(page, within))

    create(page, studio, tmp_path, shoot)
    library(page, studio, shoot)
    presets(page, shoot)
    tab(page, 3)
    expect(page.locator(".runs li[data-fits=true]").first).to_be_visible()
    shoot("models")
    assert wrong == []


def tab(page: Page, number: int) -> None:
    page.get_by_role("tab").nth(number).click()


def stage(page: Page, state: str) -> None:
    page.wait_for_selector(f".stage[data-state={state}]")


def create(page: Page, studio: FakeStudio, folder: Path, shoot: Shoot) -> None:
    stage(page, "empty")
    shoot("create_empty")
    first, second, third = studio.render(Recipe(prompt=LONG), takes=3)
    studio.run(first.id, 5)
    studio.change(
        third.id,
        state=State.FAILED,
        error="The computer ran out of memory while rendering.",
        advice="Close other programs, or choose a smaller size, fewer frames or a smaller model.",
    )
    stage(page, "running")
    shoot("create_running")
    page.click("#status")
    expect(page.locator(".queue li")).to_have_count(3)
    shoot("queue", ".queue")
    page.keyboard.press("Escape")
    page.click(f".film li[data-id='{third.id}'] .take")
    stage(page, "failed")
    shoot("create_failed")
    studio.cancel(second.id)
    studio.cancel(first.id)
    done = film(studio, Recipe(prompt=LONG, loras=LORAS))
    page.click(f".film li[data-id='{done}'] .take")
    page.wait_for_selector(".stage[data-state=finished].shown")
    shoot("create_done")
    page.click("#reuse")
    worn = page.locator(".looks .worn .chip")
    expect(worn).to_have_count(2)
    worn.first.scroll_into_view_if_needed()
    shoot("create_loras")
    worn.first.click()
    expect(worn.locator(".file")).to_have_text(["b"])
    worn.click()
    expect(page.locator(".looks .worn")).to_be_hidden()

    page.fill("#prompt textarea", LONG)
    page.click(".looks [data-preset=neon-noir]")
    page.click("[data-category=color_tone][data-term=warm]")
    wide = folder / "wide.png"
    Image.new("RGB", (900, 300), "#336699").save(wide)
    page.set_input_files("#picture .drop input", wide)
    page.wait_for_selector("#picture .picture[data-state=shown]")
    expect(page.locator("[data-category=lighting_type].greyed").first).to_be_attached()
    page.click("#shape input")
    expect(page.get_by_role("option")).to_have_count(len(POCKET.shapes) + 1)  # the picture's own
    page.get_by_role("option").last.click()
    expect(page.locator(".words .frame")).to_contain_text("128×48")
    page.locator("#picture").scroll_into_view_if_needed()
    shoot("create_form")


def library(page: Page, studio: FakeStudio, shoot: Shoot) -> None:
    film(studio, Recipe(prompt="A tall one", shape="2:3"))
    film(studio, Recipe(prompt="One frame"), frames=1)
    film(studio, Recipe(prompt="海边的灯塔，浪花一层层涌上来，海鸥在风里盘旋"))
    studio.star(f"{studio.kept_jobs[-1].id:012x}", 4)
    tab(page, 1)
    expect(page.locator(".shelf li")).to_have_count(4)
    shoot("library")
    page.locator(".poster").nth(1).click()
    page.wait_for_selector("dialog.detail[open]")
    shoot("library_one_frame")
    page.keyboard.press("Escape")
    page.fill(".library .search", "nothing has these words")
    expect(page.locator(".library .none")).to_be_visible()
    shoot("library_none")
    page.fill(".library .search", "")


def presets(page: Page, shoot: Shoot) -> None:
    tab(page, 2)
    expect(page.locator(".wall li").nth(70)).to_be_attached()
    shoot("presets")
    page.click(".wall li[data-id=neon-noir] .look")
    page.wait_for_selector("dialog.preset-full[open]")
    shoot("preset")
    page.click("[data-do=edit]")
    area = page.locator(".preset-full textarea")
    area.fill(area.input_value().replace("color_tone", "colour_tone").replace("name:", "names:"))
    expect(page.locator(".faults li")).not_to_have_count(0)
    shoot("preset_faults")
    page.click("[data-do=leave]")
    page.click("[data-do=sure]")
    page.keyboard.press("Escape")


def test_nothing_is_copied_for_the_page(open_page: Opener, studio: FakeStudio) -> None:
    """Fifty clips made and looked at leave Gradio's own folder as it was."""
    temporary = Path(os.environ["GRADIO_TEMP_DIR"])
    before = sorted(temporary.rglob("*"))
    page = open_page()
    stage(page, "empty")
    first = film(studio, Recipe(prompt="A kite"))
    places = studio.places
    for _ in range(49):
        (job,) = studio.render(Recipe(prompt="A kite"))
        shutil.copy(places.library / f"{first}.mp4", places.library / f"{job.id}.mp4")
        shutil.copy(places.posters / f"{first}.webp", places.posters / f"{job.id}.webp")
        studio.finish(job.id)
    expect(page.locator(".film li")).to_have_count(50)
    for number in (50, 25, 1):
        page.click(f".film li[data-id='{number}'] .take")
        page.wait_for_selector(f".stage.shown[data-take='{number}']")
    tab(page, 1)
    expect(page.locator(".shelf li")).to_have_count(50)
    page.locator(".poster").first.hover()
    expect(page.locator(".poster video")).to_have_count(1)
    page.locator(".poster").first.click()
    page.wait_for_selector("dialog.detail[open]")
    assert sorted(temporary.rglob("*")) == before


def test_what_is_refused_is_not_told_as_done(
    open_page: Opener, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: FakeStudio, clip_id: str) -> None:
        raise InvalidRequest("Another program holds the clip.", "Close it.")

    monkeypatch.setattr(FakeStudio, "trash", refuse)
    page = open_page()
    film(studio, Recipe(prompt="A kite"))
    stage(page, "finished")
    page.click("#discard")
    toasts = page.locator("#rushes-toasts")
    expect(toasts).to_contain_text("Another program holds the clip.")
    page.click("#discard")
    page.wait_for_timeout(300)
    expect(toasts.locator(".bad")).to_have_count(1)
    assert "Moved to the trash." not in toasts.inner_text()


def test_a_lost_connection_says_so_and_heals(
    chromium: Browser, address: str, studio: FakeStudio
) -> None:
    page = chromium.new_page(locale="en-GB")
    page.goto(address)
    page.wait_for_selector("#status[data-bad=false]")
    page.route("**/component_server**", lambda route: route.abort())
    expect(page.locator(".stage .lost")).to_be_visible(timeout=15_000)
    expect(page.locator("#status")).to_contain_text("Not connected")
    studio.render(Recipe(prompt="A kite"))
    page.unroute("**/component_server**")
    expect(page.locator(".stage .lost")).to_be_hidden(timeout=15_000)
    expect(page.locator("#status")).not_to_contain_text("Not connected")
    stage(page, "queued")
    page.close()
