"""The window as a whole: pages, look and launch. `open_window` serves it until it is closed."""

import json
import os
import socket
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from studio import fidelity
from studio.errors import StudioError
from studio.paths import APP_NAME, ASSETS, BUNDLED_PRESETS
from studio.studio import Studio
from studio.ui import create, library, models, presets, wording
from studio.ui.front import Front
from studio.ui.guard import Guard
from studio.ui.part import asset, part
from studio.ui.theme import theme

PORT = 7860
PORTS_TRIED = 20
LAST_PORT = 65535
STYLES = ("studio.css", "queue.css", "presets.css", "models.css")
# A phone's video of some minutes; pictures and presets have their own limits.
UPLOAD_LIMIT = "2gb"
# Uploads are removed when they are kept; what a closed page left behind goes after a day.
SWEEP_SECONDS = (3600, 86400)


def build(studio: Studio, say: gr.I18n, *, anywhere: bool) -> gr.Blocks:
    """The page, drawn and wired. anywhere: it may be open on another computer."""
    with gr.Blocks(
        title=APP_NAME,
        fill_width=True,
        fill_height=True,
        analytics_enabled=False,
        delete_cache=SWEEP_SECONDS,
    ) as demo:
        part("top")
        part("queue", shared=("shared",))
        library.comparison(studio, anywhere=anywhere)
        # Its menu for what does not fit is decided before the styles are there: tabs went missing.
        with gr.Tabs(elem_id="tabs", selected="create", overflow_behavior="wrap") as tabs:
            with gr.Tab(say("tab_create"), id="create"):
                create_page = create.layout(studio, say)
            with gr.Tab(say("tab_library"), id="library"):
                library_page = library.layout(studio, anywhere=anywhere)
            with gr.Tab(say("tab_presets"), id="presets"):
                presets_page = presets.layout(studio)
            with gr.Tab(say("tab_models"), id="models"):
                models_page = models.layout(studio)
        create.wire(create_page, tabs, library_page.shelf, demo, studio)
        create.follow_models(create_page, models_page.depot, studio)
        presets.wire(presets_page, create_page.fields.components(), tabs, studio)
    return demo


def open_window(
    studio: Studio, *, port: int | None, password: str | None, browser: bool
) -> tuple[gr.Blocks, str]:
    """Serve the window; gives it and its address at once, while it serves in the background.

    password: asked for by the page, and the window then listens beyond this computer; None keeps it
    to this computer. port: tried first, then the next ones; None for the usual one. Raises
    StudioError if no port is free.
    """
    places = studio.places
    gr.set_static_paths(
        [
            places.library,
            places.posters,
            places.glimpses,
            places.presets,
            BUNDLED_PRESETS,
            ASSETS,
        ]
    )
    say = gr.I18n(en=wording.sentences("en"), **{"zh-CN": wording.sentences("zh")})
    demo = build(studio, say, anywhere=password is not None)
    host = "127.0.0.1" if password is None else "0.0.0.0"
    _, address, _ = demo.launch(
        server_name=host,
        server_port=_free_port(host, port or PORT),
        auth=None if password is None else ("studio", password),
        inbrowser=browser,
        i18n=say,
        prevent_thread_lock=True,
        **launch_arguments(anywhere=password is not None),
    )
    # The worker gets ready while the person is still typing.
    studio.warm()
    return demo, address


def launch_arguments(*, anywhere: bool) -> dict[str, Any]:
    """What `gr.Blocks.launch` is told besides where to listen."""
    return {
        "theme": theme(),
        "favicon_path": ASSETS / "icon.png",
        "share": False,
        "quiet": True,
        "show_error": True,
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "max_file_size": UPLOAD_LIMIT,
        "ssr_mode": False,
        "strict_cors": True,
        "pwa": False,
        "mcp_server": False,
        "app_kwargs": {
            "middleware": [
                Middleware(Guard, anywhere=anywhere),
                Middleware(Front, head=_head()),
            ],
            "openapi_url": None,
            "docs_url": None,
            "redoc_url": None,
        },
    }


def _head() -> str:
    shell = asset("head.html").replace("/*STYLE*/", "".join(asset(name) for name in STYLES))
    likeness = [[level.fidelity, level.agreement] for level in fidelity.LEVELS]
    shell = shell.replace("/*LIKENESS*/", json.dumps(likeness))
    return shell.replace("/*WORDING*/", wording.as_json())


def _free_port(host: str, first: int) -> int:
    last = min(first + PORTS_TRIED - 1, LAST_PORT)
    for port in range(first, last + 1):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if os.name != "nt":
                # Elsewhere than on Windows a port just left counts as taken without this.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return port
            except OSError:
                continue
    raise StudioError(
        f"The ports {first} to {last} are all in use.",
        "Close another program, or choose a port with --port.",
    )
