"""Presets from elsewhere: shown first, then kept as was chosen, and nothing else is touched."""

import hashlib
import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, features

from studio import preset_import, preset_pack, presets, weights
from studio.errors import InvalidRequest, PictureError, PresetError
from studio.models import T2V_A14B
from studio.paths import BUNDLED_PRESETS, Places, places
from studio.preset_import import Choice, Found, Kept, Missing, Need, Plan, Standing

SMALLEST = "schema: 1\nid: small\nname: {en: Small}\n"


@pytest.fixture
def here() -> Places:
    return places()


@pytest.fixture
def no_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every preset came from elsewhere."""
    monkeypatch.setattr(presets, "BUNDLED_PRESETS", tmp_path / "none")


def written(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def picture(color: str = "orange", size: tuple[int, int] = (60, 40), kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, color).save(stream, kind)
    return stream.getvalue()


def packed(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def plan(here: Places, *paths: Path) -> Plan:
    before = sorted(here.presets.glob("*"))
    found = preset_import.plan(paths, here)
    assert sorted(here.presets.glob("*")) == before, "looking writes nothing"
    return found


def only(plan: Plan) -> Found:
    assert plan.wrong == ()
    (found,) = plan.found
    return found


def brought(here: Places, *paths: Path, **choices: Choice) -> list[Kept]:
    chosen = {id.replace("_", "-"): choice for id, choice in choices.items()}
    return preset_import.carry_out(plan(here, *paths), chosen, here)


def own(here: Places) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in here.presets.glob("*")}


# --- what there is --------------------------------------------------------------------------------


def test_a_file_tells_what_it_would_change(tmp_path: Path, here: Places) -> None:
    text = SMALLEST + (
        "look: {color_tone: [warm, mixed], camera_move: arc}\n"
        'prompt: {en: "{prompt} Gulls circle."}\n'
        "negative: {add: {en: [haze], zh: [雾]}, remove: [style]}\n"
        "sampling: {steps: 12, guidance: 2.5}\n"
    )
    found = only(plan(here, written(tmp_path / "look.yaml", text)))
    assert (found.source, found.standing, found.present) == ("look.yaml", Standing.NEW, None)
    assert [(one.key, one.value.en, one.value.zh) for one in found.changes] == [
        ("look.color_tone", "Warm colors, Mixed colors", "暖色调、混合色调"),
        ("look.camera_move", "Arc shot", "环绕运镜"),
        ("prompt", "{prompt} Gulls circle.", "{prompt} Gulls circle."),
        ("negative.add", "haze", "雾"),
        ("negative.remove", "style", "style"),
        ("sampling.steps", "12", "12"),
        ("sampling.guidance", "2.5", "2.5"),
    ]
    assert found.missing == ()


def test_what_is_missing_here_is_told(tmp_path: Path, here: Places) -> None:
    lora = b"weights"
    text = SMALLEST + (
        "models: [t2v-a14b, i2v-a14b]\npicture: gone.webp\n"
        f"loras: [{{file: a.safetensors, sha256: {hashlib.sha256(lora).hexdigest()}, "
        "expert: both, strength: 1}]\n"
    )
    file = written(tmp_path / "look.yaml", text)
    assert only(plan(here, file)).missing == (
        Missing(need=Need.MODEL, name="t2v-a14b"),
        Missing(need=Need.MODEL, name="i2v-a14b"),
        Missing(need=Need.LORA, name="a.safetensors"),
        Missing(need=Need.PICTURE, name="gone.webp"),
    )
    # One of the models is enough; a LoRA must be the very file.
    written(weights.folder_of(T2V_A14B, here.models) / weights.WHOLE, "x")
    kept = written(here.models / "loras" / "a.safetensors", "another")
    assert {one.need for one in only(plan(here, file)).missing} == {Need.LORA, Need.PICTURE}
    kept.write_bytes(lora)
    written(tmp_path / "gone.webp", picture())
    assert only(plan(here, file)).missing == ()


def test_a_folder_is_looked_through_and_a_wrong_file_hides_none(
    tmp_path: Path, here: Places
) -> None:
    pack = tmp_path / "pack"
    written(pack / "a.yaml", SMALLEST)
    written(pack / "deeper" / "b.YML", SMALLEST.replace("small", "other"))
    written(pack / "deeper" / "c.yaml", "schema: [")
    written(pack / "twice.yaml", SMALLEST)
    written(pack / "._a.yaml", b"\x00\x05\x16\x07")
    written(pack / "notes.txt", "hello")
    found = plan(here, pack, tmp_path / "gone.yaml", written(tmp_path / "film.avi", b""))
    assert [one.source for one in found.found] == ["pack/a.yaml", "pack/deeper/b.YML"]
    told = [str(error) for error in found.wrong]
    assert len(told) == 4
    assert "pack/deeper/c.yaml" in told[0] and "not YAML" in told[0]
    assert "“small” is the id of pack/a.yaml too" in told[1]
    assert "There is no file" in told[2] and "film.avi is no preset" in told[3]


def test_a_disk_full_of_files_is_no_pack(
    tmp_path: Path, here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        written(tmp_path / "pack" / f"{number}.txt", "")
    monkeypatch.setattr(preset_pack, "MAX_SEEN", 3)
    (error,) = plan(here, tmp_path / "pack").wrong
    assert "more than a pack" in error.message


def test_the_largest_file_there_can_be_is_not_read_whole(tmp_path: Path, here: Places) -> None:
    file = tmp_path / "large.yaml"
    with file.open("wb") as stream:
        stream.truncate(4 << 30)  # takes no room on disk, and would not fit into memory
    (error,) = plan(here, file).wrong
    assert "larger than 256 KB" in error.message
    with pytest.raises(PresetError, match="larger than 256 KB"):
        presets.read(file)


def test_html_stays_text(tmp_path: Path, here: Places) -> None:
    html = "<img src=x onerror=alert(1)>&amp;"
    file = written(tmp_path / "a.yaml", f"schema: 1\nid: html\nname: {{en: '{html}'}}\n")
    brought(here, file)
    assert presets.find("html", here).name.en == html


# --- the id is taken ------------------------------------------------------------------------------


def test_nothing_takes_another_s_place_silently(tmp_path: Path, here: Places) -> None:
    presets.keep(f"# mine\n{SMALLEST}".encode(), None, here)
    theirs = written(tmp_path / "theirs.yaml", SMALLEST.replace("Small", "Theirs"))
    fresh = written(tmp_path / "fresh.yaml", SMALLEST.replace("small", "fresh"))
    before = own(here)
    found = plan(here, fresh, theirs)
    assert [one.standing for one in found.found] == [Standing.NEW, Standing.OWN]
    assert found.found[1].present == presets.find("small", here)
    with pytest.raises(InvalidRequest, match=r"“small” already.*Replace it, or keep both"):
        preset_import.carry_out(found, {}, here)
    assert own(here) == before, "not even the one whose id is free"


def test_replace_keep_both_or_skip(tmp_path: Path, here: Places) -> None:
    presets.keep(SMALLEST.encode(), None, here)
    theirs = written(
        tmp_path / "theirs.yaml", "# theirs\n" + SMALLEST.replace("Small", "Theirs") + "# end\n"
    )
    assert brought(here, theirs, small=Choice.SKIP) == []
    (both,) = brought(here, theirs, small=Choice.KEEP_BOTH)
    assert both.preset.id == "small-2"
    assert (here.presets / "small-2.yaml").read_text() == (
        "# theirs\nschema: 1\nid: small-2\nname: {en: Theirs 2}\n# end\n"
    )
    (third,) = brought(here, theirs, small=Choice.KEEP_BOTH)
    assert third.preset.id == "small-3" and third.preset.name.en == "Theirs 3"
    assert presets.find("small", here).name.en == "Small"
    (replaced,) = brought(here, theirs, small=Choice.REPLACE)
    assert replaced.preset.name.en == "Theirs"
    assert own(here)["small.yaml"] == theirs.read_bytes()


def test_a_bundled_one_is_only_hidden(tmp_path: Path, here: Places) -> None:
    before = {file: file.read_bytes() for file in BUNDLED_PRESETS.iterdir()}
    file = written(tmp_path / "a.yaml", SMALLEST.replace("small", "neon-noir"))
    assert only(plan(here, file)).standing is Standing.BUNDLED
    with pytest.raises(InvalidRequest, match="already"):
        brought(here, file)
    brought(here, file, neon_noir=Choice.REPLACE)
    brought(here, file, neon_noir=Choice.KEEP_BOTH)
    assert set(own(here)) == {"neon-noir.yaml", "neon-noir-2.yaml"}
    assert {file: file.read_bytes() for file in BUNDLED_PRESETS.iterdir()} == before


def test_what_is_here_already_is_left_alone(tmp_path: Path, here: Places) -> None:
    presets.keep(SMALLEST.encode(), None, here)
    file = written(tmp_path / "a.yaml", f"# another comment\n{SMALLEST}")
    assert only(plan(here, file)).standing is Standing.SAME
    assert brought(here, file) == brought(here, file, small=Choice.REPLACE) == []
    assert own(here) == {"small.yaml": SMALLEST.encode()}
    (both,) = brought(here, file, small=Choice.KEEP_BOTH)
    assert both.preset.id == "small-2"


def test_the_same_look_with_another_picture_is_not_the_same(tmp_path: Path, here: Places) -> None:
    file = written(tmp_path / "a.yaml", SMALLEST + "picture: a.png\n")
    brought(here, file)
    assert only(plan(here, file)).standing is Standing.SAME
    written(tmp_path / "a.png", picture())
    assert only(plan(here, file)).standing is Standing.OWN
    brought(here, file, small=Choice.REPLACE)
    assert only(plan(here, file)).standing is Standing.SAME
    written(tmp_path / "a.png", picture("blue"))
    assert only(plan(here, file)).standing is Standing.OWN
    (tmp_path / "a.png").unlink()
    assert only(plan(here, file)).standing is Standing.SAME


def test_an_id_that_was_taken_since_is_asked_about_again(tmp_path: Path, here: Places) -> None:
    found = plan(here, written(tmp_path / "a.yaml", SMALLEST.replace("Small", "Theirs")))
    presets.keep(SMALLEST.encode(), None, here)
    with pytest.raises(InvalidRequest, match="already"):
        preset_import.carry_out(found, {}, here)
    assert own(here) == {"small.yaml": SMALLEST.encode()}


@pytest.mark.parametrize("way", ["a broken own file", "a picture", "an unusual file"])
def test_where_one_cannot_come_in_none_does(way: str, tmp_path: Path, here: Places) -> None:
    pack: dict[str, str | bytes] = {
        f"{id}.yaml": f"{SMALLEST.replace('small', id)}picture: a.png\n"
        for id in ("aaa", "bbb", "ccc")
    }
    pack["a.png"] = picture()
    if way == "a broken own file":
        written(here.presets / "bbb.yaml", "schema: 1\nid: [")
    elif way == "a picture":
        written(here.presets / "bbb.webp", b"theirs")
    else:
        # An edit takes this for a date, and there is no such day.
        pack["bbb.yaml"] = f"{pack['bbb.yaml']}author: 2026-99-99\n"
    before = own(here)
    with pytest.raises(InvalidRequest):
        brought(here, packed(tmp_path / "pack.zip", pack))
    assert own(here) == before


def test_two_long_ids_are_both_kept_beside_what_is_here(tmp_path: Path, here: Places) -> None:
    ids = [f"{'a' * 60}-{letter}" for letter in "bc"]
    for author in ("Me", "You"):
        for id in ids:
            text = f"{SMALLEST.replace('small', id)}author: {author}\n"
            written(tmp_path / author / f"{id}.yaml", text)
    brought(here, tmp_path / "Me")
    kept = brought(here, tmp_path / "You", **dict.fromkeys(ids, Choice.KEEP_BOTH))
    assert len({one.preset.id for one in kept} | set(ids)) == 4


def test_a_new_id_is_free_in_every_way(tmp_path: Path, here: Places) -> None:
    long = "a" * 64
    presets.keep(SMALLEST.replace("small", long).encode(), None, here)
    presets.keep(SMALLEST.encode(), None, here)
    written(here.presets / "Small-2.yml", "no preset at all")
    written(here.presets / "small-3.webp", "somebody's")
    pack = {
        "a.yaml": SMALLEST.replace("Small", "Theirs"),
        "b.yaml": SMALLEST.replace("small", "small-4"),
        "c.yaml": SMALLEST.replace("small", long).replace("Small", "Theirs"),
    }
    both = dict.fromkeys(("small", long), Choice.KEEP_BOTH)
    kept = preset_import.carry_out(plan(here, packed(tmp_path / "p.zip", pack)), both, here)
    assert [one.preset.id for one in kept] == ["small-5", "small-4", f"{'a' * 59}-2"]
    assert own(here)["small-3.webp"] == b"somebody's"


# --- packs ----------------------------------------------------------------------------------------


def test_a_pack_comes_in_with_its_pictures(tmp_path: Path, here: Places) -> None:
    pack = packed(
        tmp_path / "pack.zip",
        {
            "looks/small.yaml": SMALLEST + "picture: Look 1.png  # the card\n",
            "looks/Look 1.png": picture(),
            "Look 1.png": picture("blue"),
            "looks/other.yaml": SMALLEST.replace("small", "other") + "picture: gone.png\n",
            "__MACOSX/looks/._small.yaml": b"\x00\x05\x16\x07",
            "read me.txt": "hello",
        },
    )
    found = plan(here, pack)
    assert [one.source for one in found.found] == [
        "pack.zip/looks/other.yaml",
        "pack.zip/looks/small.yaml",
    ]
    kept = preset_import.carry_out(found, {}, here)
    assert [one.preset.picture for one in kept] == ["gone.png", "small.webp"]
    assert own(here)["small.yaml"].decode().splitlines()[-1].startswith("picture: small.webp")
    with Image.open(here.presets / "small.webp") as card:
        assert (card.format, card.size, card.getpixel((0, 0))) == ("WEBP", (60, 40), (255, 165, 0))
    assert set(own(here)) == {"small.yaml", "small.webp", "other.yaml"}


def test_keep_both_takes_the_picture_along(tmp_path: Path, here: Places) -> None:
    file = written(tmp_path / "a.yaml", SMALLEST + "picture: a.png\n")
    written(tmp_path / "a.png", picture())
    brought(here, file)
    file.write_text(SMALLEST.replace("Small", "Theirs") + "picture: a.png\n")
    written(tmp_path / "a.png", picture("blue"))
    brought(here, file, small=Choice.KEEP_BOTH)
    assert presets.find("small-2", here).picture == "small-2.webp"
    colors = [
        Image.open(here.presets / f"{id}.webp").getpixel((0, 0)) for id in ("small", "small-2")
    ]
    assert colors == [(255, 165, 0), (0, 0, 255)]


def test_every_bundled_preset_is_a_fixed_point_of_export_and_import(
    tmp_path: Path, here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [preset.id for preset in presets.everything(here)[0]]
    pack = presets.export(ids, tmp_path / "pack.zip", here)
    some = ids[::8]  # by themselves: each is read and compared as it is in the pack
    for id in some:
        presets.export([id], tmp_path / f"{id}.yaml", here)
    monkeypatch.setattr(presets, "BUNDLED_PRESETS", tmp_path / "none")
    for files, expected in (([pack], ids), ([tmp_path / f"{id}.yaml" for id in some], some)):
        kept = brought(here, *files)
        assert [one.preset.id for one in kept] == expected
        for one in kept:
            bundled = BUNDLED_PRESETS / f"{one.preset.id}.yaml"
            assert own(here)[bundled.name] == bundled.read_bytes()
            assert one.preset == presets.read(bundled)
            assert [need.need for need in one.found.missing if need.need is Need.PICTURE] == (
                [Need.PICTURE] if one.preset.picture and not shown(one.preset.picture) else []
            )
        again = presets.export(expected, tmp_path / "again.zip", here)
        assert {one.standing for one in plan(here, again, *files).found} == {Standing.SAME}
        for file in [*here.presets.iterdir(), again]:
            file.unlink()


def shown(name: str) -> bool:
    return (BUNDLED_PRESETS / name).is_file()


def test_a_picture_changes_once_and_never_again(tmp_path: Path, here: Places) -> None:
    lossy = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(lossy, "WEBP", quality=50)
    once = preset_pack.card(lossy.getvalue(), "small")
    assert preset_pack.card(once, "small") == once
    assert list(Image.open(io.BytesIO(once)).getdata()) == list(Image.open(lossy).getdata())


# --- pictures of strangers ------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    """The beginning of a PNG that says it is this large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg onload=alert(1)>",
        png(60_000, 60_000),
        png(7_000, 10),
        png(200, 200),
        picture()[:60],
        picture(kind="GIF"),
        picture(kind="TIFF"),
    ],
    ids=["nothing", "svg", "bomb", "too wide", "no pixels", "cut off", "GIF", "TIFF"],
)
def test_a_picture_that_is_none_does_not_come_in(data: bytes, tmp_path: Path, here: Places) -> None:
    with pytest.raises(PictureError):
        preset_pack.card(data, "small")
    pack = {"a.yaml": SMALLEST + "picture: a.png\n", "a.png": data}
    (kept,) = brought(here, packed(tmp_path / "pack.zip", pack))
    assert kept.found.missing == (Missing(need=Need.PICTURE, name="a.png"),)
    assert set(own(here)) == {"small.yaml"}


