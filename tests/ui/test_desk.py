"""The live part: what the page is told while takes come and go."""

from dataclasses import replace

import pytest

from studio.events import Failed
from studio.jobs.job import State
from studio.recipe import Recipe
from studio.ui.desk import MAX_TAKES_SHOWN, Desk
from studio.ui.served import served
from tests.ui.fake_studio import FakeStudio

BALL = Recipe(prompt="a red ball", seed=7)


@pytest.fixture
def desk(studio: FakeStudio) -> Desk:
    return Desk(studio)


def test_an_empty_desk(desk: Desk, studio: FakeStudio) -> None:
    told = desk.poll({})
    assert told["stage"] == {"state": "empty", "welcome": {}}
    assert told["takes"] == [] and not told["busy"]


def test_what_keeps_the_worker_from_starting_is_told(desk: Desk, studio: FakeStudio) -> None:
    studio.broken = Failed(error="The model process does not start.", advice="Run it again.")
    told = desk.poll({})
    assert told["trouble"]["message"]["en"] == "The model process does not start."
    assert told["trouble"]["advice"] == {"en": "Run it again.", "zh": "请重新运行。"}
    assert desk.poll({"revision": told["revision"]})["trouble"] == told["trouble"]


def test_the_library_has_a_revision_of_its_own(desk: Desk, studio: FakeStudio) -> None:
    before = desk.render(BALL, 1)
    studio.run(1, step=1)
    stepped = desk.poll({"focus": 1, "revision": before["revision"]})
    assert stepped["revision"] != before["revision"] and stepped["library"] == before["library"]
    studio.finish(1)
    assert desk.poll({"focus": 1})["library"] != before["library"]


def test_a_take_of_a_model_nobody_knows_shows_its_id(desk: Desk, studio: FakeStudio) -> None:
    desk.render(BALL, 1)
    studio.change(1, shot=replace(studio.job(1).shot, model="from-elsewhere"))
    assert desk.poll({"focus": 1})["stage"]["model"] == "from-elsewhere"


def test_nothing_new_is_told_in_one_word(desk: Desk) -> None:
    revision = desk.poll({})["revision"]
    assert desk.poll({"revision": revision})["same"] is True


def test_a_page_from_before_a_restart_is_told_everything(studio: FakeStudio) -> None:
    before = Desk(studio).poll({})["revision"]
    assert "stage" in Desk(studio).poll({"revision": before})


def test_a_take_from_the_line_to_the_library(desk: Desk, studio: FakeStudio) -> None:
    told = desk.render(BALL, 2)
    first, second = (job.id for job in studio.kept_jobs)
    assert told["focus"] == first and told["waiting"] == 2 and told["busy"]
    assert desk.poll({"focus": second})["stage"]["ahead"] == 1

    studio.run(first, step=4)
    stage = desk.poll({"focus": first})["stage"]
    assert stage["state"] == "running" and stage["percent"] == 50
    assert stage["progress"] == {
        "stage": "sample",
        "expert": "high",
        "step": 4,
        "of": 8,
        "seconds_left": 3.0,
        "glimpse": None,
    }

    clip = studio.finish(first)
    stage = desk.poll({"focus": first})["stage"]
    assert stage["state"] == "finished"
    assert stage["clip"]["file"] == str(clip.file) and stage["clip"]["can_refine"]


def test_a_new_page_shows_what_runs(desk: Desk, studio: FakeStudio) -> None:
    desk.render(BALL, 1)
    studio.finish(1)
    desk.render(BALL, 1)
    studio.run(2, step=1)
    assert desk.poll({})["focus"] == 2
    assert desk.poll({"focus": "nonsense"})["focus"] == 2


def test_refine_shows_its_preview_while_it_waits(desk: Desk, studio: FakeStudio) -> None:
    desk.render(BALL, 1)
    clip = studio.finish(1)
    told = desk.act({"name": "refine", "id": 1, "fidelity": 0.8})
    assert told["problem"] is None
    assert told["stage"]["kind"] == "final"
    assert told["stage"]["poster"] == str(clip.poster)
    assert studio.kept_jobs[-1].shot.refine.fidelity == 0.8


