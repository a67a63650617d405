"""Start here: opens the studio in the browser.

    python app.py [--port N] [--listen] [--library DIR] [--no-browser]

Only the standard library is imported up here: the worker process imports this file once more when
it starts, and must not load a web server for that.
"""

import argparse
import http.client
import os
import re
import secrets
import sys
import time
import urllib.request
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.paths import Places
    from studio.settings import Settings
    from studio.studio import Studio


# This computer talks to itself; a proxy would not find it.
LOOPBACK = ("127.0.0.1", "localhost")
LAST_PORT = 65535
# Where another program has the library, a start waits this long for its end, or for its window to
# tell its address: on a cold disk that takes most of it.
WAIT_SECONDS = 60.0


def main(arguments: list[str] | None = None) -> int:
    """Run the studio until it is closed. 0 when it was closed, 1 with one sentence if it cannot."""
    asked = _parser().parse_args(arguments)
    # Gradio reads this when it is imported; the studio reports to nobody.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    _pass_the_proxy()
    from studio import settings  # noqa: PLC0415
    from studio.errors import StudioError  # noqa: PLC0415
    from studio.paths import places, settings_file  # noqa: PLC0415

    try:
        kept = settings.load(settings_file())
        found = places(asked.library or kept.library)
        os.environ["GRADIO_TEMP_DIR"] = str(found.cache / "uploads")
        return _run(asked, found, kept)
    except StudioError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _run(asked: argparse.Namespace, found: "Places", kept: "Settings") -> int:
    from studio.files import write_whole  # noqa: PLC0415
    from studio.studio import Studio  # noqa: PLC0415

    studio = Studio(found, kept)
    told = found.data / "address.txt"
    password = _password() if asked.listen else None
    try:
        other = _start(studio, told)
        if other is not None:
            return _show(other, asked.no_browser)
        told.unlink(missing_ok=True)
        from studio.ui.window import open_window  # noqa: PLC0415

        demo, address = open_window(
            studio, port=asked.port, password=password, browser=not asked.no_browser
        )
        write_whole(told, address.encode("utf-8"))
        _say(f"The studio is open at {address}")
        _say(f"Clips are kept in {found.library}")
        if password is not None:
            _say(f"Other computers: user studio, password {password}")
        _say("Close it with Ctrl+C.")
        try:
            demo.block_thread()
        finally:
            told.unlink(missing_ok=True)
    finally:
        studio.close()
    return 0


def _start(studio: "Studio", told: Path) -> str | None:
    """Start the studio, and give None; or the address of the window that has its library. told:
    where that says it. Raises StudioError if the library stays another's and no window answers."""
    until = time.monotonic() + WAIT_SECONDS
    while not studio.try_start():
        if told.exists() and _answers(address := told.read_text(encoding="utf-8").strip()):
            return address
        if time.monotonic() > until:
            studio.start()  # says why it cannot
        time.sleep(0.3)
    return None


def _answers(address: str) -> bool:
    if not re.fullmatch(r"http://(127\.0\.0\.1|localhost):\d{1,5}/?", address):
        return False
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(address, timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def _show(address: str, silent: bool) -> int:
    _say(f"The studio is open already at {address}")
    if not silent:
        webbrowser.open(address)
    return 0


def _pass_the_proxy() -> None:
    """Gradio asks its own page whether it is there; a proxy set for this computer must not hear."""
    for name in ("NO_PROXY", "no_proxy"):
        given = [os.environ[name]] if os.environ.get(name) else []
        os.environ[name] = ",".join([*given, *LOOPBACK])


def _password() -> str:
    return os.environ.get("STUDIO_PASSWORD") or secrets.token_urlsafe(9)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _port(text: str) -> int:
    # Below, they are the system's; and a browser leaves 80 out of Host, which the guard compares.
    if not re.fullmatch(r"\d{1,5}", text) or not 1024 <= int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"“{text}” is no port; use one from 1024 to {LAST_PORT}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Opens the studio in the browser.")
    parser.add_argument("--port", type=_port, help="the first port to try (7860)")
    parser.add_argument(
        "--listen",
        action="store_true",
        help="let other computers in, with the password in STUDIO_PASSWORD or one made up now",
    )
    parser.add_argument("--library", type=Path, metavar="DIR", help="the folder of the clips")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