def test_only_pixels_come_in() -> None:
    source = Image.new("RGB", (900, 300), "orange")
    exif = Image.Exif()
    exif[0x010E] = "<script>"
    exif[0x0112] = 6  # lies on its side
    stream = io.BytesIO()
    source.save(stream, "JPEG", exif=exif, comment=b"<script>")
    card = preset_pack.card(stream.getvalue() + b"<script>alert(1)</script>", "small")
    assert b"script" not in card
    with Image.open(io.BytesIO(card)) as image:
        assert image.size == (213, 640) and not image.getexif()


def test_of_a_moving_picture_the_first_one_comes_in() -> None:
    assert features.check("webp")
    frames = [Image.new("RGBA", (60, 40), color) for color in ("orange", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    with Image.open(io.BytesIO(preset_pack.card(stream.getvalue(), "small"))) as image:
        assert (getattr(image, "n_frames", 1), image.getpixel((0, 0))) == (1, (255, 165, 0))


# --- packs of strangers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("../up.yaml", "a/../../up.yaml", "/etc/up.yaml", "C:up.yaml", "c:/up.yaml"),
        *("..\\up.yaml", "\\\\server\\up.yaml", "a/..", "up\x01.yaml"),
    ],
)
def test_a_name_that_leads_out_of_a_pack_is_refused(
    name: str, tmp_path: Path, here: Places
) -> None:
    pack = packed(tmp_path / "pack.zip", {"good.yaml": SMALLEST, name: SMALLEST})
    found = plan(here, pack)
    assert found.found == ()
    assert "leads out of it" in found.wrong[0].message
    assert not (tmp_path / "up.yaml").exists() and not (tmp_path.parent / "up.yaml").exists()


