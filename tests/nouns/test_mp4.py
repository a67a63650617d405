"""Films as other programs see them, words that come back whole, and failures that leave nothing."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from studio import mp4
from studio.errors import InvalidRequest, NotFound, RenderFailed

WIDTH, HEIGHT, FPS = 96, 64, 16
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
Require = Callable[[str, str | Path | None], None]


def moving(count: int) -> list[np.ndarray]:
    """Soft noise that drifts, so that every frame differs from every other."""
    noise = np.random.default_rng(7).integers(0, 256, (8, 12, 3), np.uint8)
    still = np.asarray(Image.fromarray(noise).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    return [np.roll(still, 3 * number, axis=1) for number in range(count)]


def write(path: Path, frames: list[np.ndarray], words: dict[str, object] | None = None) -> Path:
    height, width, _ = frames[0].shape
    with mp4.Writer(path, width, height, FPS) as film:
        for frame in frames:
            film.add(frame)
        film.tell(words or {"a": 1})
    return path


def frame_sums(path: Path) -> str:
    command = [FFMPEG, "-v", "error", "-i", str(path), "-f", "framemd5", "-"]
    return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- the film


def test_other_programs_read_what_was_written(tmp_path: Path, require: Require) -> None:
    require("ffprobe", ffprobe := shutil.which("ffprobe"))
    path = write(tmp_path / "a.mp4", moving(21), {"recipe": {"prompt": "猫\n\\"}, "shot": {}})
    command = [ffprobe, "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    (stream,) = told["streams"]
    expected = {
        "codec_name": "h264",
        "pix_fmt": "yuv420p",
        "width": WIDTH,
        "height": HEIGHT,
        "r_frame_rate": f"{FPS}/1",
        "nb_frames": "21",
        "color_range": "tv",
        "color_space": "bt709",
        "color_transfer": "bt709",
        "color_primaries": "bt709",
    }
    assert {key: stream.get(key) for key in expected} == expected
    assert told["format"]["tags"]["title"] == "猫"
    assert json.loads(told["format"]["tags"]["comment"])["recipe"]["prompt"] == "猫\n\\"


def test_a_player_can_begin_before_it_has_the_whole_file(tmp_path: Path) -> None:
    data = write(tmp_path / "a.mp4", moving(5)).read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("count", [1, 5, 21])
def test_frames_come_back_as_they_were(tmp_path: Path, count: int) -> None:
    frames = moving(count)
    found = list(mp4.frames(write(tmp_path / "a.mp4", frames)))
    assert len(found) == count
    for sent, seen in zip(frames, found, strict=True):
        assert seen.dtype == np.uint8 and seen.shape == (HEIGHT, WIDTH, 3)
        assert np.abs(sent.astype(int) - seen).mean() < 3


@pytest.mark.parametrize(
    "colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (90, 160, 30)]
)
def test_colours_are_kept(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    plain = np.full((HEIGHT, WIDTH, 3), colour, np.uint8)
    (seen,) = mp4.frames(write(tmp_path / "a.mp4", [plain]))
    assert np.abs(seen.astype(int) - colour).max() <= 3


def test_the_same_frames_give_the_same_film(tmp_path: Path) -> None:
    one = write(tmp_path / "one.mp4", moving(21), {"words": "these"})
    two = write(tmp_path / "two.mp4", moving(21), {"words": "others"})
    three = write(tmp_path / "three.mp4", moving(22)[1:], {"words": "these"})
    assert frame_sums(one) == frame_sums(two) != frame_sums(three)


def test_a_film_can_be_searched_every_second(tmp_path: Path, require: Require) -> None:
    require("ffprobe", ffprobe := shutil.which("ffprobe"))
    path = write(tmp_path / "a.mp4", moving(3 * FPS))
    command = [ffprobe, "-v", "error", "-skip_frame", "nokey", "-show_entries", "frame=pts_time"]
    told = subprocess.run(
        [*command, "-of", "csv=p=0", str(path)], capture_output=True, check=True, text=True
    )
    times = [float(line.strip(",")) for line in told.stdout.split()]
    assert max(np.diff([*times, 3.0])) <= 1.0


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((HEIGHT, WIDTH - 16, 3), np.uint8),
        np.zeros((HEIGHT, WIDTH, 4), np.uint8),
        np.zeros((HEIGHT, WIDTH, 3), np.float32),
        np.zeros((WIDTH, HEIGHT, 3), np.uint8),
    ],
    ids=lambda frame: f"{frame.dtype}{frame.shape}",
)
def test_a_wrong_frame_is_refused(tmp_path: Path, frame: np.ndarray) -> None:
    with (
        pytest.raises(ValueError, match="a frame is uint8"),
        mp4.Writer(tmp_path / "a.mp4", WIDTH, HEIGHT, FPS) as film,
    ):
        film.add(frame)
    assert names(tmp_path) == []


@pytest.mark.parametrize("size", [(95, 64), (96, 63), (0, 64), (96, -2)])
def test_odd_sizes_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="even sizes"):
        mp4.Writer(tmp_path / "a.mp4", *size, FPS)


def test_rows_that_are_not_in_a_row_are_written_right(tmp_path: Path) -> None:
    frame = moving(1)[0]
    turned = np.ascontiguousarray(frame.transpose(1, 0, 2)).transpose(1, 0, 2)
    assert not turned.flags.c_contiguous
    straight = write(tmp_path / "a.mp4", [frame])
    assert frame_sums(write(tmp_path / "b.mp4", [turned])) == frame_sums(straight)


# -- the words


@pytest.mark.parametrize(
    "text",
    [
        "一只猫咪在霓虹雨夜里奔跑",
        "🎬 👩‍🚀 é ﬁ",
        "\"double\" 'single' `back`",
        "ends in a backslash\\",
        "= ; # [global] \\= \\; \\#",
        "line\nline\r\nline\rline\ttab",
        "\x00\x01\x1b\x1c\x7f\x85\u2028\u2029\ufeff",
        "\ud83c half a pair",
        ";FFMETADATA1\ncomment=no\n[CHAPTER]\ntitle=no",
        "%d %s $HOME %PATH% {prompt} <b>",
        "é\n" * 50_000,
        "",
    ],
    ids=range(12),
)
def test_words_come_back_whole(tmp_path: Path, text: str) -> None:
    words = {"recipe": {"prompt": text}, "shot": {"prompt": text}, text: [text, 1.5, None, True]}
    assert mp4.words(write(tmp_path / "a.mp4", moving(1), words)) == words


@pytest.mark.parametrize(
    "name", ["with space.mp4", "一只猫咪 🎬.mp4", "100%d.mp4", "-y.mp4", "a'b.mp4"]
)
def test_any_name_will_do(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "Vidéos de 猫 (1)"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for path in (folder / name, Path(name)):
        write(path, moving(2), {"name": name})
        assert mp4.words(path) == {"name": name}
        assert len(list(mp4.frames(path))) == 2
        assert names(folder) == [name]


def test_words_survive_a_copy_by_another_program(tmp_path: Path) -> None:
    words = {"recipe": {"prompt": "猫 = ; # \\"}}
    path = write(tmp_path / "a.mp4", moving(2), words)
    copy = tmp_path / "b.mp4"
    subprocess.run([FFMPEG, "-v", "error", "-i", path, "-c", "copy", copy], check=True)
    assert mp4.words(copy) == words


def foreign(path: Path, comment: str | None = None, *options: str) -> Path:
    """A film by another program."""
    source = ["-f", "lavfi", "-i", f"testsrc=size={WIDTH}x{HEIGHT}:rate=8:duration=1"]
    said = [] if comment is None else ["-metadata", f"comment={comment}"]
    subprocess.run([FFMPEG, "-v", "error", *source, *said, *options, str(path)], check=True)
    return path


@pytest.mark.parametrize(
    "comment",
    [None, "holiday", "[1, 2]", '"text"', "5", "{", '{"a": NaN}', "[" * 20_000, "line\nb={}\n"],
    ids=range(9),
)
def test_a_film_without_our_words_carries_no_recipe(tmp_path: Path, comment: str | None) -> None:
    with pytest.raises(InvalidRequest, match="carries no recipe"):
        mp4.words(foreign(tmp_path / "a.mp4", comment))


def test_what_is_no_film_carries_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("not a film", "utf-8")
    with pytest.raises(InvalidRequest, match="carries no recipe"):
        mp4.words(tmp_path / "a.mp4")
    for read in (mp4.words, mp4.size, lambda path: list(mp4.frames(path))):
        with pytest.raises(NotFound):
            read(tmp_path / "gone.mp4")
        with pytest.raises(NotFound):
            read(tmp_path)


# -- films by others


def test_films_by_others_are_read_upright(tmp_path: Path) -> None:
    path = foreign(tmp_path / "a.mkv")
    assert mp4.size(path) == (WIDTH, HEIGHT)
    assert len(list(mp4.frames(path))) == 8
    turned = tmp_path / "turned.mp4"
    rotate = ["-display_rotation", "90", "-i", str(foreign(tmp_path / "b.mp4")), "-c", "copy"]
    subprocess.run([FFMPEG, "-v", "error", *rotate, str(turned)], check=True)
    assert mp4.size(turned) == (HEIGHT, WIDTH)


def test_every_frame_of_a_film_comes_once_however_its_time_runs(tmp_path: Path) -> None:
    path = foreign(tmp_path / "a.mp4", None, "-vf", "setpts='PTS*(1+N)'", "-fps_mode", "vfr")
    assert len(list(mp4.frames(path))) == 8


def test_a_film_that_breaks_off_is_not_taken_for_a_short_one(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a film", "utf-8")
    sound = tmp_path / "sound.mp4"
    source = ["-f", "lavfi", "-i", "sine=duration=1"]
    subprocess.run([FFMPEG, "-v", "error", *source, str(sound)], check=True)
    whole = write(tmp_path / "whole.mp4", moving(60)).read_bytes()
    (tmp_path / "short.mp4").write_bytes(whole[: len(whole) * 2 // 3])
    assert len(whole) > 20_000
    for path in (tmp_path / "text.mp4", sound, tmp_path / "short.mp4"):
        with pytest.raises(InvalidRequest, match="cannot be read as a video"):
            list(mp4.frames(path))


def test_dropping_the_frames_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*args: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(popen(*args, **options))
        return started[-1]

    path = write(tmp_path / "a.mp4", moving(60))
    monkeypatch.setattr(mp4.subprocess, "Popen", start)
    frames = mp4.frames(path)
    next(frames)
    frames.close()
    (process,) = started
    assert process.returncode is not None
    assert process.stdout.closed and process.stderr.closed


# -- failures


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("frames", [0, 3])
def test_an_error_inside_leaves_nothing(
    tmp_path: Path, error: type[BaseException], frames: int
) -> None:
    path = write(tmp_path / "a.mp4", moving(1))
    before = path.read_bytes()
    with pytest.raises(error), mp4.Writer(path, WIDTH, HEIGHT, FPS) as film:
        for frame in moving(frames):
            film.add(frame)
        raise error
    assert names(tmp_path) == ["a.mp4"]
    assert path.read_bytes() == before


def test_a_film_without_frames_is_none(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="at least one frame"),
        mp4.Writer(tmp_path / "a.mp4", WIDTH, HEIGHT, FPS),
    ):
        pass
    assert names(tmp_path) == []


def test_a_film_without_words_is_none(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="needs its words"),
        mp4.Writer(tmp_path / "a.mp4", WIDTH, HEIGHT, FPS) as film,
    ):
        film.add(moving(1)[0])
    assert names(tmp_path) == []


def test_an_encoder_that_dies_is_a_failed_render(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    with (
        pytest.raises(RenderFailed, match=r"a\.mp4 could not be written"),
        mp4.Writer(tmp_path / "a.mp4", WIDTH, HEIGHT, FPS) as film,
    ):
        film.add(noise)
        film._ffmpeg._process.kill()
        for _ in range(1000):
            film.add(noise)
    assert names(tmp_path) == []


def test_a_full_disk_is_a_failed_render_with_its_reason(tmp_path: Path, require: Require) -> None:
    """Every write to /dev/full fails as on a full disk."""
    require("/dev/full", "/dev/full")
    noise = np.random.default_rng(7).integers(0, 256, (480, 832, 3), np.uint8)
    (tmp_path / "a.frames.partial.mp4").symlink_to("/dev/full")
    with (
        pytest.raises(RenderFailed) as caught,
        mp4.Writer(tmp_path / "a.mp4", 832, 480, FPS) as film,
    ):
        for _ in range(30):
            film.add(noise)
    assert "No space left on device" in caught.value.message
    assert "\n" not in caught.value.message
    assert "room" in caught.value.advice
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_a_failed_render(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(RenderFailed, match="could not be written"),
        mp4.Writer(tmp_path / "file" / "a.mp4", WIDTH, HEIGHT, FPS),
    ):
        pytest.fail("it must not begin")


def test_a_talkative_encoder_does_not_stop_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More complaints than a pipe holds, while frames are still being sent."""
    arguments = mp4.Writer._encoding
    monkeypatch.setattr(
        mp4.Writer, "_encoding", lambda film: ["-loglevel", "trace", *arguments(film)]
    )
    start = time.monotonic()
    path = write(tmp_path / "a.mp4", moving(300))
    assert time.monotonic() - start < 60
    assert len(list(mp4.frames(path))) == 300


def test_posters_are_pictures(tmp_path: Path) -> None:
    path = tmp_path / "posters" / "猫.webp"
    mp4.poster(moving(1)[0], path)
    with Image.open(path) as image:
        assert (image.format, image.size, image.mode) == ("WEBP", (WIDTH, HEIGHT), "RGB")
    assert names(path.parent) == ["猫.webp"]
