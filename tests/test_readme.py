"""The README's map is the tree: every module has its line, and no line is without its module."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TOOLS = {".git", ".ci", ".venv", ".gitignore", ".gitattributes", "README.md"}


def mapped() -> set[str]:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"## The map.*?```\n(.*?)```", text, re.DOTALL)
    assert block
    folders: list[str] = []
    found = set()
    for line in block[1].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for name in re.match(r"\s*((?:[\w.]+/? )+)", f"{line} ")[1].split():  # type: ignore[index]
            if name.endswith("/") or "." in name:
                folders[depth:] = [name]
                found.add("".join(folders[:depth]) + name)
    return found


def there() -> set[str]:
    modules = {
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "studio").rglob("*.py")
        if path.name != "__init__.py"
    }
    rooms = {f"{path.parent.relative_to(PROJECT).as_posix()}/" for path in _inits()}
    top = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in PROJECT.iterdir()
        if path.name not in TOOLS and not path.name.startswith(".") and path.name != "__pycache__"
    }
    return modules | rooms | top


def _inits() -> list[Path]:
    return list((PROJECT / "studio").rglob("__init__.py"))


def test_every_file_that_is_linked_is_there() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (PROJECT / link).is_file()] == []


def test_the_map_is_the_tree() -> None:
    assert mapped() == there()
