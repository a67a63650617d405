"""Functions the page's scripts may call: plain JSON in, plain JSON out.

The window's outer guard: a StudioError becomes {"problem": {message, advice}} for the page to show,
which are {"en", "zh"} as all that the page picks its language from.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from studio.errors import InvalidRequest, StudioError, of_disk
from studio.studio import Studio
from studio.ui.chinese import told
from studio.ui.wording import LANGUAGES

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def sentence(said: str | None) -> dict[str, str] | None:
    """A sentence of the studio in both languages; None for none."""
    return None if said is None else {language: told(said, language) for language in LANGUAGES}


def problem(error: StudioError) -> dict[str, Any]:
    """An error as the page tells it."""
    return {"message": sentence(error.message), "advice": sentence(error.advice)}


def trouble(studio: Studio) -> dict[str, Any] | None:
    """Why the worker cannot start, as the page tells it; None where nothing is wrong."""
    found = studio.trouble()
    return problem(StudioError(found.error, found.advice)) if found else None


def uploaded(path: object) -> Path:
    """A file that the page has uploaded. Raises InvalidRequest if it is another one."""
    file = Path(str(path)).resolve()
    if not file.is_relative_to(Path(gr.utils.get_upload_folder()).resolve()):
        raise InvalidRequest("That file was not uploaded here.", "Drop it again.")
    return file


def served(answer: Answer) -> Answer:
    """answer as a function that Gradio can offer to a component's script."""

    @functools.wraps(answer)
    def guarded(asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return answer(asked if isinstance(asked, dict) else {})
        except StudioError as error:
            return {"problem": problem(error)}
        except OSError as error:
            return {"problem": problem(of_disk(error))}

    return guarded
