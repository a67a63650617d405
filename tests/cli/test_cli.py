"""The command line as scripts use it: real processes, the real engine, the built-in model."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from PIL import Image

PROJECT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]
Require = Callable[[str, str | None], None]

PROMPT = "a red ball bounces over the sea"
# Small and short: what is tested here is the way, not the picture.
QUICK = ("--frames", "5", "--steps", "2", "--size", "64x48")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all: a library that grows from test to test."""
    return tmp_path_factory.mktemp("mein Ordner 电影")


@pytest.fixture(scope="module")
def studio(home: Path) -> Run:
    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "studio", *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            cwd=PROJECT,
            env={**os.environ, "STUDIO_HOME": str(home)},
            timeout=300,
        )

    return run


def told(ran: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


def clip_of(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    (finished,) = [event for event in told(ran) if event["event"] == "finished"]
    return dict(finished["clip"])


def frame_sums(file: str | Path) -> str:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(file)]
    ran = subprocess.run([*command, "-f", "framemd5", "-"], capture_output=True, check=True)
    return ran.stdout.decode()


@pytest.fixture(scope="module")
def preview(studio: Run) -> dict[str, Any]:
    return clip_of(studio("render", PROMPT, "--preset", "neon-noir", "--seed", "7", "--json"))


def test_a_render_tells_its_events_in_order(studio: Run) -> None:
    events = told(studio("render", PROMPT, *QUICK, "--takes", "2", "--json"))
    for take in (1, 2):
        names = [event["event"] for event in events if event.get("take") == take]
        steps = [
            (event["expert"], event["step"], event["of"])
            for event in events
            if event.get("take") == take and event.get("stage") == "sample"
        ]
        assert names[0] == "queued"
        assert names.index("started") < names.index("progress")
        assert names[-1] == "finished"
        assert steps == [("high", 1, 2), ("low", 2, 2)]
    clips = [event["clip"] for event in events if event["event"] == "finished"]
    assert clips[0]["seed"] != clips[1]["seed"]
    assert events[-1] == {"event": "done", "finished": 2, "failed": 0, "cancelled": 0}


def test_a_clip_is_what_was_asked_for(preview: dict[str, Any], require: Require) -> None:
    require("ffprobe", ffprobe := shutil.which("ffprobe"))
    show = "stream=codec_name,pix_fmt,width,height,nb_read_frames,color_space"
    command = [str(ffprobe), "-v", "error", "-count_frames", "-show_entries", show, "-of", "json"]
    ran = subprocess.run([*command, preview["file"]], capture_output=True, check=True)
    (stream,) = json.loads(ran.stdout)["streams"]
    assert stream == {
        "codec_name": "h264",
        "pix_fmt": "yuv420p",
        "color_space": "bt709",
        "width": preview["width"],
        "height": preview["height"],
        "nb_read_frames": str(preview["frames"]),
    }
    assert (preview["width"], preview["height"], preview["frames"]) == (96, 64, 17)
    assert preview["kind"] == "preview"
    assert Path(preview["file"]).name.endswith("_a-red-ball-bounces-over-the-sea_7_preview.mp4")
    assert Path(preview["poster"]).is_file()


def test_a_file_gives_its_recipe_back(studio: Run, preview: dict[str, Any]) -> None:
    (inside,) = told(studio("clips", "recipe", preview["file"]))
    assert inside["recipe"]["prompt"] == PROMPT
    assert inside["recipe"]["presets"] == ["neon-noir"]
    assert inside["recipe"]["seed"] == inside["shot"]["seed"] == 7
    assert inside["shot"]["prompt"] == preview["prompt"]


def test_the_same_command_twice_gives_equal_frames(studio: Run, preview: dict[str, Any]) -> None:
    again = clip_of(studio("render", PROMPT, "--preset", "neon-noir", "--seed", "7", "--json"))
    assert again["id"] != preview["id"]
    assert again["file"] != preview["file"]
    assert frame_sums(again["file"]) == frame_sums(preview["file"])


def test_other_words_and_another_seed_give_other_frames(
    studio: Run, preview: dict[str, Any]
) -> None:
    words = clip_of(studio("render", "a blue boat", "--seed", "7", "--json"))
    seed = clip_of(studio("render", PROMPT, "--preset", "neon-noir", "--seed", "8", "--json"))
    sums = {frame_sums(clip["file"]) for clip in (preview, words, seed)}
    assert len(sums) == 3


def test_a_preview_is_refined_to_full_size(studio: Run, preview: dict[str, Any]) -> None:
    ran = studio("refine", preview["id"], "--fidelity", "0.8", "--json")
    final = clip_of(ran)
    experts = {event.get("expert") for event in told(ran) if event.get("stage") == "sample"}
    assert final["parent"] == preview["id"]
    assert (final["kind"], final["width"], final["height"]) == ("final", 192, 128)
    assert final["frames"] == preview["frames"]
    assert experts == {"low"}
    assert studio("refine", final["id"]).returncode == 2


def test_a_picture_leads_the_shot(studio: Run, tmp_path: Path) -> None:
    picture = tmp_path / "Bild ü.png"
    Image.new("RGB", (300, 200), "orange").save(picture)
    looks = ("--look", "color_tone=cool", "--look", "camera_move=push-in")
    clip = clip_of(studio("render", "it rises", "--image", picture, *looks, *QUICK, "--json"))
    assert "cool" not in clip["prompt"]
    assert "pushes in" in clip["prompt"]
    (inside,) = told(studio("clips", "recipe", clip["file"]))
    assert inside["shot"]["picture"]["crop"] == [16, 0, 283, 200]


def test_a_sweep_is_one_take_for_each_look_with_one_seed(studio: Run) -> None:
    presets = ("--preset", "neon-noir", "--preset", "claymation-workshop")
    events = told(studio("sweep", PROMPT, *presets, *QUICK, "--json"))
    clips = [event["clip"] for event in events if event["event"] == "finished"]
    assert len(clips) == 2
    assert clips[0]["seed"] == clips[1]["seed"]
    assert clips[0]["prompt"] != clips[1]["prompt"]


def test_expand_tells_where_every_word_comes_from(studio: Run, home: Path) -> None:
    before = {path for path in home.rglob("*") if path.is_file() and "library" in path.parts}
    ran = studio(
        "expand", "一只猫在海边", "--preset", "neon-noir", "--look", "color_tone=warm", "--json"
    )
    (answer,) = told(ran)
    assert "".join(part["text"] for part in answer["parts"]) == answer["prompt"]
    assert {part["origin"] for part in answer["parts"]} == {"user", "preset", "card"}
    assert "暖色调" in answer["prompt"]
    assert {
        path for path in home.rglob("*") if path.is_file() and "library" in path.parts
    } == before


def test_clips_are_listed_found_thrown_away_and_brought_back(
    studio: Run, preview: dict[str, Any]
) -> None:
    def ids(*arguments: str) -> list[str]:
        return [row["id"] for row in told(studio("clips", "--json", *arguments))[0]]

    assert preview["id"] in ids("--search", "neon BALL")
    assert ids("--search", "neon nowhere-to-be-found") == []
    assert ids("--trash") == []
    (thrown,) = told(studio("clips", "delete", preview["id"], "--json"))
    assert (thrown["id"], Path(thrown["file"]).parent.name) == (preview["id"], "Trash")
    assert ids("--trash") == [preview["id"]]
    assert preview["id"] not in ids()
    (back,) = told(studio("clips", "restore", preview["id"], "--json"))
    assert back["file"] == preview["file"]
    assert preview["id"] in ids()
    (shown,) = told(studio("clips", "show", preview["id"], "--json"))
    assert shown == back
    assert told(studio("clips", "rebuild", "--json")) == [{"clips": len(ids())}]
    assert preview["id"] in ids()


def test_lists_are_json_arrays_with_id_and_name(studio: Run) -> None:
    for command in (("presets", "list"), ("models",), ("vocabulary",), ("clips",)):
        (rows,) = json.loads(f"[{studio(*command, '--json').stdout}]")
        assert rows and all(row["id"] and row["name"] for row in rows)


def test_plan_answers_for_another_computer(studio: Run) -> None:
    (plan,) = told(studio("plan", "--model", "t2v-a14b", "--vram", "24", "--ram", "64", "--json"))
    assert set(plan) == {
        *("model", "fits", "reason", "precision", "residency", "vram_peak_gb", "ram_peak_gb"),
        *("disk_gb", "seconds", "alternatives", "streamed_blocks", "tile", "encoder"),
    }
    assert plan["fits"]
    assert len(plan["alternatives"]) == 8  # in three precisions, waiting in three places
    told_here = ("plan", "--model", "t2v-a14b", "--vram", "4", "--json")
    assert not told(studio(*told_here))[0]["fits"]


@pytest.mark.parametrize("wrong", ["nan", "-1", "inf", "-inf", "much"])
@pytest.mark.parametrize("memory", ["--vram", "--ram"])
def test_plan_takes_only_an_amount_of_memory(studio: Run, memory: str, wrong: str) -> None:
    ran = studio("plan", f"{memory}={wrong}")
    assert ran.returncode == 2
    assert wrong in ran.stderr and "Traceback" not in ran.stderr


def test_plan_for_a_preview_is_for_less_than_for_a_final(studio: Run) -> None:
    pc = ("plan", "--model", "t2v-a14b", "--vram", "24", "--ram", "64", "--json")
    preview, final = (told(studio(*pc, "--stage", stage))[0] for stage in ("preview", "final"))
    assert "832×480" in preview["reason"] and "1248×720" in final["reason"]
    assert final == told(studio(*pc))[0]


def test_presets_are_checked_imported_and_exported(studio: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "schema: 1\nid: mine\nname: {en: Mine, zh: 我的}  # a comment\nlook:\n  color_tone: warm\n",
        encoding="utf-8",
    )
    for command in ("check", "import"):
        (row,) = told(studio("presets", command, mine, "--json"))
        assert (row["id"], row["file"], row["here"]) == ("mine", str(mine), "new")
    assert "warm colors" in told(studio("expand", "x", "--preset", "mine", "--json"))[0]["prompt"]
    out = tmp_path / "out.yaml"
    exported = told(studio("presets", "export", "mine", "--out", out, "--json"))
    assert exported == [{"id": "mine", "file": str(out)}]
    assert (tmp_path / "out.yaml").read_bytes() == mine.read_bytes()
    loose = clip_of(studio("render", "x", "--preset", mine, *QUICK, "--json"))
    assert "warm colors" in loose["prompt"]
    wrong = studio("presets", "check", wrong_files(tmp_path)["wrong.yaml"], "--json")
    answer = json.loads(wrong.stdout)
    assert wrong.returncode == 2
    assert "lok" in answer["error"] and f"{answer['error']} {answer['advice']}" in wrong.stderr


def wrong_files(folder: Path) -> dict[str, Path]:
    names = ("dot.png", "text.png", "huge.png", "good.png", "wrong.yaml")
    files = {name: folder / name for name in names}
    Image.new("RGB", (300, 200)).save(files["good.png"])
    Image.new("RGB", (1, 1)).save(files["dot.png"])
    files["text.png"].write_text("not a picture", encoding="utf-8")
    Image.new("1", (20_000, 20_000)).save(files["huge.png"])
    files["wrong.yaml"].write_text(
        "schema: 1\nid: wrong\nname: {en: W}\nlok: {}\n", encoding="utf-8"
    )
    return files


def test_bad_input_is_one_sentence_and_leaves_nothing(
    studio: Run, home: Path, tmp_path: Path
) -> None:
    files = wrong_files(tmp_path)
    told(studio("clips", "--json"))
    before = sorted(path for path in (home / "library").rglob("*"))
    cases: list[tuple[list[str | Path], str]] = [
        ([""], "nothing to film"),
        (["x", "--image", files["dot.png"]], "1×1"),
        (["x", "--image", files["text.png"]], "not a picture"),
        (["x", "--image", files["huge.png"]], "more pixels than"),
        (["x", "--image", tmp_path / "none.png"], "no picture"),
        (["x", "--preset", files["wrong.yaml"]], "lok"),
        (["x", "--preset", "no-such-preset"], "no-such-preset"),
        (["x", "--size", "100x64"], "multiple of 16"),
        (["x", "--frames", "16"], "13 or 17"),
        (["x", "--steps", "0"], "from 1 to"),
        (["x", "--seed", "-1"], "Seed"),
        (["x", "--look", "color_tone=purple"], "purple"),
        (["x", "--look", "mood=dark"], "mood"),
        (["x", "--takes", "0"], "takes"),
        (["x", "--model", "i2v-a14b"], "starts from a picture"),
        (["very " * 2_000], "at most 8,000"),
        (["x", "--image", files["good.png"], "--size", "100x100"], "multiple of 16"),
        (["x", "--image", files["good.png"], "--takes", "0"], "takes"),
        (["x", "--image", files["good.png"], "--last-image", files["text.png"]], "not a picture"),
    ]
    for arguments, expected in cases:
        ran = studio("render", *arguments, "--json")
        assert ran.returncode == 2, (arguments, ran.stderr)
        assert expected in ran.stderr
        assert ran.stdout == ""
        assert "Traceback" not in ran.stderr
        assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr
    assert sorted(path for path in (home / "library").rglob("*")) == before


def test_a_prompt_longer_than_the_encoder_reads_is_refused(studio: Run, home: Path) -> None:
    ran = studio("render", "very " * 1_500, *QUICK, "--json")
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    (failed,) = [event for event in events if event["event"] == "failed"]
    assert ran.returncode == 1
    assert "token" in failed["error"]
    assert failed["advice"]
    assert events[-1] == {"event": "done", "finished": 0, "failed": 1, "cancelled": 0}
    assert list((home / "library" / ".work").glob("*")) == []


def test_a_model_that_is_not_here_is_said(studio: Run) -> None:
    ran = studio("render", "x", "--model", "t2v-a14b")
    assert ran.returncode == 1
    assert "models get t2v-a14b" in ran.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot press Ctrl+C for one process alone")
def test_ctrl_c_cancels_and_says_so(home: Path) -> None:
    long = ("--steps", "200", "--size", "192x128", "--frames", "81", "--takes", "2")
    with subprocess.Popen(
        [sys.executable, "-m", "studio", "render", PROMPT, *long, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=PROJECT,
        env={**os.environ, "STUDIO_HOME": str(home)},
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if '"stage": "sample"' in line:
                break
        running.send_signal(signal.SIGINT)
        rest, complaint = running.communicate(timeout=60)
    events = [json.loads(line) for line in rest.splitlines()]
    cancelled = [event["take"] for event in events if event["event"] == "cancelled"]
    assert sorted(cancelled) == [1, 2]
    assert events[-1] == {"event": "done", "finished": 0, "failed": 0, "cancelled": 2}
    assert (running.returncode, complaint) == (130, "")


def test_doctor_knows_this_computer(studio: Run) -> None:
    (report,) = told(studio("doctor", "--json"))
    assert report["hardware"]["ram_total_gb"] > 1
    assert report["models"]["pocket"] is True
