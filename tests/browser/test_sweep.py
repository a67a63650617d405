"""Four looks of one product picture, from the form to the sheet that is sent away."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from studio import mp4

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

Opener = Callable[..., Page]
LOOKS = ("neon-noir", "golden-hour-drift", "claymation-workshop", "winter-blue-hour")
NAMES = ["Neon noir", "Golden hour drift", "Claymation workshop", "Winter blue hour"]
SLOW_MS = 180_000


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "bottle.png"
    image = Image.new("RGB", (600, 400), "#d8ccc0")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((240, 140, 360, 350), 16, fill="#c4782a")
    draw.rectangle((278, 80, 322, 140), fill="#221e1c")
    image.save(path)
    return path


@pytest.fixture
def form(open_page: Opener, product: Path) -> Iterator[Page]:
    """The Create page with the product, a few words and four looks chosen."""
    page = open_page()
    page.fill("#prompt textarea", "The bottle turns slowly")
    page.set_input_files("#picture .drop input", product)
    page.wait_for_selector("#picture .picture[data-state=shown]")
    page.evaluate("document.querySelector('.looks .presets').classList.add('open')")
    for look in LOOKS:
        page.click(f".looks [data-preset={look}]")
    yield page


def try_each(page: Page) -> None:
    expect(page.locator("#each-go .forecast")).to_contain_text("4 takes")
    page.click("#each-go")
    page.wait_for_selector("dialog.contact[open]")


def states(page: Page) -> list[str]:
    found = page.locator(".looksgrid li").evaluate_all("all => all.map(each => each.dataset.state)")
    return [str(state) for state in found]


def test_four_looks_of_a_product(open_page: Opener, form: Page, home: Path) -> None:
    page = form
    page.fill("#steps input, #steps textarea", "4")
    expect(page.locator("#each-go")).to_be_visible()
    try_each(page)
    expect(page.locator(".looksgrid .name")).to_have_text(NAMES)
    expect(page.locator(".contact h2")).to_have_text("The bottle turns slowly")
    page.wait_for_selector(".looksgrid li[data-state=running]", timeout=SLOW_MS)

    page.wait_for_timeout(1500)  # until the form's own questions are answered
    page.reload()  # the sheet is open again, and in another tab it can be opened as well
    page.wait_for_selector("dialog.contact[open]")
    expect(page.locator(".looksgrid li")).to_have_count(4)
    other = open_page(390, 844)
    other.click("#all-looks")
    expect(other.locator(".contact .ready span")).to_contain_text("of 4 ready")
    assert other.evaluate("document.documentElement.scrollWidth") == 390

    expect(page.locator(".contact .ready span")).to_have_text("4 of 4 ready", timeout=SLOW_MS)
    expect(page.locator(".looksgrid li.moving")).to_have_count(4)
    expect(page.locator("[data-act=cancel]")).to_be_disabled()
    expect(page.locator("[data-act=again]")).to_be_disabled()
    seeds = {
        mp4.words(file)["shot"]["seed"] for file in (home / "kept" / "library").glob("*bottle*.mp4")
    }
    assert len(seeds) == 1

    page.click("[data-save=sheet]")
    page.click("[data-save=reel]")
    exports = home / "kept" / "library" / "Exports"
    expect(page.locator("#rushes-toasts")).to_contain_text("looks.mp4", timeout=SLOW_MS)
    (sheet,), (reel,) = exports.glob("*_looks.jpg"), exports.glob("*_looks.mp4")
    with Image.open(sheet) as image:
        assert image.width > 1000
    shot = mp4.words(next((home / "kept" / "library").glob("*bottle*.mp4")))["shot"]
    assert len(list(mp4.frames(reel))) == 4 * shot["frames"]

    for name in ("Golden hour drift", "Claymation workshop"):
        page.locator(".contact").get_by_role("checkbox", name=name).check()
    expect(page.locator(".contact .picks")).to_have_text("2 chosen")
    page.click("[data-act=refine]")
    expect(page.locator(".looksgrid li[data-refine=finished]")).to_have_count(2, timeout=SLOW_MS)
    refined = page.locator(".looksgrid li[data-refine=finished] .name")
    expect(refined).to_have_text(["Golden hour drift", "Claymation workshop"])

    page.locator(".looksgrid .frame").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("dialog.contact")).not_to_be_visible()
    expect(page.locator(".stage .facts")).to_contain_text("Golden hour drift")
    page.click("#all-looks")
    page.wait_for_selector("dialog.contact[open]")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.contact")).not_to_be_visible()
    page.reload()
    page.wait_for_selector("#all-looks")
    page.wait_for_timeout(800)
    expect(page.locator("dialog.contact")).not_to_be_visible()


def test_cancel_all_and_run_again(form: Page) -> None:
    page = form
    page.fill("#steps input, #steps textarea", "120")
    page.wait_for_timeout(600)
    try_each(page)
    page.wait_for_selector(".looksgrid li[data-state=running]", timeout=SLOW_MS)
    page.click("[data-act=cancel]")
    expect(page.locator(".looksgrid li[data-state=cancelled]")).to_have_count(4, timeout=SLOW_MS)
    expect(page.locator("[data-save=sheet]")).to_be_disabled()
    page.click("[data-act=again]")
    page.wait_for_selector(".looksgrid li[data-state=running]", timeout=SLOW_MS)
    assert states(page).count("cancelled") == 0
    page.click("[data-act=cancel]")
    expect(page.locator(".looksgrid li[data-state=cancelled]")).to_have_count(4, timeout=SLOW_MS)


def test_one_look_is_no_sweep(open_page: Opener) -> None:
    page = open_page()
    page.fill("#prompt textarea", "A kite")
    page.click(".looks [data-preset] >> nth=0")
    # The look is in the words, which may stand before or after the person's own.
    expect(page.locator(".words .read .part[data-origin=preset]").first).to_be_visible()
    expect(page.locator(".words .read .part[data-origin=user]")).to_contain_text("A kite")
    expect(page.locator("#each-go")).to_be_hidden()
    height = page.locator("#go").bounding_box()
    page.click(".looks [data-preset] >> nth=1")
    expect(page.locator("#each-go")).to_be_visible()
    moved = page.locator("#go").bounding_box()
    assert height and moved and (height["y"], height["height"]) == (moved["y"], moved["height"])
    expect(page.locator("#each-go")).to_have_accessible_name(re.compile("Try each look.*2 takes"))
