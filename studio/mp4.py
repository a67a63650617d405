"""Frames → an MP4 with words inside; an MP4 → its words and frames.

Everything goes through the ffmpeg that imageio-ffmpeg brings. Knows pixels and files; what the
words mean is not its business, except that a recipe's prompt makes a good title.
"""

import contextlib
import io
import json
import os
import re
import subprocess
import threading
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import imageio_ffmpeg
import numpy as np
from PIL import Image

from studio.errors import InvalidRequest, NotFound, RenderFailed
from studio.files import patiently, write_whole

# Visually lossless for x264, so that a preview can be refined from its own file.
CRF = 14
# x264's frames depend on its thread count; one count everywhere makes them the same everywhere.
THREADS = 4
# Exact chroma from RGB and back; the default path is faster and rounds.
SCALING = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
POSTER_QUALITY = 85
TITLE_LENGTH = 200
NO_RECIPE_ADVICE = "Choose a clip made here."

Frame = np.ndarray


class Writer:
    """Writes frames into an MP4: H.264, yuv420p, bt709, faststart; no sound.

    `with Writer(path, width, height, fps) as film: film.add(frame) …; film.tell(words)`. width,
    height: pixels, even. The file appears under its name when the block ends well; after any
    exception nothing is left of it.

    Raises ValueError for an odd size or a wrong frame, RenderFailed if ffmpeg or the disk gives up.
    """

    def __init__(self, path: Path, width: int, height: int, fps: int) -> None:
        if width <= 0 or height <= 0 or width % 2 or height % 2:
            raise ValueError(f"yuv420p needs even sizes, not {width}×{height}")
        if fps <= 0:
            raise ValueError(f"{fps} frames per second is not a speed")
        self.path = path.absolute()
        self.shape = (height, width, 3)
        self.fps = fps
        self._tags: dict[str, str] = {}
        # Frames first and words when all is known: the second file is a copy with the words.
        self._film = self.path.with_name(f"{self.path.stem}.frames.partial.mp4")
        self._partial = self.path.with_name(f"{self.path.stem}.partial.mp4")
        self._meta = self.path.with_name(f"{self.path.stem}.partial.txt")
        self._frames = 0

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_written(self.path, str(error)) from error
        self._ffmpeg = _Ffmpeg(self._encoding(), stdin=True)
        return self

    def add(self, frame: Frame) -> None:
        """Append one frame, uint8 [H, W, 3], RGB."""
        if frame.shape != self.shape or frame.dtype != np.uint8:
            raise ValueError(
                f"a frame is uint8 {self.shape}, not {frame.dtype} {tuple(frame.shape)}"
            )
        try:
            self._ffmpeg.stdin.write(np.ascontiguousarray(frame).data)
        except OSError as error:
            raise _not_written(self.path, self._ffmpeg.finish() or str(error)) from error
        self._frames += 1

    def tell(self, words: dict[str, Any]) -> None:
        """Put words, JSON values, into the file: whole in its comment, in short in its title."""
        self._tags = {**_human(words), "comment": _one_line(words)}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._ffmpeg.stop()
            # What somebody holds open on Windows stays for now; the film is whole all the same.
            for path in (self._film, self._partial, self._meta):
                with contextlib.suppress(PermissionError):
                    path.unlink(missing_ok=True)

    def _finish(self) -> None:
        if self._frames == 0:
            raise ValueError("a film needs at least one frame")
        if not self._tags:
            raise ValueError("a film needs its words")
        self._wait()
        try:
            write_whole(self._meta, _ffmetadata(self._tags))
            self._ffmpeg = _Ffmpeg(self._copying())
            self._wait()
            with self._partial.open("rb+") as stream:
                os.fsync(stream.fileno())
            patiently(lambda: self._partial.replace(self.path))
        except OSError as error:
            raise _not_written(self.path, str(error)) from error

    def _wait(self) -> None:
        complaint = self._ffmpeg.finish()
        self._ffmpeg.stop()
        if complaint is not None:
            raise _not_written(self.path, complaint)

    def _encoding(self) -> list[str]:
        height, width, _ = self.shape
        frames_in = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
        frames_in += ["-r", str(self.fps), "-i", "pipe:0"]
        colours = f"scale={SCALING}:out_color_matrix=bt709:out_range=tv,format=yuv420p"
        tags = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
        codec = ["-c:v", "libx264", "-crf", str(CRF), "-g", str(self.fps), "-threads", str(THREADS)]
        return [
            *("-y", *frames_in, "-vf", f"{colours},{tags}", *codec, str(self._film)),
        ]

    def _copying(self) -> list[str]:
        words_in = ["-f", "ffmetadata", "-i", str(self._meta)]
        return [
            *("-y", "-i", str(self._film), *words_in, "-map", "0:v", "-map_metadata", "1"),
            *("-c", "copy", "-movflags", "+faststart", str(self._partial)),
        ]


