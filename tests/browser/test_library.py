"""What a creator does in the library, in a real browser, on a library of small real films."""

import datetime
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from studio import mp4, paths
from studio.clip import Clip, Tag
from studio.events import Finished
from studio.gallery.library import Library
from studio.recipe import Recipe
from studio.shot import Kind, Refine, Shot, Way
from studio.ui.library import PAGE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

Opener = Callable[..., Page]
NEWEST = datetime.datetime.now().astimezone()
SHOT = Shot(
    kind=Kind.PREVIEW,
    model="pocket",
    prompt="",
    negative_prompt="blurry",
    width=64,
    height=48,
    frames=33,
    fps=16,
    steps=4,
    flow_shift=5.0,
    guidance_high=4.0,
    guidance_low=3.0,
    boundary=0.875,
    seed=7,
    picture=None,
    last_picture=None,
    refine=None,
)
NUMBERED = PAGE + 4
HOSTILE = "<img src=x onerror=alert(1)> ${document.body.id='owned'}"


class Maker:
    """Puts films into the library, each a minute older than the one before."""

    def __init__(self) -> None:
        self.places = paths.places()
        self.library = Library(self.places)
        self.made = 0

    def film(self, recipe: Recipe, **values: object) -> Clip:
        self.made += 1
        shot = replace(SHOT, prompt=recipe.prompt, **values)
        tag = Tag(
            id=f"{self.made:012x}",
            created=(NEWEST - datetime.timedelta(minutes=self.made)).isoformat(timespec="seconds"),
            seconds=12.0,
            recipe=recipe,
            shot=shot,
        )
        file = self.places.work / f"{tag.id}.mp4"
        file.parent.mkdir(parents=True, exist_ok=True)
        with mp4.Writer(file, shot.width, shot.height, shot.fps) as writer:
            for number in range(shot.frames):
                frame = np.full((shot.height, shot.width, 3), (40, 70, 120), np.uint8)
                frame[:, : 2 + number % shot.width] = (240, 170, 70)
                writer.add(frame)
            writer.tell(tag.to_json())
        mp4.poster(frame, file.with_suffix(".webp"))
        return self.library.adopt(Finished(tag=tag, file=file, poster=file.with_suffix(".webp")))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """As of every browser test, with films in it; and a file manager that notes what it opens."""
    home = tmp_path_factory.mktemp("library")
    manager = home / "bin" / "xdg-open"
    manager.parent.mkdir()
    manager.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(home / 'opened')!r}, 'w').write(sys.argv[1])\n"
    )
    manager.chmod(manager.stat().st_mode | stat.S_IXUSR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(home / "kept"))
        patch.setenv("PATH", f"{manager.parent}{os.pathsep}{os.environ['PATH']}")
        _fill(Maker())
        yield home


def _fill(maker: Maker) -> None:
    waves = Recipe(
        prompt="Waves fold over black rocks",
        look={"color_tone": ("cool",)},
        presets=("neon-noir",),
        seed=41,
    )
    preview = maker.film(waves, seed=41)
    refine = Refine(parent=preview.id, way=Way.PIXELS, sigma=0.6, fidelity=0.5)
    full = {"kind": Kind.FINAL, "width": 128, "height": 96, "steps": 12, "refine": refine}
    maker.film(waves, seed=41, **full)
    maker.film(Recipe(prompt="Portrait of a keeper"), width=48, height=64)
    maker.film(Recipe(prompt="A blue door"), frames=1)
    for tag, prompt in (("海报", "夜市小摊上，一碗面热气腾腾"), ("for Anna", HOSTILE)):
        maker.library.tag(maker.film(Recipe(prompt=prompt), model="t2v-a14b").id, [tag])
    maker.made += 3 * 24 * 60  # three days ago
    for number in range(NUMBERED):
        maker.film(Recipe(prompt=f"Number {number:02d}"), frames=2)


@pytest.fixture
def library(open_page: Opener) -> Callable[..., Page]:
    """``library(width=390)``: the page with the library on it."""

    def opened(**asked: object) -> Page:
        page = open_page(**asked)
        page.get_by_role(
            "tab", name="片库" if asked.get("locale") == "zh-CN" else "Library"
        ).click()
        expect(page.locator(".shelf li").first).to_be_visible()
        return page

    return opened