def coded(path: Path, files: dict[str, str | bytes], code: str) -> Path:
    """A zip whose names are in some code, and that does not say in which."""
    lengths = {name: len(name.encode(code)) for name in files}
    plain = {name: f"{number}".rjust(lengths[name], "~") for number, name in enumerate(files)}
    data = packed(path, {plain[name]: files[name] for name in files}).read_bytes()
    for name in files:
        data = data.replace(plain[name].encode(), name.encode(code))
    return written(path, data)


@pytest.mark.parametrize(
    ("folder", "name", "code"),
    [
        ("预设", "金色.png", "gb18030"),
        ("预设", "金色.png", "utf-8"),
        ("誠", "誠.png", "gb18030"),
        ("cafe\u0301", "cafe\u0301.png", "utf-8"),
        ("Straße", "Käse.png", "cp437"),
    ],
    ids=["Chinese Windows", "macOS", "a backslash within a letter", "accents apart", "Windows"],
)
def test_names_of_another_system_keep_their_pictures(
    folder: str, name: str, code: str, tmp_path: Path, here: Places
) -> None:
    said = f"{SMALLEST}picture: {unicodedata.normalize('NFC', name)}\n"
    files: dict[str, str | bytes] = {f"{folder}/a.yaml": said, f"{folder}/{name}": picture()}
    (kept,) = brought(here, coded(tmp_path / "pack.zip", files, code))
    assert kept.found.missing == ()
    assert set(own(here)) == {"small.yaml", "small.webp"}
    if code != "cp437":
        assert kept.found.source == unicodedata.normalize("NFC", f"pack.zip/{folder}/a.yaml")


