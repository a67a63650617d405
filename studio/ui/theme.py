"""Gradio's look from our own colour tokens, which assets/head.html defines for dark and light.

Both of Gradio's modes are given the same tokens, so one attribute on <html> switches everything.
"""

import inspect

import gradio as gr
from gradio.themes.utils.fonts import LocalFont

# Only these weights of Gradio's bundled files hold Latin letters.
SANS = LocalFont("IBM Plex Sans", weights=(400, 700))
MONO = LocalFont("IBM Plex Mono", weights=(400,))
FALLBACK = ("system-ui", "Segoe UI", "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC")

TOKENS = {
    "body_background_fill": "ground",
    "body_text_color": "text",
    "body_text_color_subdued": "quiet",
    "background_fill_primary": "panel",
    "background_fill_secondary": "raised",
    "block_background_fill": "panel",
    "block_border_color": "line",
    "block_label_background_fill": "raised",
    "block_label_text_color": "quiet",
    "block_title_text_color": "quiet",
    "block_info_text_color": "quiet",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "input_background_fill": "well",
    "input_background_fill_focus": "well",
    "input_border_color": "line",
    "input_border_color_focus": "accent",
    "input_placeholder_color": "quiet",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent-bright",
    "button_primary_text_color": "on-accent",
    "button_secondary_background_fill": "raised",
    "button_secondary_background_fill_hover": "line",
    "button_secondary_text_color": "text",
    "button_secondary_border_color": "line",
    "color_accent": "accent",
    "color_accent_soft": "raised",
    "link_text_color": "accent-text",
    "panel_background_fill": "panel",
    "loader_color": "accent",
}


def theme() -> gr.themes.Base:
    """The theme of the window."""
    known = inspect.signature(gr.themes.Base.set).parameters
    values = {
        name + mode: f"var(--rushes-{token})"
        for name, token in TOKENS.items()
        for mode in ("", "_dark")
        if name + mode in known
    }
    return gr.themes.Base(
        radius_size=gr.themes.sizes.radius_md,
        spacing_size=gr.themes.sizes.spacing_sm,
        font=[SANS, *FALLBACK, "sans-serif"],
        font_mono=[MONO, "ui-monospace", "monospace"],
    ).set(**values)
