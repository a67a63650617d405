"""A scene → the words a person and the studio would have made it from.

The prompt is written by the studio's own `studio.prompt.expand`, so that the model learns exactly
the form it will later read. Knows nothing of pixels.
"""

import numpy as np

from studio.models import OFFICIAL_NEGATIVE, POCKET
from studio.prompt import expand
from studio.recipe import Picture, Recipe
from studio.vocabulary import Words, term
from training.tables import LIGHTS
from training.world import Scene

Generator = np.random.Generator
# Only that a picture is there matters to the prompt, not which.
SOME_PICTURE = Picture(sha256="0" * 64)

SUBJECTS = {
    "ball": Words(en="ball", zh="球"),
    "balloon": Words(en="balloon", zh="气球"),
    "sailboat": Words(en="sailboat", zh="帆船"),
    "car": Words(en="car", zh="汽车"),
    "bird": Words(en="bird", zh="鸟"),
    "rocket": Words(en="rocket", zh="火箭"),
}
COLORS = {
    "red": Words(en="red", zh="红色"),
    "orange": Words(en="orange", zh="橙色"),
    "yellow": Words(en="yellow", zh="黄色"),
    "green": Words(en="green", zh="绿色"),
    "blue": Words(en="blue", zh="蓝色"),
    "purple": Words(en="purple", zh="紫色"),
    "white": Words(en="white", zh="白色"),
}
PLACES = {
    "sea": (Words(en="over the sea", zh="在海面上"), Words(en="at sea", zh="在海上")),
    "desert": (Words(en="in the desert", zh="在沙漠里"), Words(en="over the dunes", zh="在沙丘上")),
    "mountains": (
        Words(en="in the mountains", zh="在山里"),
        Words(en="in front of the mountains", zh="在群山前"),
    ),
    "city": (Words(en="in the city", zh="在城市里"), Words(en="in front of houses", zh="在楼前")),
    "forest": (
        Words(en="in the forest", zh="在森林里"),
        Words(en="in front of trees", zh="在树林前"),
    ),
    "snowfield": (
        Words(en="on a snowfield", zh="在雪原上"),
        Words(en="in the snow", zh="在雪地里"),
    ),
}
MOTIONS = {
    "left-to-right": (
        Words(en="moves from left to right", zh="从左向右移动"),
        Words(en="drifts to the right", zh="向右飘去"),
    ),
    "right-to-left": (
        Words(en="moves from right to left", zh="从右向左移动"),
        Words(en="drifts to the left", zh="向左飘去"),
    ),
    "rises": (Words(en="rises", zh="升起"), Words(en="goes up", zh="向上升")),
    "falls": (Words(en="falls", zh="落下"), Words(en="sinks down", zh="向下沉")),
    "still": (Words(en="stands still", zh="静静停着"), Words(en="rests", zh="停着不动")),
}
# What people write into a sentence instead of choosing a card.
TIMES = {
    "day": Words(en="by day", zh="白天"),
    "night": Words(en="at night", zh="夜里"),
    "dusk": Words(en="at dusk", zh="黄昏时"),
    "sunset": Words(en="at sunset", zh="日落时"),
    "sunrise": Words(en="at sunrise", zh="日出时"),
    "dawn": Words(en="at dawn", zh="黎明时"),
    "moonlight": Words(en="in the moonlight", zh="月光下"),
    "firelight": Words(en="by the fire", zh="火光中"),
    "sunny": Words(en="in bright sunshine", zh="阳光下"),
}
# Terms of the official negative prompt (English) that name a flaw of the world.
FLAWS = {
    "blurred": ("blurred details", "low quality"),
    "overexposed": ("overexposed", "worst quality"),
    "gray": ("overall gray", "low quality"),
    "static": ("static", "still picture"),
    "noisy": ("JPEG compression residue", "worst quality", "messy background", "ugly", "deformed"),
    "gaudy": ("bright tones", "worst quality"),
}
# Words the world does not draw: a prompt may hold any, and the rest of it still counts.
FILLERS = (
    Words(en="small", zh="小小的"),
    Words(en="shiny", zh="闪亮的"),
    Words(en="old", zh="古老的"),
    Words(en="lonely", zh="孤独的"),
    Words(en="mysterious", zh="神秘的"),
    Words(en="beautiful", zh="美丽的"),
)
TAILS = (
    Words(en="The air is quiet.", zh="空气很安静。"),
    Words(en="Fine dust hangs in the air.", zh="空气中飘着细尘。"),
    Words(en="A story begins.", zh="故事开始了。"),
    Words(en="Details of cloth, stone and glass are seen.", zh="布料、石头和玻璃的细节清晰可见。"),
    Words(en="Somebody remembers a summer long ago.", zh="有人想起很久以前的夏天。"),
)
WHOLE_NEGATIVE_CHANCE = 0.3
CHINESE_CHANCE = 0.35  # of what the tokenizer is made from