def poster(page: Page, words: str, kind: str = "preview") -> Locator:
    return page.locator(f".shelf li[data-kind={kind}] .poster", has_text=words).first


def names(page: Page) -> list[str]:
    # Not the inner texts: those of posters out of sight are not drawn yet, and empty.
    return page.locator(".shelf .name").all_text_contents()


def show(page: Page, words: str, kind: str = "preview") -> Locator:
    poster(page, words, kind).click()
    detail = page.locator("dialog.detail")
    expect(detail.locator("h2")).to_contain_text(words)
    return detail


def shut(page: Page, dialog: str = "detail") -> None:
    page.keyboard.press("Escape")
    expect(page.locator(f"dialog.{dialog}")).to_be_hidden()


def test_search_and_filters(library: Opener) -> None:
    page = library()
    total = page.locator(".total")
    expect(total).to_have_text(f"{NUMBERED + 6} clips")
    page.fill(".library .search", "一碗面")
    expect(total).to_have_text("1 clip")
    page.fill(".library .search", "")
    for by, value, found in (
        ("kind", "final", 1),
        ("model", "t2v-a14b", 2),
        ("preset", "neon-noir", 2),
        ("tag", "海报", 1),
        ("days", "7", NUMBERED + 6),
    ):
        page.select_option(f"[data-by={by}]", value)
        expect(total).to_have_text("1 clip" if found == 1 else f"{found} clips")
        page.locator(".narrow .clear").click()
        expect(page.locator(f"[data-by={by}]")).to_have_value("")
    page.select_option("[data-by=stars]", "5")
    expect(page.locator(".library .none b")).to_have_text("No starred clips yet.")
    page.select_option("[data-by=kind]", "final")
    expect(page.locator(".library .none b")).to_have_text("No clip fits these filters.")
    page.locator(".none .clear").click()
    expect(page.locator(".shelf li").first).to_be_visible()


def test_the_next_page_comes_by_itself(library: Opener) -> None:
    page = library()
    expect(page.locator(".shelf li")).to_have_count(PAGE)
    page.locator(".shelf li").last.scroll_into_view_if_needed()
    expect(page.locator(".shelf li")).to_have_count(NUMBERED + 6)
    expect(page.locator(".morebutton")).to_be_hidden()
    assert len(
        set(page.locator(".shelf li").evaluate_all("all => all.map(e => e.dataset.id)"))
    ) == (NUMBERED + 6)


def test_stars_and_tags_are_kept(library: Opener) -> None:
    page = library()
    detail = show(page, "Portrait")
    detail.locator(".trimming summary").click()
    detail.locator(".trim .to").fill("1.5")
    detail.locator(".rate").nth(2).click()
    expect(detail.locator(".rate[aria-pressed=true]")).to_have_count(3)
    typed = detail.locator(".newtag input")
    typed.fill("k" * 41)
    typed.press("Enter")
    expect(page.locator("#rushes-toasts .bad")).to_be_visible()
    expect(typed).to_have_value("k" * 41)
    expect(detail.locator(".trim .to")).to_have_value("1.5")
    typed.fill("best of, keeper")
    page.keyboard.press("Enter")
    expect(detail.locator(".label")).to_have_count(2)
    detail.get_by_role("button", name="Remove the tag “keeper”").click()
    expect(detail.locator(".label")).to_have_count(1)
    page.reload()
    page.get_by_role("tab", name="Library").click()
    expect(poster(page, "Portrait").locator(".starmark")).to_have_text("★★★")
    detail = show(page, "Portrait")
    detail.get_by_role("button", name="best of", exact=True).click()
    expect(detail).to_be_hidden()
    expect(page.locator("[data-by=tag]")).to_have_value("best of")
    expect(page.locator(".shelf li")).to_have_count(1)
    page.select_option("[data-by=stars]", "3")
    expect(page.locator(".shelf li")).to_have_count(1)
    detail = show(page, "Portrait")
    detail.locator(".rate").nth(2).click()
    expect(detail.locator(".rate[aria-pressed=true]")).to_have_count(0)
    shut(page)
    expect(page.locator(".shelf li")).to_have_count(0)