def test_pause_go_on_or_make_do(desk: Desk, studio: FakeStudio) -> None:
    desk.render(BALL, 1)
    studio.run(1, step=4)
    told = desk.act({"name": "pause", "id": 1})
    assert told["stage"]["state"] == "paused"
    assert told["stage"]["again"] and told["stage"]["kept"] == "some"
    assert desk.act({"name": "again", "id": 1})["stage"]["state"] == "queued"
    desk.act({"name": "pause", "id": 1})
    assert desk.act({"name": "early", "id": 1})["stage"]["state"] == "queued"


def test_with_every_step_kept_only_the_decoding_is_left(desk: Desk, studio: FakeStudio) -> None:
    desk.render(BALL, 1)
    studio.change(1, state=State.FAILED, error="The disk is full.", advice="Make room.")
    assert desk.poll({"focus": 1})["stage"]["kept"] == "none"
    studio.run(1, step=studio.job(1).shot.steps)
    studio.change(1, state=State.FAILED)
    assert desk.poll({"focus": 1})["stage"]["kept"] == "all"


def test_variations_say_in_what_they_differ(desk: Desk, studio: FakeStudio) -> None:
    desk.render(BALL, 1)
    told = desk.act({"name": "vary", "id": 1})
    takes = [take for take in told["takes"] if take["id"] != 1]
    assert len({take["look"]["en"] for take in takes}) == len(takes) == 3
    assert told["stage"]["look"] == takes[-1]["look"]
    assert all(take["look"] is None for take in told["takes"] if take["id"] == 1)
    assert len({job.shot.prompt for job in studio.jobs(3)}) == 3


REPEATED = [State.PAUSED, State.FAILED, State.INTERRUPTED, State.CANCELLED]


@pytest.mark.parametrize("state", REPEATED)
def test_what_ended_badly_can_be_run_again(desk: Desk, studio: FakeStudio, state: State) -> None:
    desk.render(BALL, 1)
    studio.change(1, state=state, error="It broke.", advice="Try again.")
    stage = desk.poll({"focus": 1})["stage"]
    assert (
        stage["again"]
        and stage["error"]["en"] == "It broke."
        and stage["advice"]["en"] == "Try again."
    )
    told = desk.act({"name": "again", "id": 1})
    assert told["focus"] == 1 and told["stage"]["state"] == "queued"


def test_another_take_draws_a_new_seed(desk: Desk, studio: FakeStudio) -> None:
    desk.render(BALL, 1)
    desk.act({"name": "another", "id": 1})
    assert studio.kept_jobs[-1].recipe.seed is None


def test_cancel_and_forget(desk: Desk, studio: FakeStudio) -> None:
    desk.render(BALL, 1)
    assert desk.act({"name": "cancel", "id": 1})["stage"]["state"] == "cancelled"
    assert desk.act({"name": "forget", "id": 1})["takes"] == []


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "refine", "id": 1},
        {"name": "format-disk", "id": 1},
        {"name": "cancel", "id": None},
        {"name": "cancel", "id": 99},
        {},
    ],
)
def test_what_cannot_be_done_is_said(desk: Desk, asked: dict[str, object]) -> None:
    desk.render(BALL, 1)
    problem = desk.act(asked)["problem"]
    assert problem["message"] and problem["advice"]


LOOKS = ("neon-noir", "claymation-workshop", "golden-hour-drift")