def test_another_code_leads_out_of_no_pack(tmp_path: Path, here: Places) -> None:
    for name in ("../金色.yaml", "金色/../../a.yaml", "..\\金色.yaml", "誠/..\\a.yaml", "/金.yaml"):
        pack = coded(tmp_path / "pack.zip", {name: SMALLEST}, "gb18030")
        found = plan(here, pack)
        assert found.found == () and "leads out of it" in found.wrong[0].message


def test_a_link_in_a_pack_is_refused(tmp_path: Path, here: Places) -> None:
    link = zipfile.ZipInfo("a.yaml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    found = plan(here, tmp_path / "pack.zip")
    assert found.found == () and "a link" in found.wrong[0].message


def zip_of(tmp_path: Path, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    with zipfile.ZipFile(tmp_path / "made.zip", "w", method) as archive:
        archive.writestr("a.yaml", SMALLEST)
    return (tmp_path / "made.zip").read_bytes()


def test_a_broken_zip_is_told(tmp_path: Path, here: Places) -> None:
    good = zip_of(tmp_path)
    encrypted = bytearray(good)
    encrypted[6] |= 1
    encrypted[good.index(b"PK\1\2") + 8] |= 1
    cases = {
        "empty": b"",
        "no zip": b"PK hello",
        "cut": good[:-30],
        "encrypted": bytes(encrypted),
        "its end alone": good[-22:],
        "wrong sum": good.replace(SMALLEST.encode()[:5], b"xxxxx"),
        "odd": zip_of(tmp_path, zipfile.ZIP_LZMA),
        "a huge directory": good[:-10] + struct.pack("<L", 3 << 20) + good[-6:],
    }
    for name, data in cases.items():
        if data == good:
            continue
        found = plan(here, written(tmp_path / f"{name}.zip", data))
        assert found.found == (), name
        assert len(found.wrong) == 1 and f"{name}.zip" in found.wrong[0].message, name


def test_a_zip_bomb_stays_small(
    tmp_path: Path, here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = packed(tmp_path / "bomb.zip", {"a.yaml": b" " * (50 << 20)})
    assert bomb.stat().st_size < 100_000
    (error,) = plan(here, bomb).wrong
    assert "larger than 256 KB" in error.message
    (error,) = plan(here, packed(bomb, {"a.yaml": SMALLEST + " " * 250_000})).wrong
    assert "unpacks to far more than it is" in error.message

    monkeypatch.setattr(preset_pack, "MAX_PACK_BYTES", 5000)
    noise = {f"{number}.yaml": SMALLEST.replace("small", f"s{number}") for number in range(200)}
    found = plan(here, packed(tmp_path / "many.zip", noise))
    assert found.found == () and "more than a pack" in found.wrong[0].message
    few = {f"{number}.yaml": f"{SMALLEST}# {'ab' * 400}\n" for number in range(30)}
    found = plan(here, packed(tmp_path / "few.zip", few))
    assert any("unpacks to far more" in error.message for error in found.wrong)


def test_too_many_files_are_no_pack(
    tmp_path: Path, here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preset_pack, "MAX_FILES", 2)
    files: dict[str, Any] = {f"{number}.txt": "" for number in range(5)}
    found = plan(here, packed(tmp_path / "pack.zip", files))
    assert "more than a pack" in found.wrong[0].message


def test_what_a_pack_says_of_its_sizes_is_not_believed(tmp_path: Path, here: Places) -> None:
    data = SMALLEST.encode() + b"# " + bytes(range(65, 91)) * 9000
    with zipfile.ZipFile(tmp_path / "pack.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.yaml", data)
    raw = (tmp_path / "pack.zip").read_bytes()
    small = raw.replace(struct.pack("<LL", len(data), len(data)), struct.pack("<LL", 10, 10))
    assert small != raw
    found = plan(here, written(tmp_path / "lies.zip", small))
    assert found.found == () and len(found.wrong) == 1