def test_a_refined_clip_is_compared_with_its_preview(library: Opener) -> None:
    page = library()
    detail = show(page, "Waves", "final")
    expect(detail.locator(".kin")).to_have_count(2)
    detail.locator(".kin.parent").click()
    expect(detail.locator("dd").first).to_have_text("Preview")
    detail.get_by_role("button", name="Compare with the refined clip").click()
    ab = page.locator("dialog.compare")
    expect(ab.locator("figcaption").first).to_contain_text("64×48")

    slider = ab.get_by_role("slider", name="Where the wipe stands")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "52")
    box = ab.locator(".ab").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.52, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 80)
    page.mouse.up()
    expect(slider).to_have_attribute("aria-valuenow", "25")

    page.wait_for_function("document.querySelector('.ab .a video').currentTime > .3")
    apart = []
    for _ in range(15):
        now = ab.locator("video").evaluate_all("all => all.map(film => film.currentTime)")
        apart.append(abs(now[0] - now[1]))
        page.wait_for_timeout(80)
    assert sorted(apart)[len(apart) // 2] < 0.1
    ab.locator(".beat").click()
    assert ab.locator("video").evaluate_all("all => all.every(film => film.paused)")
    ab.locator(".pace input").fill("500")
    times = ab.locator("video").evaluate_all("all => all.map(film => film.currentTime)")
    assert times[0] == times[1] == pytest.approx(33 / 16 / 2, abs=0.1)

    table = {
        row.locator("th").inner_text(): row.locator("td").all_inner_texts()
        for row in ab.locator("tbody tr").all()
    }
    assert table["Kind"] == ["Preview", "Refined"]
    assert table["Steps"] == ["4", "12"]
    assert table["Size"] == ["64 × 48", "128 × 96"]
    assert "Seed" not in table and "Prompt" not in table
    ab.get_by_role("button", name="Swap").click()
    expect(ab.locator("tbody tr").first.locator("td").first).to_have_text("Refined")
    ab.get_by_role("button", name="Side by side").click()
    expect(slider).to_be_hidden()
    shut(page, "compare")
    expect(detail).to_be_visible()


def test_any_two_clips_are_compared(library: Opener) -> None:
    page = library()
    poster(page, "Portrait").click(modifiers=["Control"])
    expect(page.locator(".versus")).to_be_disabled()
    poster(page, "Number 00").click(modifiers=["Control"])
    page.locator(".versus").click()
    ab = page.locator("dialog.compare")
    expect(ab.locator(".ab")).to_have_attribute("data-mode", "sides")  # portrait and landscape
    expect(ab.locator("tbody mark").first).to_be_visible()
    expect(ab.locator("tbody th").nth(0)).to_have_text("Prompt")


def test_many_are_starred_tagged_thrown_away_and_brought_back(library: Opener) -> None:
    page = library()
    page.fill(".library .search", "number-1")
    expect(page.locator(".shelf li")).to_have_count(10)
    posters, bar = page.locator(".poster"), page.locator(".chosen")
    posters.nth(1).click(modifiers=["Control"])
    posters.nth(4).click(modifiers=["Shift"])
    expect(bar.locator(".howmany")).to_have_text("4 selected")
    posters.nth(2).click()
    expect(bar.locator(".howmany")).to_have_text("3 selected")
    bar.locator(".rate").nth(3).click()
    expect(page.locator(".starmark", has_text="★★★★")).to_have_count(3)
    bar.get_by_role("button", name="Tags").click()
    bar.locator(".newtag input").fill("of three")
    page.keyboard.press("Enter")
    expect(bar.locator(".label")).to_have_text("of three · 3×")
    bar.get_by_role("button", name="Remove the tag").click()
    expect(bar.locator(".label")).to_have_count(0)

    before = names(page)
    bar.get_by_role("button", name="Delete").click()
    expect(page.locator(".shelf li")).to_have_count(7)
    expect(bar).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".shelf li")).to_have_count(10)
    assert names(page) == before