def test_a_sweep_is_a_take_of_each_look_with_its_sheet_open(desk: Desk, studio: FakeStudio) -> None:
    told = desk.sweep(replace(BALL, presets=LOOKS, look={"color_tone": ("warm",)}))
    assert [job.recipe.presets for job in studio.kept_jobs] == [(look,) for look in LOOKS]
    assert {job.recipe.look["color_tone"] for job in studio.kept_jobs} == {("warm",)}
    sheet = told["sheet"]
    assert (told["focus"], told["stage"]["sheet"]) == (1, {"group": sheet["group"], "looks": 3})
    assert told["stage"]["look"] == {"en": "Neon noir", "zh": "霓虹黑色电影"}
    assert [take["look"]["en"] for take in told["takes"]] == [
        *("Golden hour drift", "Claymation workshop", "Neon noir")
    ]
    assert [look["state"] for look in sheet["looks"]] == ["queued"] * 3
    assert sheet["subject"] == "a red ball" and "3 looks" in sheet["facts"]["en"]
    assert "3 种风格" in sheet["facts"]["zh"] and "种子 7" in sheet["facts"]["zh"]


def test_a_sheet_follows_its_takes_and_what_works_them_up(desk: Desk, studio: FakeStudio) -> None:
    group = desk.sweep(replace(BALL, presets=LOOKS))["sheet"]["group"]
    clip = studio.finish(1)
    studio.run(2, step=2)
    studio.change(3, state=State.FAILED, error="It broke.", advice="Try again.")
    done, running, failed = desk.poll({"sheet": group})["sheet"]["looks"]
    assert (done["file"], done["poster"]) == (str(clip.file), str(clip.poster))
    assert (running["state"], running["percent"], running["clip"]) == ("running", 25, None)
    assert running["glimpse"] is None
    glimpse = replace(studio.job(2).progress, glimpse=studio.places.glimpses / "2.webp")
    studio.change(2, progress=glimpse)
    told = desk.poll({"sheet": group})["sheet"]["looks"][1]
    assert told["glimpse"] == str(studio.places.glimpses / "2.webp")
    assert (failed["state"], failed["error"]["en"]) == ("failed", "It broke.")

    asked = {"name": "refine", "group": group, "sheet": group, "clips": [clip.id], "id": 2}
    told = desk.act(asked)
    assert told["problem"] is None and told["focus"] == 2
    assert told["sheet"]["looks"][0]["refine"] == {"state": "queued", "percent": 0}
    assert told["takes"][0]["kind"] == "final" and told["takes"][0]["look"]["en"] == "Neon noir"
    assert desk.poll({"focus": 4})["stage"]["sheet"] == {"group": group, "looks": 3}

    again = desk.act({"name": "again", "group": group, "sheet": group})["sheet"]["looks"]
    assert [look["state"] for look in again] == ["finished", "running", "queued"]
    desk.act({"name": "cancel", "group": group})
    assert studio.asked == [("cancel_sweep", group)]
    assert desk.act({"name": "forget", "group": group})["problem"]["advice"]

    studio.trash(clip.id)
    assert desk.poll({"sheet": group})["sheet"]["looks"][0]["clip"] is None


@pytest.mark.parametrize("group", [None, "nonsense", 7, ["g"]])
def test_a_sheet_that_is_not_there_is_none(desk: Desk, group: object) -> None:
    desk.render(BALL, 2)
    told = desk.poll({"sheet": group})
    assert told["sheet"] is None and told["stage"]["sheet"] is None


def test_takes_with_the_same_look_are_no_sweep(desk: Desk) -> None:
    told = desk.render(replace(BALL, presets=("neon-noir",)), 1)
    assert told["stage"]["sheet"] is None and told["takes"][0]["look"] is None


def test_a_sheet_and_a_reel_are_saved_as_they_are_asked_for(desk: Desk, studio: FakeStudio) -> None:
    group = desk.sweep(replace(BALL, presets=LOOKS))["sheet"]["group"]
    asked = {"group": group, "what": "sheet", "takes": [1, 3, "x"], "language": "zh"}
    file = studio.places.exports / "looks.jpg"
    assert desk.save(asked) == {"file": str(file), "name": "looks.jpg", "undrawable": "龘"}
    assert desk.save({"group": group, "what": "reel"})["name"] == "looks.mp4"
    assert studio.asked == [
        ("save_sheet", group, "zh", [1, 3]),
        ("save_reel", group, "en", []),
    ]


