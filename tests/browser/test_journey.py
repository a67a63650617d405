"""What a creator does, in a real browser, on the real studio with its built-in model."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from studio.paths import PROJECT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

Opener = Callable[..., Page]
PROMPT = "A lone traveller crosses a ridge as the light goes"
CARDS = (("lighting_type", "backlighting"), ("composition", "center"), ("color_tone", "warm"))
SLOW_MS = 90_000
LOOSE = """
schema: 1
id: loose
name: {en: Loose look}
look: {color_tone: warm}
"""


def state(page: Page, *wanted: str, kind: str = "") -> None:
    kinds = f"[data-kind={kind}]" if kind else ""
    page.wait_for_selector(
        ", ".join(f".stage[data-state={each}]{kinds}" for each in wanted), timeout=SLOW_MS
    )


def press_go(page: Page) -> None:
    """Ask for a take and wait until it is the one on the stage: another may be there already."""
    page.wait_for_selector("#status[data-bad]")  # the page has heard from the studio
    before = page.get_attribute(".stage", "data-take") or ""
    page.click("#go")
    page.wait_for_selector(f'.stage[data-take]:not([data-take="{before}"])', timeout=SLOW_MS)


def pick(page: Page, category: str, term: str) -> None:
    page.click(f"[data-category={category}][data-term={term}]")


def test_from_words_to_a_refined_clip(open_page: Opener) -> None:
    page = open_page()
    state(page, "empty")
    page.fill("#prompt textarea", PROMPT)
    for category, term in CARDS:
        pick(page, category, term)
    read = page.locator(".words .read")
    expect(read).to_have_text(
        f"backlighting, center composition, warm colors. {PROMPT}", use_inner_text=False
    )
    origins = read.locator(".part").evaluate_all("all => all.map(each => each.dataset.origin)")
    assert origins == ["card", "card", "card", "user"]

    press_go(page)
    state(page, "finished", kind="preview")
    page.wait_for_selector(".stage.shown")
    page.click("#refine")
    state(page, "finished", kind="final")
    expect(page.locator(".film li")).to_have_count(2)
    page.click("#versus")
    expect(page.locator("dialog.compare .ab")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("tab", name="Library").click()
    expect(page.locator(".poster")).to_have_count(2)
    kinds = page.locator(".shelf li").evaluate_all("all => all.map(each => each.dataset.kind)")
    assert sorted(kinds) == ["final", "preview"]
    page.locator(".shelf li[data-kind=final] .poster").click()
    expect(page.locator(".detail .parent")).to_be_visible()
    expect(page.locator(".detail .read")).to_contain_text(PROMPT)


def test_reload_in_the_middle_and_cancel_another(open_page: Opener) -> None:
    page = open_page()
    page.fill("#prompt textarea", "A slow shot of the sea")
    page.fill("#steps input, #steps textarea", "200")
    page.wait_for_timeout(600)  # until the draft is kept
    press_go(page)
    state(page, "running", "queued")
    take = page.get_attribute(".stage", "data-take")
    page.reload()
    state(page, "running", "queued")
    assert page.get_attribute(".stage", "data-take") == take
    expect(page.locator("#prompt textarea")).to_have_value("A slow shot of the sea")

    page.click("#another")
    page.wait_for_selector(f".stage:not([data-take='{take}'])")
    other = open_page()
    second = page.get_attribute(".stage", "data-take")
    other.click(f".film li[data-id='{second}'] .take")
    other.click("#cancel")
    state(page, "cancelled")
    page.click(f".film li[data-id='{take}'] .take")
    state(page, "running", "finished")
    if page.is_enabled("#cancel"):
        page.click("#cancel")
        state(page, "cancelled", "finished")


def test_a_slow_answer_to_another_take_is_not_lost(open_page: Opener) -> None:
    page = open_page()
    page.fill("#prompt textarea", "A slow shot of the sea")
    press_go(page)
    take = page.get_attribute(".stage", "data-take")

    def late(route: Route) -> None:
        if '"act"' in (route.request.post_data or ""):
            page.wait_for_timeout(2500)  # longer than the page waits between two questions
        route.continue_()

    page.route("**/component_server**", late)
    page.click("#another")
    page.wait_for_selector(f".stage[data-take]:not([data-take='{take}'])")
    page.unroute_all(behavior="wait")
    state(page, "finished")


def test_parts_conflicts_and_the_picture(open_page: Opener, tmp_path: Path) -> None:
    page = open_page()
    page.fill("#prompt textarea", "A red ball")
    pick(page, "color_tone", "cool")
    page.click(".words .part[data-origin=card]")
    expect(page.locator(".words .read")).to_have_text("A red ball")
    expect(page.locator("[data-term=cool]")).to_have_attribute("aria-checked", "false")

    page.click(".looks .more summary")
    pick(page, "camera_move", "push-in")
    expect(page.locator("[data-category=camera_angle].greyed").first).to_be_attached()

    wide = tmp_path / "wide.png"
    Image.new("RGB", (900, 200), "#336699").save(wide)
    page.set_input_files("#picture .drop input", wide)
    page.wait_for_selector("#picture .picture[data-state=shown]")
    expect(page.locator("[data-category=lighting_type].greyed").first).to_be_attached()
    crop = page.locator("#picture .crop").bounding_box()
    photo = page.locator("#picture .photo").bounding_box()
    assert crop and photo and crop["width"] < photo["width"] * 0.5
    page.check(".looks .over")
    expect(page.locator("[data-category=lighting_type].greyed")).to_have_count(0)

    page.click("#picture .remove")
    text = tmp_path / "words.png"
    text.write_text("not a picture", encoding="utf-8")
    page.set_input_files("#picture .drop input", text)
    expect(page.locator("#rushes-toasts .bad")).to_contain_text("picture")
    expect(page.locator("#picture .picture")).to_have_attribute("data-state", "empty")


def test_hostile_words_stay_words(open_page: Opener) -> None:
    page = open_page()
    words = "rain ${document.body.id='owned'} <img src=x onerror=alert(1)> {{value}} \\n `"
    page.fill("#prompt textarea", words)
    expect(page.locator(".words .read")).to_have_text(words)
    press_go(page)
    state(page, "finished")
    page.get_by_role("tab", name="Library").click()
    page.fill(".library .search", "onerror")
    expect(page.locator(".shelf li")).to_have_count(1)
    page.locator(".poster").click()
    expect(page.locator(".detail h2")).to_have_text(words)
    assert page.evaluate("document.body.id") != "owned"


def test_star_trash_undo_and_reuse(open_page: Opener) -> None:
    page = open_page()
    page.fill("#prompt textarea", "A kite over the beach")
    pick(page, "color_tone", "desaturated")
    press_go(page)
    state(page, "finished")
    page.fill("#prompt textarea", "")
    page.get_by_role("tab", name="Library").click()
    page.fill(".library .search", "kite")
    expect(page.locator(".shelf li")).to_have_count(1)
    page.locator(".poster").click()
    page.click("[data-act=star]")
    expect(page.locator(".detail .star")).to_have_attribute("aria-pressed", "true")
    page.click("[data-act=trash]")
    expect(page.locator(".shelf li")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".shelf li")).to_have_count(1)
    page.locator(".poster").click()
    page.click("[data-act=reuse]")
    expect(page.locator("#prompt textarea")).to_have_value("A kite over the beach")
    expect(page.locator("#prompt textarea")).to_be_visible()
    expect(page.locator("[data-term=desaturated]")).to_have_attribute("aria-checked", "true")


def test_the_library_holds_still_while_a_take_is_rendered(open_page: Opener) -> None:
    page = open_page()
    page.fill("#prompt textarea", "A lantern")
    press_go(page)
    state(page, "finished")
    page.fill("#steps input, #steps textarea", "200")
    page.wait_for_timeout(600)
    press_go(page)
    state(page, "running")
    page.get_by_role("tab", name="Library").click()
    poster = page.locator(".poster").first
    poster.hover()
    poster.focus()
    expect(page.locator(".poster video")).to_have_count(1)
    page.evaluate(
        "window.redrawn = 0; new MutationObserver(all => { window.redrawn += all.length; })"
        ".observe(document.querySelector('.shelf'), { childList: true })"
    )
    page.wait_for_timeout(3000)
    assert page.evaluate("window.redrawn") == 0
    assert page.evaluate("document.activeElement.className") == "poster"
    expect(page.locator(".poster video")).to_have_count(1)
    page.get_by_role("tab", name="Create").click()
    page.keyboard.press("Escape")  # no way back from a cancelled render, so no key for it
    state(page, "running", "finished")
    if page.is_enabled("#cancel"):
        page.click("#cancel")
    state(page, "cancelled", "finished")


def test_a_model_that_ends_on_a_picture_has_a_box_for_it(open_page: Opener, tmp_path: Path) -> None:
    page = open_page()
    page.fill("#prompt textarea", "From dusk to dawn")
    expect(page.locator("#last_picture")).to_be_hidden()
    page.click("#model input")
    page.get_by_role("option", name="I2V-A14B").click()
    expect(page.locator("#last_picture")).to_be_visible()
    wide = tmp_path / "wide.png"
    Image.new("RGB", (900, 200), "#336699").save(wide)
    for box in ("#picture", "#last_picture"):
        page.set_input_files(f"{box} .drop input", wide)
        page.wait_for_selector(f"{box} .picture[data-state=shown]")
    crop = page.locator("#last_picture .crop")
    page.wait_for_function(
        "parseFloat(document.querySelector('#last_picture .crop').style.width) < 50"
    )
    crop.focus()
    page.keyboard.press("ArrowRight")
    expect(crop).not_to_have_attribute("aria-valuenow", "50")

    page.click("#model input")
    page.get_by_role("option", name="Pocket").click()
    expect(page.locator(".words .verdict")).to_contain_text("cannot end on a picture")
    page.click("#last_picture .remove")
    expect(page.locator("#last_picture")).to_be_hidden()


def test_use_this_recipe_brings_all_of_it(open_page: Opener, home: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose.yaml"
    loose.write_text(LOOSE, encoding="utf-8")
    page = open_page()
    command = [sys.executable, "-m", "studio", "render", "A kite", "--preset", str(loose)]
    subprocess.run(
        [*command, "--size", "96x48", "--steps", "2"],
        cwd=PROJECT,
        env=os.environ | {"STUDIO_HOME": str(home / "kept")},
        check=True,
    )
    page.get_by_role("button", name="Preview, A kite", exact=True).first.click()
    page.wait_for_selector(".film li:first-child .take[aria-current=true]")
    state(page, "finished")
    page.click("#reuse")
    chip = page.locator(".looks .chip[data-preset=loose]")
    expect(chip).to_have_text("Loose look")
    expect(chip).to_have_attribute("aria-checked", "true")
    expect(page.locator("[data-term=warm]")).to_have_class("card brought")
    expect(page.locator("#shape input")).to_have_value("96×48")
    chip.click()
    expect(chip).to_have_count(0)
    expect(page.locator(".words .read")).to_have_text("A kite")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
@pytest.mark.parametrize(("locale", "go"), [("en-GB", "Preview"), ("zh-CN", "预览")])
def test_every_size_in_both_languages(
    open_page: Opener, width: int, height: int, locale: str, go: str
) -> None:
    page = open_page(width=width, height=height, locale=locale)
    expect(page.locator("#go")).to_have_text(go)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    box = page.locator("#go").bounding_box()
    assert box and box["y"] + box["height"] <= height


def calm(page: Page) -> None:
    """Wait until the page has asked all it asks by itself after it was opened: a reload in the
    middle of an answer is an error in the console of the page that goes."""
    page.wait_for_selector("#status[data-bad]")
    page.wait_for_timeout(4000)


def test_the_colours_are_the_browsers_until_a_hand_switches(open_page: Opener) -> None:
    expect(open_page().locator("html")).to_have_attribute("data-theme", "dark")
    page = open_page(scheme="light")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    page.click("#top .theme")
    expect(root).to_have_attribute("data-theme", "dark")
    calm(page)
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")


def test_the_language_is_switched_by_hand(open_page: Opener) -> None:
    page = open_page()
    calm(page)
    page.click("#top .language")
    expect(page.locator("#go")).to_have_text("预览")
    calm(page)
    page.click("#top .language")
    expect(page.locator("#go")).to_have_text("Preview")
