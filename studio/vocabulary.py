"""The words Wan2.2 was trained on: categories and terms, in English and Chinese, as data.

Knows which words exist and how each is written into a prompt; not how a prompt is put together.

Source: the official Wan 2.2 user guide and the system prompts of the official repository, with the
guide's misprints corrected (backlighting printed "Medium Lens", day time printed "Sunrise Time",
the overhead angle printed "Hgh Angle Shot", daylight and sunny lighting both "Sunny Lighting").
A new term is a new line below.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from studio.errors import InvalidRequest


class Form(StrEnum):
    """How a term enters the prompt."""

    STYLE = "style"  # a clause that leads
    TAG = "tag"  # in the list before the person's words
    SENTENCE = "sentence"  # after the person's words


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """One text in the two languages the model's text encoder was taught with."""

    en: str
    zh: str

    def get(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One choice. name: for people. emit: what the model reads.

    flat: a two-dimensional style, which drops the cinema tags. fights: terms of the model's own
    negative prompt (English) that forbid what this term asks for.
    """

    id: str
    category: str
    name: Words
    emit: Words
    flat: bool = False
    fights: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """A group of terms. limit: how many may be chosen at once. picture_decides: a reference picture
    already settles this, so its terms are left out unless the person insists."""

    id: str
    name: Words
    form: Form
    limit: int
    picture_decides: bool
    terms: tuple[Term, ...]


Line = tuple[str, str, str, str, str]


def _category(
    id: str,
    name: tuple[str, str],
    lines: list[Line],
    *,
    form: Form = Form.TAG,
    limit: int = 1,
    picture_decides: bool = True,
) -> Category:
    """Lines are (id, English name, Chinese name, English emitted, Chinese emitted)."""
    terms = tuple(
        Term(
            id=term_id,
            category=id,
            name=Words(en=en, zh=zh),
            emit=Words(en=emit_en, zh=emit_zh),
            flat=(id, term_id) in _FLAT,
            fights=_FIGHTS.get((id, term_id), _FIGHTS.get((id, "*"), ())),
        )
        for term_id, en, zh, emit_en, emit_zh in lines
    )
    return Category(
        id=id,
        name=Words(en=name[0], zh=name[1]),
        form=form,
        limit=limit,
        picture_decides=picture_decides,
        terms=terms,
    )


def _tags(*lines: tuple[str, str, str, str]) -> list[Line]:
    """Lines whose Chinese name is also emitted: (id, English name, English emitted, Chinese)."""
    return [(id, en, zh, emit, zh) for id, en, emit, zh in lines]


# Styles drawn on a plane; the official prompt rules drop the cinema terms for them.
_FLAT = frozenset(
    ("style", term)
    for term in (
        "pixel-art",
        "2d-anime",
        "watercolor-painting",
        "black-and-white-animation",
        "oil-painting",
        "line-art-illustration",
    )
)

# The official negative prompt forbids styles, still cameras and crowds; asking for one lifts that.
_FIGHTS = MappingProxyType(
    {
        ("style", "*"): ("style", "works", "paintings", "images"),
        ("camera_move", "fixed"): ("static", "still picture"),
        ("color_tone", "saturated"): ("bright tones",),
        ("color_tone", "desaturated"): ("overall gray",),
        ("shot_type", "group"): ("many people in the background",),
    }
)

CATEGORIES = (
    _category(
        "light_source",
        ("Light source", "光源"),
        _tags(
            ("daylight", "Daylight", "daylight", "日光"),
            ("artificial", "Artificial lighting", "artificial lighting", "人工光"),
            ("moonlight", "Moonlight", "moonlight", "月光"),
            ("practical", "Practical lighting", "practical lighting", "实用光"),
            ("firelight", "Firelight", "firelight", "火光"),
            ("fluorescent", "Fluorescent lighting", "fluorescent lighting", "荧光"),
            ("overcast", "Overcast lighting", "overcast lighting", "阴天光"),
            ("mixed", "Mixed lighting", "mixed lighting", "混合光"),
            ("sunny", "Sunny lighting", "sunny lighting", "晴天光"),
        ),
    ),
    _category(
        "lighting_type",
        ("Lighting", "光线"),
        _tags(
            ("soft", "Soft lighting", "soft lighting", "柔光"),
            ("hard", "Hard lighting", "hard lighting", "硬光"),
            ("top", "Top lighting", "top lighting", "顶光"),
            ("side", "Side lighting", "side lighting", "侧光"),
            ("backlighting", "Backlighting", "backlighting", "背光"),
            ("underlighting", "Underlighting", "underlighting", "底光"),
            ("edge", "Edge lighting", "edge lighting", "边缘光"),
            ("silhouette", "Silhouette lighting", "silhouette lighting", "剪影"),
            ("low-contrast", "Low contrast lighting", "low contrast lighting", "低对比度"),
            ("high-contrast", "High contrast lighting", "high contrast lighting", "高对比度"),
        ),
        limit=3,
    ),
    _category(
        "time_of_day",
        ("Time of day", "时间"),
        _tags(
            ("day", "Day time", "day time", "白天"),
            ("night", "Night time", "night time", "夜晚"),
            ("dusk", "Dusk time", "dusk time", "黄昏"),
            ("sunset", "Sunset time", "sunset time", "日落"),
            ("dawn", "Dawn time", "dawn time", "黎明"),
            ("sunrise", "Sunrise time", "sunrise time", "日出"),
        ),
    ),
    _category(
        "shot_size",
        ("Shot size", "景别"),
        _tags(
            ("extreme-close-up", "Extreme close-up shot", "extreme close-up shot", "特写"),
            ("close-up", "Close-up shot", "close-up shot", "近景"),
            ("medium-close-up", "Medium close-up shot", "medium close-up shot", "中近景"),
            ("medium", "Medium shot", "medium shot", "中景"),
            ("medium-wide", "Medium wide shot", "medium wide shot", "中全景"),
            ("medium-long", "Medium long shot", "medium long shot", "中远景"),
            ("wide", "Wide shot", "wide shot", "全景"),
            ("extreme-wide", "Extreme wide shot", "extreme wide shot", "极端全景"),
            ("wide-angle-lens", "Wide-angle lens", "wide-angle lens", "广角"),
        ),
    ),
    _category(
        "composition",
        ("Composition", "构图"),
        _tags(
            ("center", "Center composition", "center composition", "中心构图"),
            ("balanced", "Balanced composition", "balanced composition", "平衡构图"),
            (
                "left-weighted",
                "Left-weighted composition",
                "left-weighted composition",
                "左侧重构图",
            ),
            (
                "right-weighted",
                "Right-weighted composition",
                "right-weighted composition",
                "右侧重构图",
            ),
            ("symmetrical", "Symmetrical composition", "symmetrical composition", "对称构图"),
            ("short-side", "Short-side composition", "short-side composition", "短边构图"),
        ),
    ),
    _category(
        "focal_length",
        ("Focal length", "焦段"),
        _tags(
            ("medium", "Medium lens", "medium lens", "中焦距"),
            ("wide", "Wide lens", "wide lens", "广角"),
            ("long", "Long lens", "long lens", "长焦"),
            ("telephoto", "Telephoto lens", "telephoto lens", "望远"),
            ("fisheye", "Fisheye lens", "fisheye lens", "超广角-鱼眼"),
        ),
    ),
    _category(
        "camera_angle",
        ("Camera angle", "机位角度"),
        _tags(
            ("over-the-shoulder", "Over-the-shoulder shot", "over-the-shoulder shot", "过肩角度"),
            ("high-angle", "High angle shot", "high angle shot", "高角度"),
            ("low-angle", "Low angle shot", "low angle shot", "低角度"),
            ("dutch-angle", "Dutch angle shot", "Dutch angle shot", "倾斜角度"),
            ("aerial", "Aerial shot", "aerial shot", "航拍"),
            ("overhead", "Overhead shot", "top-down shot", "俯视角度"),
            ("eye-level", "Eye-level shot", "eye-level shot", "平视"),
        ),
    ),
    _category(
        "shot_type",
        ("Shot type", "镜头类型"),
        _tags(
            ("clean-single", "Clean single shot", "clean single shot", "干净的单人镜头"),
            ("two", "Two shot", "two shot", "双人镜头"),
            ("three", "Three shot", "three shot", "三人镜头"),
            ("group", "Group shot", "group shot", "群像镜头"),
            ("establishing", "Establishing shot", "establishing shot", "定场镜头"),
        ),
    ),
    _category(
        "color_tone",
        ("Colour tone", "色调"),
        _tags(
            ("warm", "Warm colors", "warm colors", "暖色调"),
            ("cool", "Cool colors", "cool colors", "冷色调"),
            ("saturated", "Saturated colors", "saturated colors", "高饱和度"),
            ("desaturated", "Desaturated colors", "desaturated colors", "低饱和度"),
            ("mixed", "Mixed colors", "mixed colors", "混合色调"),
        ),
        limit=2,
    ),
    _category(
        "camera_move",
        ("Camera move", "运镜"),
        [
            (
                "push-in",
                "The camera pushes in",
                "镜头推进",
                "The camera pushes in for a close-up.",
                "镜头推进。",
            ),
            (
                "pull-back",
                "The camera pulls back",
                "镜头拉远",
                "The camera pulls back.",
                "镜头拉远。",
            ),
            (
                "pan-right",
                "The camera pans to the right",
                "镜头向右移动",
                "The camera pans to the right.",
                "镜头向右移动。",
            ),
            (
                "move-left",
                "The camera moves to the left",
                "镜头向左移动",
                "The camera moves to the left.",
                "镜头向左移动。",
            ),
            ("tilt-up", "The camera tilts up", "镜头上摇", "The camera tilts up.", "镜头上摇。"),
            (
                "tilt-down",
                "The camera tilts down",
                "镜头下摇",
                "The camera tilts down.",
                "镜头下摇。",
            ),
            (
                "handheld",
                "Handheld camera",
                "手持镜头",
                "Filmed with a handheld camera.",
                "手持镜头。",
            ),
            (
                "compound",
                "Compound move",
                "复合运镜",
                "The camera makes a compound move.",
                "复合运镜。",
            ),
            (
                "tracking",
                "Tracking shot",
                "跟随镜头",
                "Tracking shot: the camera follows the subject.",
                "跟随镜头。",
            ),
            (
                "arc",
                "Arc shot",
                "环绕运镜",
                "Arc shot: the camera circles around the subject.",
                "环绕运镜。",
            ),
            (
                "fixed",
                "Fixed camera",
                "固定镜头",
                "Fixed camera, no camera movement.",
                "固定镜头。",
            ),
        ],
        form=Form.SENTENCE,
        picture_decides=False,
    ),
    _category(
        "motion",
        ("Motion", "运动"),
        [
            (
                "street-dance",
                "Street dance",
                "街舞",
                "The subject is street dancing.",
                "主体在跳街舞。",
            ),
            ("running", "Running", "跑步", "The subject is running.", "主体在跑步。"),
            (
                "skateboarding",
                "Skateboarding",
                "滑滑板",
                "The subject is skateboarding.",
                "主体在滑滑板。",
            ),
            ("soccer", "Soccer", "踢足球", "The subject is playing soccer.", "主体在踢足球。"),
            ("tennis", "Tennis", "网球", "The subject is playing tennis.", "主体在打网球。"),
            (
                "table-tennis",
                "Table tennis",
                "乒乓球",
                "The subject is playing table tennis.",
                "主体在打乒乓球。",
            ),
            ("skiing", "Skiing", "滑雪", "The subject is skiing.", "主体在滑雪。"),
            (
                "basketball",
                "Basketball",
                "篮球",
                "The subject is playing basketball.",
                "主体在打篮球。",
            ),
            ("rugby", "Rugby", "橄榄球", "The subject is playing rugby.", "主体在打橄榄球。"),
            (
                "bowl-dance",
                "Bowl dance",
                "顶碗舞",
                "The subject is performing a bowl dance.",
                "主体在跳顶碗舞。",
            ),
            (
                "aerial-cartwheel",
                "Aerial cartwheel",
                "侧手翻",
                "The subject does an aerial cartwheel.",
                "主体在做侧手翻。",
            ),
        ],
        form=Form.SENTENCE,
        picture_decides=False,
    ),
    _category(
        "emotion",
        ("Emotion", "人物情绪"),
        [
            ("angrily", "Angrily", "愤怒", "The expression is angry.", "人物表情愤怒。"),
            ("fear", "Fear", "恐惧", "The expression is fearful.", "人物表情恐惧。"),
            ("happy", "Happy", "高兴", "The expression is happy.", "人物表情高兴。"),
            ("sadly", "Sadly", "悲伤", "The expression is sad.", "人物表情悲伤。"),
            ("surprised", "Surprised", "惊讶", "The expression is surprised.", "人物表情惊讶。"),
        ],
        form=Form.SENTENCE,
        picture_decides=False,
    ),
    _category(
        "style",
        ("Style", "风格"),
        [
            ("felt", "Felt style", "毛毡风格", "In a felt style", "毛毡风格"),
            ("3d-cartoon", "3D cartoon style", "3D卡通", "In a 3D cartoon style", "3D卡通风格"),
            ("pixel-art", "Pixel art style", "像素风格", "In a pixel art style", "像素风格"),
            (
                "puppet-animation",
                "Puppet animation",
                "木偶动画",
                "In a puppet animation style",
                "木偶动画风格",
            ),
            ("3d-game-scene", "3D game scene", "3D游戏", "In a 3D game style", "3D游戏风格"),
            ("claymation", "Claymation style", "黏土风格", "In a claymation style", "黏土风格"),
            ("2d-anime", "2D anime style", "二次元", "In a 2D anime style", "二次元风格"),
            (
                "watercolor-painting",
                "Watercolor painting",
                "水彩画",
                "In a watercolor painting style",
                "水彩画风格",
            ),
            (
                "black-and-white-animation",
                "Black and white animation",
                "黑白动画",
                "In a black and white animation style",
                "黑白动画风格",
            ),
            (
                "oil-painting",
                "Oil painting style",
                "油画风格",
                "In an oil painting style",
                "油画风格",
            ),
            ("cyberpunk", "Cyberpunk", "赛博朋克", "In a cyberpunk style", "赛博朋克风格"),
            (
                "line-art-illustration",
                "Line-art illustration",
                "勾线插画",
                "In a line-art illustration style",
                "勾线插画风格",
            ),
            ("wasteland", "Wasteland style", "废土风格", "In a wasteland style", "废土风格"),
        ],
        form=Form.STYLE,
        picture_decides=False,
    ),
    _category(
        "effect",
        ("Effect", "特效镜头"),
        _tags(
            ("tilt-shift", "Tilt-shift photography", "tilt-shift photography", "移轴摄影"),
            ("time-lapse", "Time-lapse", "time-lapse", "延时拍摄"),
        ),
        picture_decides=False,
    ),
)

_BY_ID = MappingProxyType({category.id: category for category in CATEGORIES})


def category(id: str) -> Category:
    """The category of that id. Raises InvalidRequest naming the allowed ids."""
    if id not in _BY_ID:
        raise InvalidRequest(f"There is no category “{id}”.", f"Use one of: {', '.join(_BY_ID)}.")
    return _BY_ID[id]


def term(category_id: str, term_id: str) -> Term:
    """The term of that id in that category. Raises InvalidRequest naming the allowed ids."""
    group = category(category_id)
    for candidate in group.terms:
        if candidate.id == term_id:
            return candidate
    allowed = ", ".join(candidate.id for candidate in group.terms)
    raise InvalidRequest(
        f"“{term_id}” is not a {group.name.en.lower()} term.", f"Use one of: {allowed}."
    )
