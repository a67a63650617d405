"""The prompt: only what was chosen, the person's words whole, every part traced."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import InvalidRequest
from studio.lora import Lora
from studio.models import I2V_A14B, MODELS, OFFICIAL_NEGATIVE, T2V_A14B
from studio.presets import Preset, from_document
from studio.prompt import Expansion, Origin, Reason, expand
from studio.recipe import Picture, Recipe
from studio.vocabulary import CATEGORIES, Form, category, term

FERRY = "A ferry leaves the pier."
渡轮 = "一艘渡轮驶离码头。"
PICTURE = Picture(sha256="0" * 64)


def preset(id: str = "mine", **said: Any) -> Preset:
    return from_document({"schema": 1, "id": id, "name": {"en": id}, **said})


def expanded(prompt: str = FERRY, *presets: Preset, **asked: Any) -> Expansion:
    return expand(Recipe(prompt=prompt, **asked), T2V_A14B, presets)


def negatives(expansion: Expansion) -> list[str]:
    return expansion.negative_prompt.split(", ")


# --- nothing is added that nobody chose -----------------------------------------------------------


@given(text=st.text(max_size=200))
def test_with_nothing_chosen_the_prompt_is_the_text_exactly(text: str) -> None:
    expansion = expanded(text)
    assert expansion.prompt == text
    assert [part.origin for part in expansion.parts] == [Origin.USER] * bool(text)


def test_a_long_text_is_never_cut() -> None:
    text = "word " * 2000
    assert text in expanded(text, look={"color_tone": ("warm",)}).prompt


def test_the_official_negative_prompt_is_left_alone() -> None:
    for text, language in ((FERRY, "en"), (渡轮, "zh")):
        expansion = expanded(text)
        comma = ", " if language == "en" else "，"
        assert expansion.negative_prompt == comma.join(w.get(language) for w in OFFICIAL_NEGATIVE)
        assert {part.origin for part in expansion.negative_parts} == {Origin.MODEL}
        assert {part.source for part in expansion.negative_parts} == {"t2v-a14b"}


# --- order and origin -----------------------------------------------------------------------------


def test_the_whole_order_in_english() -> None:
    look = {
        "camera_move": ("push-in",),
        "emotion": ("happy",),
        "color_tone": ("warm",),
        "lighting_type": ("soft", "side"),
        "style": ("claymation",),
    }
    mine = preset(prompt={"en": "{prompt} Gulls circle."})
    assert expanded("A ferry leaves", mine, look=look).prompt == (
        "In a claymation style, soft lighting, side lighting, warm colors. A ferry leaves. "
        "Gulls circle. The expression is happy. The camera pushes in for a close-up."
    )


def test_the_whole_order_in_chinese() -> None:
    look = {
        "camera_move": ("push-in",),
        "emotion": ("happy",),
        "color_tone": ("warm",),
        "style": ("claymation",),
    }
    mine = preset(prompt={"en": "{prompt} Gulls circle.", "zh": "{prompt}海鸥盘旋。"})
    expansion = expanded("一艘渡轮驶离", mine, look=look)
    assert expansion.language == "zh"
    assert expansion.prompt == (
        "黏土风格，暖色调。一艘渡轮驶离。海鸥盘旋。人物表情高兴。镜头推进。"
    )


def test_each_part_says_who_wrote_it() -> None:
    mine = preset(
        "golden", look={"color_tone": "warm"}, prompt={"en": "{prompt} Dust."}, negative={}
    )
    expansion = expanded(FERRY, mine, look={"lighting_type": ("soft",), "camera_move": ("arc",)})
    assert [(part.text, part.origin, part.source) for part in expansion.parts] == [
        ("soft lighting", Origin.CARD, "lighting_type=soft"),
        (", warm colors", Origin.PRESET, "golden"),
        (f". {FERRY}", Origin.USER, "prompt"),
        (" Dust.", Origin.PRESET, "golden"),
        (" Arc shot: the camera circles around the subject.", Origin.CARD, "camera_move=arc"),
    ]


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("A ferry", "A ferry. The camera tilts up."),
        ("A ferry.", "A ferry. The camera tilts up."),
        ("A ferry!", "A ferry! The camera tilts up."),
        ("“A ferry?”", "“A ferry?” The camera tilts up."),
        ("A ferry. ", "A ferry. The camera tilts up."),
        ("A ferry\n", "A ferry\n. The camera tilts up."),
        ("", "The camera tilts up."),
    ],
)
def test_sentences_are_joined_without_touching_the_text(text: str, then: str) -> None:
    assert expanded(text, look={"camera_move": ("tilt-up",)}).prompt == then


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (FERRY, "en"),
        (渡轮, "zh"),
        ("", "en"),
        ("A neon sign reads “酒吧” in the rain.", "en"),
        ("一辆Tesla驶过雨夜的街道", "zh"),
        ("Une péniche passe.", "en"),
    ],
)
def test_the_tags_speak_the_language_of_the_text(text: str, language: str) -> None:
    expansion = expanded(text, look={"color_tone": ("warm",)})
    assert expansion.language == language
    assert expansion.parts[0].text == ("warm colors" if language == "en" else "暖色调")


# --- what is left out, and said so ----------------------------------------------------------------


def left_out(expansion: Expansion) -> list[tuple[str, Reason]]:
    return [(one.term.id, one.reason) for one in expansion.left_out]


def test_a_flat_style_drops_the_cinema_tags_and_keeps_what_happens() -> None:
    look = {
        "style": ("2d-anime",),
        "lighting_type": ("soft",),
        "shot_size": ("wide",),
        "motion": ("running",),
        "camera_move": ("pan-right",),
    }
    expansion = expanded(look=look)
    assert expansion.prompt == (
        f"In a 2D anime style. {FERRY} The subject is running. The camera pans to the right."
    )
    assert left_out(expansion) == [("soft", Reason.FLAT_STYLE), ("wide", Reason.FLAT_STYLE)]


def test_a_solid_style_keeps_the_cinema_tags() -> None:
    expansion = expanded(look={"style": ("felt",), "lighting_type": ("soft",)})
    assert expansion.prompt == f"In a felt style, soft lighting. {FERRY}"


def test_a_camera_move_drops_the_camera_angle() -> None:
    expansion = expanded(look={"camera_angle": ("low-angle",), "camera_move": ("tracking",)})
    assert "angle" not in expansion.prompt
    assert left_out(expansion) == [("low-angle", Reason.CAMERA_MOVE)]
    assert "low angle shot" in expanded(look={"camera_angle": ("low-angle",)}).prompt


PICTURE_LOOK = {
    "light_source": ("daylight",),
    "lighting_type": ("soft",),
    "time_of_day": ("day",),
    "shot_size": ("wide",),
    "composition": ("center",),
    "focal_length": ("long",),
    "camera_angle": ("aerial",),
    "shot_type": ("two",),
    "color_tone": ("warm",),
    "motion": ("running",),
    "emotion": ("happy",),
    "style": ("felt",),
}


def test_a_picture_decides_the_look_unless_the_person_insists() -> None:
    recipe = Recipe(prompt=FERRY, look=PICTURE_LOOK, picture=PICTURE)
    expansion = expand(recipe, I2V_A14B, [])
    assert expansion.prompt == (
        f"In a felt style. {FERRY} The subject is running. The expression is happy."
    ) or expansion.prompt == (
        f"In a felt style. {FERRY} The expression is happy. The subject is running."
    )
    assert {reason for _, reason in left_out(expansion)} == {Reason.PICTURE}
    assert len(expansion.left_out) == 9

    insisting = Recipe(prompt=FERRY, look=PICTURE_LOOK, picture=PICTURE, look_over_picture=True)
    everything = expand(insisting, I2V_A14B, [])
    assert everything.left_out == ()
    assert everything.prompt == expand(Recipe(prompt=FERRY, look=PICTURE_LOOK), T2V_A14B, []).prompt


def test_the_look_of_a_preset_gives_way_to_a_picture_too() -> None:
    mine = preset(look={"time_of_day": "night", "camera_move": "push-in"})
    expansion = expand(Recipe(prompt=FERRY, picture=PICTURE), I2V_A14B, [mine])
    assert expansion.prompt == f"{FERRY} The camera pushes in for a close-up."
    assert [(one.term.id, one.source) for one in expansion.left_out] == [("night", "mine")]


# --- several presets ------------------------------------------------------------------------------


def test_within_a_category_the_later_preset_wins_and_a_card_over_all() -> None:
    day, night = (
        preset("day", look={"time_of_day": "day"}),
        preset("night", look={"time_of_day": "night"}),
    )
    expansion = expanded(FERRY, day, night)
    assert expansion.prompt == f"night time. {FERRY}"
    assert [(o.term.id, o.source, o.reason) for o in expansion.left_out] == [
        ("day", "day", Reason.REPLACED)
    ]
    assert expanded(FERRY, night, day).prompt == f"day time. {FERRY}"
    carded = expanded(FERRY, day, night, look={"time_of_day": ("dawn",)})
    assert carded.prompt == f"dawn time. {FERRY}"
    assert {o.term.id for o in carded.left_out} == {"day", "night"}


def test_a_term_chosen_twice_belongs_to_the_last_who_chose_it() -> None:
    one, two = (preset(id, look={"color_tone": "warm"}) for id in ("one", "two"))
    for chosen, look, source in (
        ([one, two], {}, "two"),
        ([two, one], {}, "one"),
        ([one], {"color_tone": ("warm",)}, "color_tone=warm"),
    ):
        expansion = expanded(FERRY, *chosen, look=look)
        assert [part.source for part in expansion.parts] == [source, "prompt"]
        assert expansion.left_out == ()


def test_lists_merge_up_to_the_category_s_limit() -> None:
    one = preset("one", look={"lighting_type": ["soft", "side"]})
    two = preset("two", look={"lighting_type": ["edge", "top"]})
    expansion = expanded(FERRY, one, two)
    emitted = {part.text.strip(", ") for part in expansion.parts if part.origin is Origin.PRESET}
    assert len(emitted) == category("lighting_type").limit == 3
    assert {"edge lighting", "top lighting"} < emitted
    assert len(expansion.left_out) == 1 and expansion.left_out[0].source == "one"


def test_the_same_preset_twice_says_nothing_twice() -> None:
    mine = preset(look={"lighting_type": ["soft", "side"], "color_tone": "warm"})
    assert expanded(FERRY, mine, mine).prompt == expanded(FERRY, mine).prompt
    assert expanded(FERRY, mine, mine).left_out == ()


def test_sentences_of_several_presets_follow_in_order() -> None:
    one = preset("one", prompt={"en": "{prompt} Gulls circle."})
    two = preset("two", prompt={"en": "{prompt}, at sea"})
    assert expanded("A ferry", two, one).prompt == "A ferry, at sea. Gulls circle."


def test_words_in_front_stand_in_front() -> None:
    dream = preset("dream", prompt={"en": "A dream: {prompt}"})
    film = preset("film", prompt={"en": "On old film, {prompt}"})
    look = {"color_tone": ("warm",)}
    assert expanded("a ferry", dream, look=look).prompt == "warm colors. A dream: a ferry"
    assert expanded("a ferry", dream, film).prompt == "On old film, A dream: a ferry"
    expansion = expanded("a ferry", dream)
    assert [part.origin for part in expansion.parts] == [Origin.PRESET, Origin.USER]


def test_the_last_sampling_that_is_stated_wins() -> None:
    one = preset("one", sampling={"steps": 30, "guidance": 2.5})
    two = preset("two", sampling={"steps": 12})
    expansion = expanded(FERRY, one, two, preset("three"))
    assert (expansion.steps, expansion.guidance) == (12, 2.5)
    assert (expanded().steps, expanded().guidance) == (None, None)


# --- the negative prompt --------------------------------------------------------------------------


def test_presets_edit_the_negative_prompt() -> None:
    mine = preset(negative={"add": {"en": ["flat light"]}, "remove": ["overexposed", "字幕"]})
    words = negatives(expanded(FERRY, mine))
    assert "overexposed" not in words and "subtitles" not in words
    assert words[-1] == "flat light"
    assert len(words) == len(OFFICIAL_NEGATIVE) - 1
    part = expanded(FERRY, mine).negative_parts[-1]
    assert (part.origin, part.source, part.text) == (Origin.PRESET, "mine", ", flat light")


def test_a_chosen_term_lifts_what_forbids_it() -> None:
    assert "style" in negatives(expanded())
    assert "style" not in negatives(expanded(look={"style": ("felt",)}))
    fixed = negatives(expanded(look={"camera_move": ("fixed",)}))
    assert "static" not in fixed and "still picture" not in fixed and "ugly" in fixed
    assert "静" not in expanded(渡轮, look={"camera_move": ("fixed",)}).negative_prompt


def test_a_term_that_was_left_out_lifts_nothing() -> None:
    recipe = Recipe(prompt=FERRY, look={"color_tone": ("desaturated",)}, picture=PICTURE)
    assert "overall gray" in expand(recipe, I2V_A14B, []).negative_prompt


def test_a_person_s_own_negative_prompt_is_taken_as_it_is() -> None:
    mine = preset(negative={"add": {"en": ["flat light"]}})
    for own in ("", "rain, umbrellas"):
        expansion = expanded(FERRY, mine, negative_prompt=own, look={"style": ("felt",)})
        assert expansion.negative_prompt == own
        assert all(part.origin is Origin.USER for part in expansion.negative_parts)


def test_what_a_preset_adds_twice_is_said_once() -> None:
    one = preset("one", negative={"add": {"en": ["flat light", "subtitles"]}})
    two = preset("two", negative={"add": {"en": ["Flat light", "haze"]}})
    words = negatives(expanded(FERRY, one, two))
    assert words[len(OFFICIAL_NEGATIVE) :] == ["flat light", "haze"]
    assert expanded(FERRY, one, two).overruled == ()


def overruled(expansion: Expansion) -> list[tuple[str, str, str, str]]:
    return [(one.key, one.value, one.source, one.by) for one in expansion.overruled]


def test_a_later_preset_s_word_on_the_negative_prompt_counts() -> None:
    adds = preset("adds", negative={"add": {"en": ["Overexposed", "haze"]}})
    removes = preset("removes", negative={"remove": ["overexposed"]})
    struck = expanded(FERRY, adds, removes)
    assert "overexposed" not in negatives(struck)
    assert overruled(struck) == [("negative.add", "Overexposed", "adds", "removes")]
    added = expanded(FERRY, removes, adds)
    assert negatives(added)[-2:] == ["Overexposed", "haze"]
    assert overruled(added) == [("negative.remove", "overexposed", "removes", "adds")]
    both = expanded(FERRY, removes, adds, removes)
    assert both.negative_prompt == struck.negative_prompt


def test_what_a_later_choice_asks_for_is_not_forbidden_by_an_earlier_preset() -> None:
    still = {"camera_move": ("fixed",)}
    strikes = preset("strikes", look=still)
    adds = preset("adds", negative={"add": {"en": ["static", "haze"]}})
    again = preset("again", negative={"remove": ["static"]})
    carded = expanded(FERRY, again, adds, look=still)
    assert "static" not in negatives(carded) and negatives(carded)[-1] == "haze"
    assert overruled(carded) == [
        ("negative.remove", "static", "again", "adds"),
        ("negative.add", "static", "adds", "camera_move=fixed"),
    ]
    later = expanded(FERRY, strikes, adds)
    assert negatives(later)[-2:] == ["static", "haze"] and later.overruled == ()


def test_a_person_s_own_negative_prompt_overrules_every_edit() -> None:
    mine = preset(negative={"add": {"en": ["flat light"]}, "remove": ["style"]})
    assert overruled(expanded(FERRY, mine, negative_prompt="rain")) == [
        ("negative.remove", "style", "mine", "negative_prompt"),
        ("negative.add", "flat light", "mine", "negative_prompt"),
    ]


def test_overruled_numbers_are_told() -> None:
    one = preset("one", sampling={"steps": 30, "guidance": 2.5})
    two = preset("two", sampling={"steps": 12, "guidance": 2.5})
    assert overruled(expanded(FERRY, one, two)) == [("sampling.steps", "30", "one", "two")]
    assert overruled(expanded(FERRY, one, two, steps=30)) == [
        ("sampling.steps", "12", "two", "steps")
    ]


# --- refusals -------------------------------------------------------------------------------------


def test_unknown_terms_and_too_many_cards_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="“lens”"):
        expanded(look={"lens": ("long",)})
    with pytest.raises(InvalidRequest, match="“sunrize”"):
        expanded(look={"time_of_day": ("sunrize",)})
    with pytest.raises(InvalidRequest, match="at most 1"):
        expanded(look={"time_of_day": ("day", "night")})


def test_loras_of_presets_come_before_the_recipes_own_and_one_file_counts_once() -> None:
    def said(file: str, digest: str, strength: float) -> dict[str, Any]:
        return {"file": file, "sha256": digest * 32, "expert": "both", "strength": strength}

    first = preset(
        "one", loras=[said("a.safetensors", "ab", 1.0), said("b.safetensors", "cd", 1.0)]
    )
    own = Lora(file="a.safetensors", sha256="ab" * 32, expert="both", strength=0.5)
    assert [one.strength for one in expanded(FERRY, first).loras] == [1.0, 1.0]
    found = expanded(FERRY, first, loras=(own,)).loras
    assert [(one.file, one.strength) for one in found] == [
        ("a.safetensors", 0.5),
        ("b.safetensors", 1.0),
    ]


# --- properties -----------------------------------------------------------------------------------


def some_look() -> st.SearchStrategy[dict[str, tuple[str, ...]]]:
    def terms(id: str) -> st.SearchStrategy[tuple[str, ...]]:
        group = category(id)
        ids = st.sampled_from([one.id for one in group.terms])
        return st.lists(ids, min_size=1, max_size=group.limit, unique=True).map(tuple)

    ids = st.sampled_from([group.id for group in CATEGORIES])
    return st.sets(ids, max_size=6).flatmap(
        lambda chosen: st.fixed_dictionaries({id: terms(id) for id in sorted(chosen)})
    )


presets_of_any_look = st.lists(some_look(), max_size=3).map(
    lambda looks: [preset(f"p{n}", look=look) for n, look in enumerate(looks)]
)
words = st.one_of(st.just(""), st.just(FERRY), st.just(渡轮), st.text(max_size=30))


@settings(max_examples=150, deadline=None)
@given(
    text=words,
    look=some_look(),
    chosen=presets_of_any_look,
    picture=st.booleans(),
    over=st.booleans(),
    spec=st.sampled_from(list(MODELS.values())),
)
def test_every_choice_is_in_the_prompt_or_reported(
    text: str, look: Any, chosen: list[Preset], picture: bool, over: bool, spec: Any
) -> None:
    recipe = Recipe(
        prompt=text, look=look, look_over_picture=over, picture=PICTURE if picture else None
    )
    expansion = expand(recipe, spec, chosen)
    assert "".join(part.text for part in expansion.parts) == expansion.prompt
    assert all(part.text for part in expansion.parts)
    own = [part for part in expansion.parts if part.origin is Origin.USER]
    assert len(own) == bool(text) and all(part.text.endswith(text) for part in own)

    asked = {
        (group, id)
        for said in (look, *(p.look for p in chosen))
        for group in said
        for id in said[group]
    }
    lost = {(one.term.category, one.term.id) for one in expansion.left_out}
    added = [part for part in expansion.parts if part.origin is not Origin.USER]
    assert lost <= asked
    assert len(added) == len(asked - lost), "each kept term is one part, and no part is invented"
    for group, id in asked - lost:
        emit = term(group, id).emit.get(expansion.language)
        assert any(part.text.endswith(emit) for part in added)
    for group in CATEGORIES:
        kept = {id for name, id in asked - lost if name == group.id}
        assert len(kept) <= group.limit
        if group.form is Form.STYLE and kept:
            assert expansion.prompt.startswith(
                term(group.id, next(iter(kept))).emit.get(expansion.language)
            )


def some_preset(id: str) -> st.SearchStrategy[Preset]:
    """A preset that may state anything that can be combined."""
    few = st.lists(st.sampled_from(["haze", "flat light", "static", "Style", "雾"]), max_size=3)
    own = st.lists(st.sampled_from(["static", "style", "过曝", "overall gray"]), max_size=2)
    sentence = st.sampled_from(
        [
            "{prompt} Gulls circle.",
            "{prompt}, at sea",
            "A dream: {prompt}",
            "On film, {prompt} Dust",
        ]
    )
    negative = st.fixed_dictionaries(
        {"add": st.fixed_dictionaries({}, optional={"en": few, "zh": few}), "remove": own}
    )
    steps = st.fixed_dictionaries(
        {}, optional={"steps": st.sampled_from([8, 12]), "guidance": st.sampled_from([2.5, 4.0])}
    )
    stated = st.fixed_dictionaries(
        {},
        optional={
            "look": some_look(),
            "prompt": st.fixed_dictionaries({"en": sentence}, optional={"zh": sentence}),
            "negative": negative,
            "sampling": steps,
        },
    )
    return stated.map(lambda said: preset(id, **said))


def meaning(word: str) -> str:
    """The models' own words are the same in both languages."""
    return {own.zh: own.en for own in OFFICIAL_NEGATIVE}.get(word, word).casefold()


