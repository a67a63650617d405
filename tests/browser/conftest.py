"""The real program in a process of its own, and a browser that notices all that goes wrong."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from studio.paths import PROJECT

START_SECONDS = 60
expect.set_options(timeout=20_000)  # as the pages themselves; a busy computer is slow
ColorScheme = Literal["dark", "light"]
OWN_HOSTS = {"127.0.0.1", "localhost"}
# What Gradio's own script says when its page is left in the middle of an answer.
ON_LEAVING = (
    "console: AbortError: signal is aborted",
    "console: AbortError: BodyStreamBuffer was aborted",
    "console: Unexpected error Connection errored out",
)


@pytest.fixture(scope="session")
def chromium(require: Callable[[str, str | Path | None], None]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
        found = next((path for name in names if (path := shutil.which(name))), None)
        path = found or playwright.chromium.executable_path
        require("Chromium", path)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of everything the studio under test writes."""
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """The studio, freshly installed."""
    log = home / "app.log"
    command = [sys.executable, "app.py", "--no-browser", "--port", "7960"]
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=os.environ | {"STUDIO_HOME": str(home / "kept"), "PYTHONUNBUFFERED": "1"},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"http://\S+", log.read_text("utf-8"))
        if found:
            return found[0]
        time.sleep(0.2)
    raise AssertionError(f"The studio did not start:\n{log.read_text('utf-8')}")


@dataclass
class Watch:
    """What went wrong on a page: errors of scripts, failed requests, requests to other hosts."""

    wrong: list[str] = field(default_factory=list)

    def over(self, page: Page) -> Page:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("framenavigated", lambda _: self._left())
        return page

    def _left(self) -> None:
        """A page was left for another, or for itself anew."""
        self.wrong = [each for each in self.wrong if not each.startswith(ON_LEAVING)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrong.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in OWN_HOSTS:
            self.wrong.append(f"left the computer: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.wrong.append(f"{response.status}: {response.url}")


@pytest.fixture
def open_page(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """``open_page(width=390, height=844, locale="zh-CN", scheme="light")``; nothing may go wrong on
    any of them."""
    watch = Watch()
    contexts = []

    def opened(
        width: int = 1440, height: int = 900, locale: str = "en-GB", scheme: ColorScheme = "dark"
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            color_scheme=scheme,
            accept_downloads=True,
        )
        contexts.append(context)
        page = watch.over(context.new_page())
        page.set_default_timeout(20_000)
        page.goto(address, timeout=START_SECONDS * 1000)
        # Its worker starts in the same seconds; how fast a page is, benchmarks tell.
        page.wait_for_selector(".looks [data-term]", state="attached", timeout=START_SECONDS * 1000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert watch.wrong == []