def test_a_take_that_left_the_strip_can_still_be_on_the_stage(
    desk: Desk, studio: FakeStudio
) -> None:
    desk.sweep(replace(BALL, presets=LOOKS))
    desk.render(BALL, MAX_TAKES_SHOWN)
    told = desk.poll({"focus": 2})
    assert told["focus"] == 2 and told["stage"]["look"]["en"] == "Claymation workshop"
    assert 2 not in [take["id"] for take in told["takes"]]


def test_a_clip_removed_for_good_leaves_its_take(desk: Desk, studio: FakeStudio) -> None:
    desk.render(BALL, 1)
    studio.finish(1)
    studio.kept_clips.clear()
    studio.changes += 1
    assert desk.poll({"focus": 1})["stage"]["clip"] is None


def test_a_served_function_says_errors_and_survives_nonsense(desk: Desk) -> None:
    assert served(desk.recipe_of)({"no": "job"})["problem"]["message"]  # type: ignore[arg-type]
    assert "stage" in served(desk.poll)([1, 2])  # type: ignore[arg-type]


def test_the_queue_in_its_order_then_what_stopped(desk: Desk, studio: FakeStudio) -> None:
    first, second, third = studio.render(Recipe(prompt="A kite"), takes=3)
    studio.run(second.id, 4)
    studio.change(third.id, state=State.FAILED, error="No memory.", advice="Make it smaller.")
    told = desk.poll({})["queue"]
    assert [(row["id"], row["state"]) for row in told] == [
        (second.id, "running"),
        (first.id, "queued"),
        (third.id, "failed"),
    ]
    assert (told[0]["percent"], told[0]["left"]) == (50, 3.0)
    assert told[2]["error"]["en"] == "No memory."
    assert told[2]["advice"]["en"] == "Make it smaller."


def test_acting_in_the_queue_leaves_the_stage(desk: Desk, studio: FakeStudio) -> None:
    first, second = studio.render(Recipe(prompt="A kite"), takes=2)
    told = desk.act({"name": "cancel", "id": second.id, "stage": first.id})
    assert told["focus"] == first.id
    desk.act({"name": "move", "id": second.id, "before": first.id, "stage": first.id})
    desk.act({"name": "move", "id": second.id, "before": None})
    assert studio.asked[-2:] == [("move", second.id, first.id), ("move", second.id, None)]
    desk.act({"name": "pause_all", "id": first.id})
    assert studio.job(first.id).state is State.PAUSED
    desk.act({"name": "again_all", "id": first.id})
    assert studio.job(first.id).state is State.QUEUED


def test_what_is_paused_stays_in_the_queue_however_old_it_is(
    desk: Desk, studio: FakeStudio
) -> None:
    old, *_ = studio.render(Recipe(prompt="A long take"))
    studio.pause(old.id)
    for job in studio.render(Recipe(prompt="A kite"), takes=MAX_TAKES_SHOWN):
        studio.finish(job.id)
    state = desk.poll({})
    assert [row["id"] for row in state["queue"]] == [old.id]
    assert old.id not in [take["id"] for take in state["takes"]] and not state["busy"]
    assert desk.act({"name": "again_all"})["busy"]
    assert studio.job(old.id).state is State.QUEUED


def test_kept_and_thrown_away_from_the_stage(desk: Desk, studio: FakeStudio) -> None:
    (job,) = studio.render(Recipe(prompt="A kite"))
    clip = studio.finish(job.id)
    assert desk.act({"name": "star", "id": job.id})["stage"]["clip"]["stars"] == 1
    assert desk.act({"name": "star", "id": job.id})["stage"]["clip"]["stars"] == 0
    assert desk.act({"name": "trash", "id": job.id})["stage"]["clip"]["trashed"]
    desk.act({"name": "restore", "id": job.id})
    assert not studio.clip(clip.id).trashed
