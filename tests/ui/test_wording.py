"""Every sentence exists in both languages, is used, and is asked for by a name that exists."""

import json
import re

from studio.paths import ASSETS, PROJECT
from studio.prompt import Reason
from studio.ui import wording

# Keys that are put together in the scripts: say('state_' + state) and the like.
BUILT = {
    "state": "queued paused running finished failed cancelled interrupted",
    "kind": "preview final",
    "work": "start load text sample high low decode",
    "reason": " ".join(reason.value.replace("-", "_") for reason in Reason),
    "use": "any advertising film social product education poster_in_motion",
    "from": "words picture last",
    "stage": "listing fetching checking preparing retrying paused failed",
    "queue": "sooner later",
    "standing": "new same own bundled",
    "way": "keep_both replace skip",
    "says": "prompt negative_add negative_remove sampling_steps sampling_guidance loras",
    "lora": "high low",
    "starred": "empty",
    "trash": "empty",
    "library": "empty",
    "fidelity": "free balanced close",
}
GROUPS = {"lighting", "composition", "tone", "more"}


def asked_for() -> set[str]:
    text = "".join(path.read_text("utf-8") for path in sorted(ASSETS.glob("*.[jh][st]*")))
    pages = "".join(path.read_text("utf-8") for path in (PROJECT / "studio/ui").glob("*.py"))
    keys = set(re.findall(r"""\bsay(?:-label)?="(\w+)\"""", text))
    keys |= set(re.findall(r"""\bsay\('(\w+)'[,)]""", text))
    keys |= set(re.findall(r"""'(fact_\w+)'""", text))
    choices = re.findall(r"""\bsay\([^'()]*\? '(\w+)' : '(\w+)'\)""", text)
    keys |= {key for choice in choices for key in choice}
    keys |= set(re.findall(r"""\bsay\("(\w+)"\)""", pages))
    keys.discard("key")  # an example in a comment
    built = {f"{start}_{end}" for start, ends in BUILT.items() for end in ends.split()}
    return keys | built | GROUPS


def test_both_languages_are_whole() -> None:
    for key, words in wording.SENTENCES.items():
        assert words.en.strip() and words.zh.strip(), key
        holes = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (words.en, words.zh)]
        assert holes[0] == holes[1], key
        assert not re.search("[\u4e00-\u9fff]", words.en), key


def test_every_key_that_is_asked_for_exists() -> None:
    assert asked_for() - set(wording.SENTENCES) == set()


def test_every_sentence_is_used() -> None:
    assert set(wording.SENTENCES) - asked_for() == set()


def test_the_table_may_stand_in_a_script() -> None:
    assert "<" not in wording.as_json()
    assert set(json.loads(wording.as_json())) == {"en", "zh"}
