"""Presets written by older rules → the rules of today, step by step, each time they are read.

Knows how the schemas differ; not what today's says. A file stays as it is on disk until somebody
edits it. A new schema is a new number and one function appended below.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Document = dict[str, Any]

SCHEMA = 1
# From a document of that schema to one of the next.
MIGRATIONS: Mapping[int, Callable[[Document], Document]] = MappingProxyType({})


def of_today(document: Document) -> Document:
    """The document by today's rules, as far as its schema is one that we know the way from."""
    number = document.get("schema")
    # True is 1 to Python, and no number here.
    while type(number) is int and number in MIGRATIONS:
        document = {**MIGRATIONS[number](document), "schema": number + 1}
        number += 1
    return document


def is_newer(document: Document) -> bool:
    """Whether it was written by rules that came after this program."""
    number = document.get("schema")
    return type(number) is int and number > SCHEMA
