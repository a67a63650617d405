"""Presets of strangers: mutated files, packs and clips neither crash the studio nor make it write
anywhere but into the person's own presets."""

import io
import json
import os
import random
import re
import stat
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio import preset_import, presets
from studio.clip import Tag, tag_from_json
from studio.errors import StudioError
from studio.models import POCKET
from studio.paths import BUNDLED_PRESETS, Places, places
from studio.preset_extract import extract
from studio.preset_import import Choice
from studio.prompt import expand
from studio.recipe import Recipe
from studio.shot import Kind, decide
from studio.yaml_edit import written

ORIGINALS = [file.read_bytes() for file in sorted(BUNDLED_PRESETS.glob("*.yaml"))]
HOSTILE = [
    *("../up", "../../../../tmp/up", "..", ".", "", "~", "/etc/up", "a/b", "a\\b", "..\\up"),
    *("C:up", "c:\\up", "\\\\server\\up", "\\\\?\\C:\\up", "file:///up", "%2e%2e%2fup", "$HOME"),
    *("con", "CON", "nul.webp", "aux.yaml", "com1", "com¹.webp", "lpt².webp", "conin$", "clock$"),
    *("a.", "a ", " a", "a..", "a\u202e", "a\u200b", "ａ", "а", "．．／up", "‥/up", "a∕b", "a／b"),
    *(
        "e\u0301.webp",
        "K.webp",
        "ı",
        "a\x00b",
        "\x1b[2J",
        "\ud800",
        "x" * 300,
        "<script>",
        "-",
        "--",
    ),
    *("a.webp", "A.WEBP", "neon-noir", "neon-noir.webp", "neon-noir-2", "{prompt}", "*a", "&a b"),
]
JUNK = [
    *(b"&a ", b"*a", b"!!python/object:os.system ", b"<<: ", b"? ", b"- ", b"{", b"}", b"[", b"]"),
    *(b": ", b", ", b"#", b"'", b'"', b"|\n", b">-\n", b"---\n", b"...\n", b"%YAML 1.1\n", b"\t"),
    *(b"\r", b"\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"\\ud800"', b"1e999"),
    *(b'"\\Uffffffff"', b".nan", b"0x1F", b"~", b"9" * 5000, b"[" * 40, b"\xf0\x9f\x98\x80"),
]
LINE = re.compile(rb"^(id|picture|name|author|  en|  zh|schema|models|tags): ?.*$", re.M)


def mutated(chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.choice([0, 1, 5, 40]))
        other = chance.choice(ORIGINALS)
        middle = chance.randint(0, len(other))
        junk: bytes = chance.choice(
            [
                chance.choice(JUNK),
                chance.randbytes(chance.randint(0, 8)),
                data[start:end] * 2,
                other[middle : middle + 60],
            ]
        )
        data = data[:start] + junk + data[end:]
    return data


def renamed(chance: random.Random, data: bytes) -> bytes:
    """The same file with a name, a picture or another word that some stranger would like."""
    hostile = chance.choice(HOSTILE).encode("utf-8", "surrogatepass")
    quoted = json.dumps(chance.choice(HOSTILE)).encode()
    word = chance.choice([hostile, quoted, b"'" + hostile + b"'"])
    lines = list(LINE.finditer(data))
    if chance.random() < 0.3 or not lines:
        return data + b"picture: " + word + b"\n"
    line = chance.choice(lines)
    return data[: line.start()] + line[1] + b": " + word + data[line.end() :]


def some_file(chance: random.Random) -> bytes:
    data = chance.choice(ORIGINALS)
    for change in chance.choice([[mutated], [renamed], [renamed, renamed], [mutated, renamed], []]):
        data = change(chance, data)
    return data


def some_picture(chance: random.Random) -> bytes:
    stream = io.BytesIO()
    kind = chance.choice(["PNG", "JPEG", "WEBP", "GIF"])
    Image.new("RGB", (chance.randint(1, 90), 30), "orange").save(stream, kind)
    data = stream.getvalue()
    return mutated(chance, data) if chance.random() < 0.5 else data


def some_pack(chance: random.Random) -> bytes:
    members: dict[str, bytes] = {}
    for number in range(chance.randint(0, 4)):
        name = chance.choice([f"{number}.yaml", "a/b.yml", f"{chance.choice(HOSTILE)}.yaml"])
        members[name.encode("utf-8", "replace").decode()] = some_file(chance)
        members[chance.choice(["a.webp", "neon-noir.webp", "a/a.webp"])] = some_picture(chance)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", chance.choice([0, 8])) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name)
            if chance.random() < 0.03:
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, data)
    data = stream.getvalue()
    return mutated(chance, data) if chance.random() < 0.4 else data


def some_tag(chance: random.Random) -> dict[str, Any]:
    """What a clip says of itself, with one value that is not what it was."""
    recipe = Recipe(prompt="A ferry", presets=("neon-noir",), look={"color_tone": ("warm",)})
    chosen = [presets.find("neon-noir", places())]
    shot = decide(recipe, POCKET, expand(recipe, POCKET, chosen), Kind.PREVIEW, 7, {})
    tag = Tag(
        id="0123456789ab",
        created="2026-11-22T10:00:00+00:00",
        seconds=1.0,
        recipe=recipe,
        shot=shot,
    ).to_json()
    for _ in range(chance.randint(1, 3)):
        place = chance.choice([tag, tag["recipe"], tag["shot"], tag["recipe"]["look"]])
        if isinstance(place, dict) and place:
            key = chance.choice(sorted(place))
            values: list[Any] = [chance.choice(HOSTILE), None, 10**30, -1, 0.5, True]
            values += [[], {}, [chance.choice(HOSTILE)], {"id": chance.choice(HOSTILE)}]
            place[key] = chance.choice(values)
        if not all(isinstance(tag.get(key), dict) for key in ("recipe", "shot")):
            break
        if not isinstance(tag["recipe"].get("look"), dict):
            break
    return tag