some_presets = st.tuples(*(some_preset(f"p{n}") for n in range(3)))
some_recipe = st.builds(
    Recipe,
    prompt=words,
    look=some_look(),
    look_over_picture=st.booleans(),
    picture=st.sampled_from([None, PICTURE]),
    negative_prompt=st.sampled_from([None, "rain"]),
    steps=st.sampled_from([None, 12]),
)


@settings(max_examples=150, deadline=None)
@given(recipe=some_recipe, chosen=some_presets)
def test_nothing_a_preset_states_is_lost_without_being_told(
    recipe: Recipe, chosen: tuple[Preset, ...]
) -> None:
    expansion = expand(recipe, T2V_A14B, chosen)
    language = expansion.language
    told = {(one.key, one.value, one.source) for one in expansion.overruled}
    unwanted = {meaning(part.text.strip(" ,，")) for part in expansion.negative_parts}
    for one in chosen:
        if one.prompt is not None:
            for piece in one.prompt.get(language).split("{prompt}"):
                assert piece.strip() in expansion.prompt
        for word in one.negative.add.get(language):
            assert meaning(word) in unwanted or ("negative.add", word, one.id) in told
        for word in one.negative.remove:
            assert meaning(word) not in unwanted or ("negative.remove", word, one.id) in told
        for key, value, holds in (
            ("steps", one.sampling.steps, recipe.steps or expansion.steps),
            ("guidance", one.sampling.guidance, expansion.guidance),
        ):
            stands = value is None or value == holds
            assert stands or (f"sampling.{key}", f"{value:g}", one.id) in told


