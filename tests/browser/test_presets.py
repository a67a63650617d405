"""A look from the cards, written in, sent away and brought back, in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageColor
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

Opener = Callable[..., Page]
# Whether a picture has this colour in its corner; one that nobody can see is not loaded by itself.
SHOWS = """([where, colour]) => {
  const image = document.querySelector(where);
  if (!image || image.loading !== 'eager') { if (image) image.loading = 'eager'; return false; }
  if (!image.complete || !image.naturalWidth) return false;
  const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).join() === colour.join();
}"""


def few_steps(home: Path) -> Path:
    """A preset of one's own that says nothing in words."""
    file = home / "kept" / "my-presets" / "few-steps.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("schema: 1\nid: few-steps\nname: {en: Few steps}\nsampling: {steps: 6}\n")
    return file


def test_a_look_of_ones_own(open_page: Opener, home: Path) -> None:
    page = open_page()
    page.fill("#prompt textarea", "A kite")
    page.click("[data-category=color_tone][data-term=warm]")
    expect(page.locator(".words .read .part[data-origin=card]")).to_have_text("warm colors")
    page.get_by_role("tab", name="Presets").click()
    page.click(".rack .new")
    expect(page.locator(".making .from")).to_have_text("warm colors")
    page.fill(".making input[type=text]", "Kite light")
    page.click(".making .yes")
    card = page.locator(".wall li[data-own=true]")
    expect(card).to_have_count(1)
    expect(card.locator(".name")).to_have_text("Kite light")

    # As an editor on Windows leaves it.
    (file,) = (home / "kept").rglob("look-kite-light.yaml")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    card.locator(".look").click()
    page.click("[data-do=edit]")
    page.click("[data-do=leave]")
    expect(page.locator(".preset-full .question")).to_be_hidden()
    page.click("[data-do=edit]")
    area = page.locator(".preset-full textarea")
    text = area.input_value()
    area.fill(text.replace("warm", "worm"))
    fault = page.locator(".faults li")
    expect(fault).to_contain_text("worm")
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "color_tone" in each)
    expect(fault).to_have_attribute("data-line", str(line))
    expect(page.locator("[data-do=write]")).to_be_disabled()
    area.fill(text.replace("warm", "cool"))
    page.locator(".preset-full .shut").focus()
    for asked in (True, False, True, False):
        page.keyboard.press("Escape")
        expect(page.locator(".preset-full .question")).to_be_visible(visible=asked)
    page.click("[data-do=write]")
    expect(page.locator(".preset-full dl")).to_contain_text("Cool colors")
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n")
    page.click("[data-do=export]")
    expect(page.locator("#rushes-toasts")).to_contain_text("preset.zip")
    (pack,) = (home / "kept" / "library" / "Exports").glob("*_preset.zip")

    page.click("[data-do=remove]")
    page.click("[data-do=sure]")
    expect(page.locator("dialog.preset-full")).not_to_be_visible()
    expect(card).to_have_count(0)
    page.set_input_files(".bring input", pack)
    expect(page.locator(".crates li")).to_contain_text("Kite light")
    page.click(".arriving .yes")
    expect(card).to_have_count(1)
    card.hover()
    card.locator(".usenow").click()
    expect(page.locator("#prompt textarea")).to_be_visible()
    parts = page.locator(".words .read .part[data-origin=preset]")
    expect(parts.first).to_contain_text("cool colors")


def test_a_clip_that_is_dropped_gives_its_look(open_page: Opener, home: Path) -> None:
    page = open_page(390, 844)
    expect(page.get_by_role("tab")).to_have_text(["Create", "Library", "Presets", "Models"])
    page.fill("#prompt textarea", "A lantern")
    page.click("[data-category=lighting_type][data-term=edge]")
    page.wait_for_timeout(600)
    page.click("#go")
    page.wait_for_selector(".stage[data-state=finished]", timeout=90_000)
    page.get_by_role("tab", name="Presets").click()
    (clip,) = (home / "kept" / "library").glob("*lantern*.mp4")
    page.set_input_files(".bring input", clip)
    expect(page.locator(".crates li")).to_contain_text("Edge lighting")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.click(".arriving .no")
    expect(page.locator("dialog.arriving")).not_to_be_visible()


def test_a_preset_that_says_nothing_in_words_is_a_look_too(open_page: Opener, home: Path) -> None:
    few_steps(home)
    page = open_page()
    page.get_by_role("tab", name="Presets").click()
    page.click(".rack .new")
    expect(page.locator("#rushes-toasts")).to_contain_text("no look to keep yet")
    card = page.locator(".wall li[data-id=few-steps]")
    card.hover()
    card.locator(".usenow").click()
    expect(page.locator("#prompt textarea")).to_be_visible()
    page.get_by_role("tab", name="Presets").click()
    page.click(".rack .new")
    page.fill(".making input[type=text]", "Six steps")
    page.click(".making .yes")
    expect(page.locator(".wall .name", has_text="Six steps")).to_be_visible()


def test_a_picture_that_is_changed_again_is_changed_everywhere(
    open_page: Opener, home: Path, tmp_path: Path
) -> None:
    few_steps(home)
    page = open_page()
    page.get_by_role("tab", name="Presets").click()
    page.click(".wall li[data-id=few-steps] .look")
    for colour in ("red", "lime", "blue"):
        Image.new("RGB", (64, 40), colour).save(tmp_path / f"{colour}.png")
        page.set_input_files(".preset-full .as-button input", tmp_path / f"{colour}.png")
        for where in (".preset-full .cover", "[data-id=few-steps]", "[data-preset=few-steps]"):
            page.wait_for_function(SHOWS, arg=[f"{where} img", list(ImageColor.getrgb(colour))])


def test_a_preset_that_is_gone_is_taken_out_of_the_form(open_page: Opener, home: Path) -> None:
    file = few_steps(home)
    page = open_page()
    page.fill("#prompt textarea", "A kite")
    chip, verdict = page.locator(".looks [data-preset=few-steps]"), page.locator(".words .verdict")
    chip.click()
    expect(verdict).to_contain_text("Fits")
    page.fill("#prompt textarea", "A red kite")
    page.fill("#seed input, #seed textarea", "seven")
    expect(verdict).to_contain_text("seven")
    file.unlink()
    page.reload()
    expect(page.locator("#prompt textarea")).to_have_value("A red kite")
    expect(chip).to_have_text("few-steps")
    expect(verdict).to_contain_text("There is no preset “few-steps”.")
    chip.click()
    expect(chip).to_have_count(0)
    expect(verdict).to_contain_text("Fits")
