"""One part of the page: assets/NAME.html draws it, assets/NAME.js brings it to life."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from studio.paths import ASSETS


def part(
    name: str,
    *answers: Any,
    value: Any = None,
    elem_id: str = "",
    shared: Sequence[str] = (),
) -> gr.HTML:
    """The component. answers: what its script may ask, see `studio.ui.served`. elem_id: NAME where
    there is only one of them. shared: scripts of assets/ that stand before its own."""
    scripts = [asset(f"{each}.js") for each in (*shared, name)]
    return gr.HTML(
        {} if value is None else value,
        html_template=asset(f"{name}.html"),
        js_on_load="\n".join(scripts),
        server_functions=list(answers) or None,
        apply_default_css=False,
        elem_id=elem_id or name,
    )


def asset(name: str) -> str:
    """The text of a file in assets/."""
    return (ASSETS / name).read_text(encoding="utf-8")
