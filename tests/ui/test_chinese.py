"""The studio's own sentences in Chinese: every one, with its values in their places."""

import errno
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from studio import models, presets, vocabulary
from studio.errors import StudioError
from studio.hub import checked_address
from studio.jobs.job import State
from studio.jobs.queue import Queue
from studio.models import MODELS, T2V_A14B
from studio.paths import places
from studio.plan import plans
from studio.recipe import Recipe
from studio.shot import Kind, usual_extents
from studio.ui.chinese import BORROWED, SENTENCES, told
from studio.ui.desk import Desk
from tests.jobs.making import add
from tests.nouns.test_plan import computer
from tests.nouns.test_presets import BROKEN
from tests.ui.fake_studio import FakeStudio
from tests.ui.sentences import Sentences

# Names, which are the same in every language.
NAMES = {
    "DIFFUSERS_ATTN_BACKEND",
    "native",
    "sage",
    "full",
    "python -m studio models get {} --bundle {}",
}
# Only the order and the marks between values differ.
FRAMES = {"{} needs {}.", "{} at {}×{} in {}", "{}, “{}”: {}"}
HAN = re.compile("[\u3400-\u9fff]")
# Three words in a row that nobody quotes.
ENGLISH = re.compile(r"(?<![“'\w.])[A-Za-z]+ [a-z]+ [a-z]+\b")


def bare(sentence: str) -> str:
    """Inside another sentence it has no full stop, and is the same."""
    return sentence.removesuffix(".")


@cache
def said() -> set[str]:
    """Everything the studio says, but for what is only values and their separators."""
    plainer = {text for pair in presets.PLAINER.values() for text in pair}
    found = Sentences().templates | plainer | {state.value for state in State}
    return {bare(each) for each in found if re.search("[A-Za-z]{2}|“", each)} - NAMES


def holes(chinese: str) -> list[int]:
    fields = [field for _, field, *_ in Formatter().parse(chinese) if field is not None]
    return sorted(int(field) if field else place for place, field in enumerate(fields))


def test_every_sentence_has_its_chinese() -> None:
    assert said() - {bare(each) for each in SENTENCES} == set()


def test_no_chinese_is_left_of_a_sentence_that_is_gone() -> None:
    assert {bare(each) for each in SENTENCES} - said() == set()


def test_a_sentence_is_there_once() -> None:
    both = [bare(each) for each in (*SENTENCES, *BORROWED)]
    assert len(both) == len(set(both))


def test_each_sentence_is_whole() -> None:
    for english, chinese in SENTENCES.items():
        assert HAN.search(chinese) or english in FRAMES, english
        assert holes(chinese) == holes(english), english
        assert english.endswith(".") == chinese.endswith("。"), english
        assert not re.search("[,;:?!()] *[\u3400-\u9fff]|[\u3400-\u9fff] *[,;?!]", chinese), chinese


def test_each_sentence_gives_its_values_back() -> None:
    for english, chinese in (SENTENCES | BORROWED).items():
        values = [f"Ω{place}" for place, _ in enumerate(holes(english))]
        sentence, wanted = english.format(*values), chinese.format(*values)
        assert told(sentence, "zh") == wanted
        assert told(f"{bare(sentence)}.", "zh") == f"{wanted.removesuffix('。')}。"
        assert told(sentence, "en") == sentence


