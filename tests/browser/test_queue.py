"""The queue and the keys of the Create page, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

Opener = Callable[..., Page]
SLOW_MS = 90_000


def ask(page: Page, words: str) -> None:
    page.fill("#prompt textarea", words)
    expect(page.locator(".words .read")).to_have_text(words)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".film li").first.locator(".name")).to_have_text(words)


def test_the_queue_and_the_keys(open_page: Opener) -> None:
    page = open_page()
    page.wait_for_selector("#status[data-bad]")
    page.fill("#steps input, #steps textarea", "150")
    for words in ("A long one", "A second", "A third"):
        ask(page, words)
    page.click("#status")
    waiting = page.locator(".queue .line li[data-state=queued] b")
    expect(waiting).to_have_text(["A second", "A third"], timeout=SLOW_MS)  # the worker wakes first
    running = page.locator(".queue .line li[data-state=running]")
    expect(running).to_contain_text("left", timeout=SLOW_MS)
    page.get_by_role("button", name="Sooner: A third").click()
    expect(waiting).to_have_text(["A third", "A second"])
    page.locator(".queue .line li", has_text="A third").drag_to(
        page.locator(".queue .line li", has_text="A second"), target_position={"x": 90, "y": 55}
    )
    expect(waiting).to_have_text(["A second", "A third"])
    page.get_by_role("button", name="Pause all").click()
    paused = page.locator(".queue .stopped li[data-state=paused]")
    expect(paused).to_have_count(3, timeout=SLOW_MS)
    for words in ("A second", "A third"):
        page.get_by_role("button", name=f"Cancel: {words}").click()
    expect(page.locator(".queue .stopped li[data-state=cancelled]")).to_have_count(2)
    page.reload()  # every state is the studio's
    page.wait_for_selector("#status[data-bad]")
    page.click("#status")
    page.get_by_role("button", name="Go on: A long one").click()
    expect(running).to_have_count(1, timeout=SLOW_MS)
    page.get_by_role("button", name="Cancel: A long one").click()
    expect(page.locator(".queue .line li")).to_have_count(0, timeout=SLOW_MS)
    page.keyboard.press("Escape")
    expect(page.locator(".queue")).not_to_be_visible()

    page.fill("#steps input, #steps textarea", "2")
    ask(page, "A short one")
    page.wait_for_selector(".stage[data-state=finished].shown", timeout=SLOW_MS)
    page.locator(".desk .viewport").click(position={"x": 200, "y": 100})
    page.keyboard.press("s")
    expect(page.locator("#keep")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Delete")
    expect(page.locator(".stage")).to_have_attribute("data-state", "gone")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".stage")).to_have_attribute("data-state", "finished")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".film li:nth-child(2) .take")).to_have_attribute("aria-current", "true")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".film li:first-child .take")).to_have_attribute("aria-current", "true")