# --- watching what is written ---------------------------------------------------------------------

_watched: list[tuple[Path, list[str]]] = []
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod"}


def _listen(event: str, given: tuple[Any, ...]) -> None:
    if not _watched or event not in {"open", "subprocess.Popen", "socket.connect"} | _CHANGES:
        return
    allowed, outside = _watched[-1]
    if event == "open":
        path, mode, flags = given
        if not (mode and set(mode) & set("wax+")) and not (mode is None and flags & _WRITES):
            return
        touched = [path]
    else:
        touched = [each for each in given if isinstance(each, str | bytes | os.PathLike)]
    for path in touched:
        if isinstance(path, int) or "__pycache__" in os.fsdecode(path):
            continue
        if not Path(os.fsdecode(path)).absolute().is_relative_to(allowed):
            outside.append(f"{event} {path!r}")


@pytest.fixture(scope="module", autouse=True)
def listening() -> None:
    """Python tells every file that it opens, whoever asks; the hook cannot be taken off again."""
    sys.addaudithook(_listen)


@pytest.fixture
def outside(here: Places) -> Iterator[list[str]]:
    """What was written anywhere but into the person's own presets."""
    here.presets.mkdir(parents=True)
    told: list[str] = []
    _watched.append((here.presets.absolute(), told))
    yield told
    _watched.pop()


@pytest.fixture
def here() -> Places:
    return places()


def test_the_watch_sees_what_it_must(outside: list[str], here: Places, tmp_path: Path) -> None:
    (here.presets / "inside.yaml").write_text("a")
    assert outside == []
    (tmp_path / "outside.yaml").write_text("a")
    (here.presets / "inside.yaml").rename(tmp_path / "moved.yaml")
    (tmp_path / "made").mkdir()
    assert [line.split()[0] for line in outside] == ["open", "os.rename", "os.mkdir"]


# --- ten thousand strangers -----------------------------------------------------------------------


@pytest.mark.soak
def test_mutated_presets_neither_crash_nor_write_elsewhere(
    tmp_path: Path,
    here: Places,
    monkeypatch: pytest.MonkeyPatch,
    rounds: Callable[[int, int], int],
) -> None:
    # A few bundled ones are enough to be in the way, and quicker to read ten thousand times.
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for name in ("neon-noir", "golden-hour-drift", "claymation-workshop"):
        (bundle / f"{name}.yaml").write_bytes((BUNDLED_PRESETS / f"{name}.yaml").read_bytes())
    monkeypatch.setattr(presets, "BUNDLED_PRESETS", bundle)
    before = {file.name: file.read_bytes() for file in bundle.iterdir()}
    dropped = tmp_path / "dropped"
    dropped.mkdir()
    here.presets.mkdir(parents=True)
    Image.init()
    told: list[str] = []
    outcomes = {"kept": 0, "refused": 0}
    for number in range(rounds(300, 10_000)):
        chance = random.Random(number)
        kind = chance.choices(["yaml", "zip", "tag"], [6, 3, 1])[0]
        file = dropped / f"look.{kind}"
        if kind != "tag":
            file.write_bytes(some_file(chance) if kind == "yaml" else some_pack(chance))
        _watched.append((here.presets.absolute(), told))
        try:
            kept = from_tag(chance, here) if kind == "tag" else from_file(chance, file, here)
            outcomes["kept" if kept else "refused"] += 1
        except StudioError as error:
            outcomes["refused"] += 1
            check_told(error)
        except Exception as error:
            raise AssertionError(f"number {number}, {kind}") from error
        finally:
            _watched.pop()
        assert told == [], f"number {number}, {kind}"
        check_own(here, number)
    assert {file.name: file.read_bytes() for file in bundle.iterdir()} == before
    # A fuzz that is always refused, or never, tests nothing.
    assert min(outcomes.values()) > sum(outcomes.values()) / 10, outcomes


def from_file(chance: random.Random, file: Path, here: Places) -> int:
    plan = preset_import.plan([file], here)
    for error in plan.wrong:
        check_told(error)
    choices = {found.preset.id: chance.choice(list(Choice)) for found in plan.found}
    return len(preset_import.carry_out(plan, choices, here))


def from_tag(chance: random.Random, here: Places) -> int:
    tag = tag_from_json(json.loads(json.dumps(some_tag(chance))))
    document = extract(tag, lambda entry: presets.resolve(entry, here))
    data = presets.another(written(document), presets.everything(here)[0], here)
    return int(bool(presets.keep(data, None, here)))


def check_told(error: StudioError) -> None:
    """Two sentences that any terminal and page can show."""
    assert error.message.endswith(".") and error.advice.endswith("."), str(error)
    assert len(str(error)) < 2000
    str(error).encode()
    assert "\x1b" not in str(error)


def check_own(here: Places, number: int) -> None:
    found, errors = presets.folder(here.presets)
    assert errors == []
    for file in here.presets.iterdir():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.(yaml|webp)", file.name), file.name
        assert stat.S_ISREG(file.lstat().st_mode)
    if len(found) > 10:
        for file in here.presets.iterdir():
            file.unlink()