def words(path: Path) -> dict[str, Any]:
    """The words a `Writer` put into this MP4.

    Raises NotFound if there is no such file, InvalidRequest if it carries no such words.
    """
    _check_there(path)
    ffmpeg = _Ffmpeg(["-i", str(path.absolute()), "-f", "ffmetadata", "pipe:1"], stdout=True)
    try:
        text = ffmpeg.stdout.read().decode("utf-8", errors="replace")
    finally:
        ffmpeg.stop()
    try:
        found = json.loads(_tags(text).get("comment", ""), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{path.name} carries no recipe.", NO_RECIPE_ADVICE) from error
    if not isinstance(found, dict):
        raise InvalidRequest(f"{path.name} carries no recipe.", NO_RECIPE_ADVICE)
    return found


def frames(path: Path, fps: int | None = None) -> Generator[Frame, None, None]:
    """Every frame of any video file, one at a time: uint8 [H, W, 3], RGB, upright.

    fps: for each moment at this pace the frame that is seen then; None for the frames as they are.
    The process behind it ends with the generator. Raises NotFound if there is no such file,
    InvalidRequest if it is not a video or breaks off.
    """
    _check_there(path)
    # PPM says its own size in front of every frame, so nothing has to be guessed beforehand.
    pace = "" if fps is None else f"fps={fps},"
    picture = ["-vf", f"{pace}scale={SCALING},format=rgb24", "-c:v", "ppm", "-f", "image2pipe"]
    every_one = ["-map", "0:v:0", "-fps_mode", "passthrough"]
    ffmpeg = _Ffmpeg(
        # Without -xerror a film that is cut off would pass for a shorter one.
        ["-xerror", "-i", str(path.absolute()), *every_one, *picture, "pipe:1"],
        stdout=True,
    )
    count = 0
    try:
        while (frame := _read_ppm(ffmpeg.stdout)) is not None:
            yield frame
            count += 1
        complaint = ffmpeg.finish()
    finally:
        ffmpeg.stop()
    if complaint is not None or count == 0:
        raise InvalidRequest(
            f"{path.name} cannot be read as a video: {complaint or 'no frames'}.",
            "Choose a video file that plays to its end.",
        )


def size(path: Path) -> tuple[int, int]:
    """The upright (width, height) in pixels of any video file. Raises as `frames`."""
    with contextlib.closing(frames(path)) as film:
        height, width, _ = next(film).shape
    return width, height


def poster(frame: Frame, path: Path) -> None:
    """Write one frame, uint8 [H, W, 3], as a WebP still; whole or not at all."""
    data = io.BytesIO()
    Image.fromarray(frame).save(data, "WEBP", quality=POSTER_QUALITY)
    write_whole(path, data.getvalue())


class _Ffmpeg:
    """One run of ffmpeg. Its complaints are read as they come, so it never blocks on them."""

    def __init__(self, arguments: list[str], *, stdin: bool = False, stdout: bool = False) -> None:
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(
            [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", *arguments],
            stdin=pipe if stdin else null,
            stdout=pipe if stdout else null,
            stderr=pipe,
            # On Windows a console window would flash up for each run; elsewhere Ctrl+C in the
            # terminal would end it, and the program decides that.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            process_group=None if os.name == "nt" else 0,
        )
        self._complaint = b""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def finish(self) -> str | None:
        """Let it come to its end; None if all went well, else what it complained of."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        code = self._process.wait()
        self._listener.join()
        return None if code == 0 else self._said() or f"ffmpeg ended with {code}"

    def stop(self) -> None:
        """End it now, if it has not ended, and close every pipe."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        self._complaint = self._process.stderr.read()

    def _said(self) -> str:
        """The first complaint, without who in ffmpeg made it; the others follow from it."""
        text = self._complaint.decode("utf-8", errors="replace").strip()
        return re.sub(r"^(\[[^]]*\] )+", "", text.partition("\n")[0]).strip(" .")


def _read_ppm(stream: IO[bytes]) -> Frame | None:
    """The next picture of a stream of binary PPMs, or None where it ends or breaks off."""
    header = [stream.readline() for _ in range(3)]
    if header[0] != b"P6\n" or header[2] != b"255\n":
        return None
    width, height = map(int, header[1].split())
    data = stream.read(width * height * 3)
    if len(data) < width * height * 3:
        return None
    pixels: Frame = np.frombuffer(data, np.uint8).reshape(height, width, 3)
    return pixels


def _human(words: dict[str, Any]) -> dict[str, str]:
    """What other programs show: the person's own words, and the text the model read."""
    texts = {
        "title": words.get("recipe", {}).get("prompt", "")[:TITLE_LENGTH],
        "description": words.get("shot", {}).get("prompt", ""),
    }
    # The format cuts a value at a carriage return and breaks on a backslash at its end.
    return {key: " ".join(text.split()).rstrip("\\ ") for key, text in texts.items() if text}


def _one_line(words: dict[str, Any]) -> str:
    """Compact JSON, readable in any language, without anything that some program takes for a line
    break and without halves of surrogate pairs, which UTF-8 does not have."""
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    hidden = r"[\x7f-\x9f\u2028\u2029\ud800-\udfff]"
    return re.sub(hidden, lambda match: f"\\u{ord(match[0]):04x}", text)


def _refuse(constant: str) -> None:
    """NaN and Infinity are not JSON, and no page could read them."""
    raise ValueError(f"{constant} is not JSON")


def _ffmetadata(tags: dict[str, str]) -> bytes:
    """ffmpeg's metadata file: UTF-8, `\\ = ; #` and line breaks escaped by a backslash."""
    lines = [f"{key}=" + re.sub(r"([\\=;#\n])", r"\\\1", value) for key, value in tags.items()]
    return "\n".join([";FFMETADATA1", *lines, ""]).encode("utf-8", "replace")


def _tags(text: str) -> dict[str, str]:
    """The reverse of `_ffmetadata`; of a key that comes twice, the first is the file's own."""
    entries = re.findall(r"^((?:[^\\=;#\n\[]|\\.)+)=((?:[^\\\n]|\\.)*)$", text, re.M | re.S)
    return {key: re.sub(r"\\(.)", r"\1", value, flags=re.S) for key, value in reversed(entries)}


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", "Check the name and the folder.")


def _not_written(path: Path, complaint: str) -> RenderFailed:
    return RenderFailed(
        f"{path.name} could not be written: {complaint}.",
        f"Make sure that the disk of {path.parent} has room and may be written to.",
    )