def test_the_trash_keeps_until_the_person_says_so(library: Opener, home: Path) -> None:
    page = library()
    page.fill(".library .search", "number-2")
    show(page, "Number 20").locator("[data-act=trash]").click()
    poster(page, "Number 21").focus()
    page.keyboard.press("Delete")
    expect(page.locator(".shelf li")).to_have_count(8)
    page.get_by_role("button", name="Trash").click()
    expect(page.locator(".shelf li")).to_have_count(2)
    poster(page, "Number 20").focus()
    page.keyboard.press("Delete")
    question = page.locator("dialog.question[open]")
    expect(question).to_contain_text("Delete this clip for good?")
    page.keyboard.press("Escape")
    expect(page.locator(".shelf li")).to_have_count(2)
    page.keyboard.press("Delete")
    question.get_by_role("button", name="Delete for good").click()
    expect(page.locator(".shelf li")).to_have_count(1)
    assert not list(home.rglob("*Number-20*"))
    show(page, "Number 21").locator("[data-act=restore]").click()
    expect(page.locator(".library .none b")).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator(".shelf li")).to_have_count(9)


def test_only_a_part_of_a_clip_is_used_again(library: Opener) -> None:
    page = library()
    form = page.locator("#prompt textarea")

    def use(name: str) -> None:
        page.get_by_role("tab", name="Library").click()
        show(page, "Waves").get_by_role("button", name=name).click()
        expect(form).to_be_visible()

    page.get_by_role("tab", name="Create").click()
    form.fill("My own words")
    use("Only the look")
    expect(page.locator("[data-term=cool]")).to_have_attribute("aria-checked", "true")
    expect(page.locator(".looks .chip[data-preset=neon-noir]")).to_have_attribute(
        "aria-checked", "true"
    )
    use("Only the seed")
    expect(page.locator("#seed input, #seed textarea")).to_have_value("41")
    use("Last frame as picture")
    expect(page.locator("#picture .picture")).to_have_attribute("data-state", "shown")
    expect(form).to_have_value("My own words")
    use("Use this recipe")
    expect(form).to_have_value("Waves fold over black rocks")