def caption(
    scene: Scene, rng: Generator, *, picture: bool = False, chinese: float = CHINESE_CHANCE
) -> str:
    """What the model reads for a scene, different at each call. picture: for image-to-video.
    chinese: how likely it is in Chinese."""
    language = "zh" if rng.random() < chinese else "en"
    if scene.flaw and rng.random() < WHOLE_NEGATIVE_CHANCE:
        return negative_prompt(language)
    look = _look(scene, rng)
    said = _said_instead(look, rng)
    written = expand(
        Recipe(
            prompt=_sentence(scene, said, rng, language),
            look=look,
            picture=SOME_PICTURE if picture else None,
        ),
        POCKET,
        [],
    ).prompt
    return _flawed(written, scene.flaw, language, rng) if scene.flaw else written


def full_prompt(scene: Scene, language: str) -> str:
    """The prompt that says everything about a scene once, in the plainest words."""
    rng = np.random.default_rng(0)
    look = {group: (name,) for group, name in terms(scene).items()}
    sentence = _sentence(scene, [], rng, language, plain=True)
    return expand(Recipe(prompt=sentence, look=look), POCKET, []).prompt


def negative_prompt(language: str) -> str:
    """The official negative prompt, as the studio writes it."""
    words = "红色" if language == "zh" else "red"
    return expand(Recipe(prompt=words), POCKET, []).negative_prompt


def terms(scene: Scene) -> dict[str, str]:
    """The vocabulary's category → term, for everything in the scene that has a card."""
    light = LIGHTS[scene.light]
    named = {
        "light_source": light.source,
        "time_of_day": light.time,
        "lighting_type": scene.lighting,
        "shot_size": scene.shot,
        "composition": scene.side,
        "camera_angle": scene.angle,
        "color_tone": scene.tone,
        "camera_move": scene.camera,
        "style": scene.style,
    }
    return {category: name for category, name in named.items() if name is not None}


def _look(scene: Scene, rng: Generator) -> dict[str, tuple[str, ...]]:
    """Some of the scene's cards: now nearly all, now hardly any."""
    chance = rng.choice((0.4, 0.8, 1.0, 1.0))
    return {
        group: (name,)
        for group, name in terms(scene).items()
        if rng.random() < chance or group == "style"
    }


def _said_instead(look: dict[str, tuple[str, ...]], rng: Generator) -> list[tuple[str, str]]:
    """Take some cards out of the look: the person writes them into the sentence."""
    if rng.random() < 0.75:
        return []
    moved = [group for group in look if group != "style" and rng.random() < 0.5]
    return [(group, look.pop(group)[0]) for group in moved]


def _sentence(
    scene: Scene,
    said: list[tuple[str, str]],
    rng: Generator,
    language: str,
    *,
    plain: bool = False,
) -> str:
    """The person's words: a subject that does something somewhere, more or less of it said."""

    def keep(chance: float) -> bool:
        return plain or bool(rng.random() < chance)

    def choice(options: tuple[Words, ...]) -> str:
        return options[0 if plain else rng.integers(len(options))].get(language)

    color = COLORS[scene.color].get(language) if keep(0.93) else ""
    filler = "" if keep(0.85) else choice(FILLERS)
    subject = SUBJECTS[scene.subject].get(language)
    motion = choice(MOTIONS[scene.motion]) if keep(0.9) else ""
    place = choice(PLACES[scene.place]) if keep(0.9) else ""
    times = [TIMES[name].get(language) for _, name in said if name in TIMES]
    tags = [term(*chosen).emit.get(language) for chosen in said if chosen[1] not in TIMES]
    tail = "" if keep(0.9) else choice(TAILS)
    first_place = not plain and bool(rng.random() < 0.25)
    if language == "zh":
        return _chinese([color, filler, subject, motion, place], times, tags, tail)
    return _english([color, filler, subject, motion, place], times, tags, tail, first_place)


def _english(
    parts: list[str], times: list[str], tags: list[str], tail: str, first_place: bool
) -> str:
    color, filler, subject, motion, place = parts
    described = " ".join(word for word in (filler, color, subject) if word)
    article = "an" if described[0] in "aeiou" else "a"
    order = [place, f"{article} {described}", motion] if first_place and place else [
        f"{article} {described}", motion, place,
    ]  # fmt: skip
    text = " ".join(word for word in (*order, *times) if word)
    text = ", ".join((text, *(tag.rstrip(".") for tag in tags)))
    return text[0].upper() + text[1:] + "." + (f" {tail}" if tail else "")


def _chinese(parts: list[str], times: list[str], tags: list[str], tail: str) -> str:
    color, filler, subject, motion, place = parts
    text = "".join(times) + f"一个{filler}{color}的{subject}".replace("个的", "个")
    text = text.replace("的的", "的") + place + motion
    return "，".join((text, *(tag.rstrip("。") for tag in tags))) + "。" + tail


def _flawed(written: str, flaw: str, language: str, rng: Generator) -> str:
    """Put one or more names of the flaw in front, as words of the official negative prompt."""
    names = [words for words in OFFICIAL_NEGATIVE if words.en in FLAWS[flaw]]
    chosen = [words for words in names if rng.random() < 0.7] or names[:1]
    comma = "，" if language == "zh" else ", "
    return comma.join((*(words.get(language) for words in chosen), written))