@settings(max_examples=100, deadline=None)
@given(recipe=some_recipe, chosen=some_presets, data=st.data())
def test_a_preset_named_twice_counts_once_at_its_last_place(
    recipe: Recipe, chosen: tuple[Preset, ...], data: st.DataObject
) -> None:
    once = expand(recipe, T2V_A14B, chosen)
    assert expand(recipe, T2V_A14B, chosen * 2) == once
    early = data.draw(st.lists(st.sampled_from(chosen), max_size=4))
    assert expand(recipe, T2V_A14B, [*early, *chosen]) == once


@settings(max_examples=100, deadline=None)
@given(chosen=some_presets)
def test_the_last_preset_has_all_it_asks_for(chosen: tuple[Preset, ...]) -> None:
    *_, last = chosen
    expansion = expanded(FERRY, *chosen)
    lost = {(one.term.category, one.term.id) for one in expansion.left_out}
    alone = {(one.term.category, one.term.id) for one in expanded(FERRY, last).left_out}
    mine = {(group, id) for group, ids in last.look.items() for id in ids}
    # Only what a style or a move of an earlier one forbids can be missing, and not by its limit.
    replaced = {one.term for one in expansion.left_out if one.reason is Reason.REPLACED}
    assert not mine & {(one.category, one.id) for one in replaced}
    assert alone <= lost
    # A preset that contradicts itself can blame nobody else.
    assert {one.by for one in expansion.overruled if one.source == last.id} <= {last.id}


@settings(max_examples=100, deadline=None)
@given(first=some_look(), second=some_look())
def test_presets_that_touch_different_things_may_come_in_any_order(first: Any, second: Any) -> None:
    one = preset("one", look=first)
    two = preset("two", look={id: ids for id, ids in second.items() if id not in first})
    assert expanded(FERRY, one, two).prompt == expanded(FERRY, two, one).prompt


@settings(max_examples=100, deadline=None)
@given(recipe=some_recipe, chosen=some_presets)
def test_the_cards_have_the_last_word(recipe: Recipe, chosen: tuple[Preset, ...]) -> None:
    expansion = expand(recipe, T2V_A14B, chosen)
    for left in expansion.left_out:
        if left.reason is Reason.REPLACED:
            assert left.source in {one.id for one in chosen}


@settings(max_examples=60, deadline=None)
@given(look=some_look(), chosen=presets_of_any_look)
def test_a_preset_that_is_overruled_changes_nothing(look: Any, chosen: list[Preset]) -> None:
    last = preset("last", look=look)
    same = expanded(FERRY, *chosen, last)
    assert expanded(FERRY, *chosen, last, last).prompt == same.prompt
    assert {part.source for part in same.parts} <= {"prompt", "last", *(p.id for p in chosen)}