def test_the_keyboard_alone(library: Opener) -> None:
    page = library()
    detail = page.locator("dialog.detail")
    poster(page, "Number 30").focus()
    page.keyboard.press("s")
    expect(poster(page, "Number 30").locator(".starmark")).to_have_text("★")
    page.keyboard.press("5")
    expect(poster(page, "Number 30").locator(".starmark")).to_have_text("★★★★★")
    page.keyboard.press("ArrowRight")
    expect(poster(page, "Number 31")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(detail.locator("h2")).to_have_text("Number 31")
    page.keyboard.press("ArrowRight")
    expect(detail.locator("h2")).to_have_text("Number 32")
    page.keyboard.press("2")
    expect(detail.locator(".rate[aria-pressed=true]")).to_have_count(2)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(detail.locator("h2")).to_have_text("Number 30")
    # A file that goes while it is being fetched is told of by the browser as an error.
    page.wait_for_function("document.querySelector('dialog.detail video').readyState === 4")
    page.keyboard.press("Delete")
    expect(detail).to_be_hidden()
    expect(poster(page, "Number 30")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(poster(page, "Number 30")).to_have_count(1)
    poster(page, "Number 31").focus()
    page.keyboard.press("x")
    expect(page.locator(".chosen .howmany")).to_have_text("1 selected")
    page.keyboard.press("Escape")
    expect(page.locator(".chosen")).to_be_hidden()


def test_recipe_path_and_folder(library: Opener, home: Path) -> None:
    page = library()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    detail = show(page, "A blue door")
    expect(detail.locator("dd", has_text="1 frame")).to_be_visible()
    detail.get_by_text("Whole recipe").click()
    detail.get_by_role("button", name="Copy the recipe").click()
    expect(page.locator("#rushes-toasts")).to_contain_text("Copied.")
    told = page.evaluate("navigator.clipboard.readText().then(JSON.parse)")
    assert told["recipe"]["prompt"] == "A blue door" and told["shot"]["frames"] == 1
    detail.get_by_role("button", name="Copy file path").click()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.endsWith('.mp4'))")
    file = Path(page.evaluate("navigator.clipboard.readText()"))
    assert file.is_file()
    if sys.platform == "linux":
        detail.get_by_role("button", name="Open folder").click()
        until = time.monotonic() + 20
        while not (home / "opened").exists() and time.monotonic() < until:
            page.wait_for_timeout(100)
        assert Path((home / "opened").read_text()) == file.parent


def test_a_film_that_cannot_be_played_says_so(library: Opener) -> None:
    page = library()

    def broken(route: Route) -> None:
        route.fulfill(status=200, content_type="video/mp4", body="not a film")

    page.route("**/*.mp4", broken)
    detail = show(page, "Portrait")
    expect(detail.locator(".unplayable")).to_be_visible()
    page.unroute_all(behavior="wait")
    page.keyboard.press("ArrowRight")
    expect(detail.locator("video")).to_be_visible()
    expect(detail.locator(".unplayable")).to_be_hidden()


def test_hostile_words_stay_words(library: Opener) -> None:
    page = library()
    detail = show(page, HOSTILE)
    expect(detail.locator(".read")).to_have_text(HOSTILE)
    detail.locator(".newtag input").fill("<b>bold</b>")
    page.keyboard.press("Enter")
    expect(detail.locator(".label", has_text="<b>bold</b>")).to_be_visible()
    shut(page)
    poster(page, HOSTILE).click(modifiers=["Control"])
    poster(page, "Portrait").click(modifiers=["Control"])
    page.locator(".versus").click()
    expect(page.locator("dialog.compare tbody td").first).to_have_text(HOSTILE)
    assert page.evaluate("document.body.id") != "owned"


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_every_size_in_both_languages(
    library: Opener, width: int, height: int, locale: str
) -> None:
    """Nothing is wider than the window; a finger selects by the button made for it."""
    page = library(width=width, height=height, locale=locale)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.locator(".picking").click()
    posters = page.locator(".poster")
    posters.nth(0).click()
    posters.nth(1).click()
    expect(page.locator("dialog.detail")).to_be_hidden()
    for part in (".chosen", ".versus", ".chosen .nobody"):
        box = page.locator(part).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    page.locator(".versus").click()
    expect(page.locator("dialog.compare")).to_be_visible()
    assert page.evaluate("document.querySelector('dialog.compare').scrollWidth") <= width
    shut(page, "compare")
    page.locator(".picking").click()
    posters.nth(0).click()
    detail = page.locator("dialog.detail")
    expect(detail).to_be_visible()
    assert page.evaluate("document.querySelector('dialog.detail .sheet').scrollWidth") <= width


def test_a_video_of_another_program_is_brought_in(library: Opener, tmp_path: Path) -> None:
    film = tmp_path / "holiday.mp4"
    with mp4.Writer(film, 320, 180, 25) as writer:
        for number in range(25):
            writer.add(np.full((180, 320, 3), 8 * number, np.uint8))
        writer.tell({"made": "elsewhere"})
    page = library()
    page.get_by_role("button", name="Bring in a video").click()
    asked = page.locator("dialog.bring")
    asked.locator("textarea").fill("Gulls over a pier")
    press = asked.get_by_role("button", name="Bring in", exact=True)
    (tmp_path / "broken.mp4").write_text("no film")
    asked.locator("input[type=file]").set_input_files(tmp_path / "broken.mp4")
    press.click()
    expect(page.locator("#rushes-toasts")).to_contain_text("cannot be read as a video")
    expect(asked.locator("textarea")).to_have_value("Gulls over a pier")
    asked.locator("input[type=file]").set_input_files(film)
    press.click()
    detail = page.locator("dialog.detail")
    expect(detail.locator("h2")).to_contain_text("Gulls over a pier")
    expect(detail).to_contain_text("192 × 128")
    expect(detail.get_by_role("button", name="Refine")).to_be_visible()
    expect(detail.locator(".fidelity output")).to_contain_text("likeness")
    shut(page)
    expect(poster(page, "Gulls over a pier")).to_be_visible()