def caught(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(StudioError) as error:
        act()
    return told(error.value.message, "zh"), told(error.value.advice, "zh")


def test_errors_of_the_form(studio: FakeStudio) -> None:
    def foreseen(**asked: Any) -> tuple[str, str]:
        return caught(lambda: studio.foresee(Recipe(**asked), Kind.PREVIEW))

    assert foreseen() == ("还没有可拍的内容。", "请描述镜头，或拖入一张参考图。")
    assert foreseen(prompt="x", steps=5000)[0] == "步数不能为 5000。"
    assert foreseen(prompt="x", width=100, height=96)[0] == "Pocket 的宽度不能为 100。"
    assert foreseen(prompt="x" * 30_000)[0] == "提示词有 30,000 个字符，太长了。"
    assert foreseen(prompt="x", look={"time_of_day": ("day", "night")})[0] == (
        "时间选了 2 项，太多了。"
    )
    assert foreseen(prompt="x", model="i2v-a14b")[0] == "Wan2.2 I2V-A14B 需要一张起始画面。"


def test_errors_of_files(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("schema: 1\nid: a\nname: {en: A}\nlook: {lens: x}", "utf-8")
    here = places()
    assert caught(lambda: presets.read(mine))[0] == (
        "mine.yaml（第 4 行，look.lens）：没有名为“lens”的类别。"
    )
    assert caught(lambda: presets.read_bytes(b"a: b: c", "This preset"))[0] == (
        "此预设（第 1 行）：不是有效的 YAML：此处不能写键和值。"
    )
    assert caught(lambda: presets.read(tmp_path / "gone.yaml"))[0] == (
        f"无法读取预设文件 {tmp_path / 'gone.yaml'}：没有这个文件或文件夹。"
    )
    assert caught(lambda: presets.find("neon-nor", here)) == (
        "没有名为“neon-nor”的预设。",
        "是不是：neon-noir。",
    )
    assert caught(lambda: models.model("sdxl"))[0] == "没有名为“sdxl”的模型。"
    assert caught(lambda: vocabulary.term("lighting_type", "sof"))[0] == "“sof”不是光线中的选项。"
    assert caught(lambda: checked_address("nowhere"))[0] == "“nowhere”不是镜像地址。"


def test_what_is_quoted_stays_as_it_was_written() -> None:
    assert (
        told("There is no preset “it says nothing”.", "zh") == "没有名为“it says nothing”的预设。"
    )
    assert told("Now it is 'the room is empty'.", "zh") == "现在是 'the room is empty'。"
    assert told("Nobody has ever said this.", "zh") == "Nobody has ever said this."


def test_what_the_system_says_is_known() -> None:
    for number in (errno.EACCES, errno.ENOENT, errno.EEXIST, errno.ENOSPC):
        assert HAN.search(told(os.strerror(number), "zh"))


@pytest.mark.parametrize("case", BROKEN)
def test_every_fault_of_a_preset(case: str) -> None:
    text = BROKEN[case][0]
    for fault in presets.faults(text) if isinstance(text, str) else []:
        chinese = told(fault.message, "zh")
        assert HAN.search(chinese) and not ENGLISH.search(chinese), chinese
        assert HAN.search(told(fault.advice, "zh"))


@pytest.mark.parametrize("spec", MODELS.values(), ids=list(MODELS))
def test_every_reason_of_a_plan(spec: models.ModelSpec) -> None:
    for extent in usual_extents(spec):
        for memory in ((0, 16), (0, 128), (8, 16), (12, 32), (24, 64), (80, 128)):
            for plan in plans(extent, spec, computer(*memory)):
                chinese = told(plan.reason, "zh").replace(spec.name, "")
                assert not ENGLISH.search(chinese), chinese


def test_reasons_word_for_word() -> None:
    preview = usual_extents(T2V_A14B)[0]
    best, *_, worst = plans(preview, T2V_A14B, computer(12, 32))
    assert told(best.reason, "zh") == (
        "Wan2.2 T2V-A14B（832×480，int8）可以运行：各部分从磁盘读取，轮流进入显卡，"
        "40 个模块中有 27 个每步重新载入；若用 bf16，需内存 29.7 GB，可用 27.2 GB。"
    )
    assert told(worst.reason, "zh") == (
        "Wan2.2 T2V-A14B（832×480，bf16）需显存 57.9 GB，可用 11.2 GB。"
    )


def test_a_failure_that_was_written_down_is_told_in_both(
    studio: FakeStudio, tmp_path: Path
) -> None:
    queue = Queue(tmp_path / "queue.db")
    job = add(queue, "a ball")[0]
    queue.claim()
    queue.fail(job.id, "The render went wrong: ValueError: no", "Run it again.")
    kept = queue.job(job.id)
    studio.render(Recipe(prompt="a ball"), Kind.PREVIEW)
    studio.change(1, state=State.FAILED, error=kept.error, advice=kept.advice)
    stage = Desk(studio).poll({"focus": 1})["stage"]
    assert stage["error"] == {
        "en": "The render went wrong: ValueError: no",
        "zh": "渲染出错：ValueError：no",
    }
    assert stage["advice"] == {"en": "Run it again.", "zh": "请重新运行。"}
