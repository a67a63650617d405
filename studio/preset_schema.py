"""What a preset may say: schema 1, as a checked, frozen value, and as a JSON Schema for editors.

Knows keys, terms, models and safe names; not files, nor how the words become a prompt. A rule of
ours that is broken is a pydantic error of type "fault" whose context holds message and advice. No
fault hides another one.
"""

import re
import unicodedata
from collections.abc import Iterator
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    Strict,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from studio import vocabulary
from studio.errors import InvalidRequest
from studio.files import RESERVED_NAMES
from studio.models import MODELS

ID = r"[a-z0-9]+(-[a-z0-9]+)*"
MAX_ID = 64
MAX_LINE = 200
MAX_PROSE = 2000
# The dialect that editors' YAML extensions read; 2020-12 would be pydantic's own.
DIALECT = "http://json-schema.org/draft-07/schema#"

# Control characters but for line breaks and tabs, and those that turn the writing direction.
UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# What the models' own negative prompts say, English → Chinese.
_REMOVABLE = MappingProxyType(
    {word.en: word.zh for spec in MODELS.values() for word in spec.negative}
)


def _fault(message: str, advice: str) -> PydanticCustomError:
    """An error of ours."""
    return PydanticCustomError("fault", "fault", {"message": message, "advice": advice})


def _at(*place: str | int, message: str, advice: str) -> InitErrorDetails:
    """An error of ours below the value being checked."""
    return InitErrorDetails(type=_fault(message, advice), loc=place, input=None)


def _found(error: ValidationError) -> Iterator[InitErrorDetails]:
    """The errors in one, to be raised with others."""
    for each in error.errors(include_url=False):
        given = each.get("ctx", {})
        kind = _fault(**given) if each["type"] == "fault" else each["type"]
        yield InitErrorDetails(type=kind, loc=each["loc"], input=each["input"], ctx=given)


def _id(value: str) -> str:
    if not re.fullmatch(ID, value) or len(value) > MAX_ID:
        raise _fault(
            f"“{value}” is not an id",
            f"Use small letters a to z, digits and single hyphens, at most {MAX_ID}.",
        )
    if value in RESERVED_NAMES:
        raise _fault(f"Windows keeps the name “{value}” for itself", "Choose another id.")
    return value


def _file_name(value: str, suffixes: tuple[str, ...]) -> str:
    plain = re.fullmatch(r"\w[\w .()-]{0,99}", value) and value.endswith(suffixes)
    # Letters that only look like others: Windows takes COM¹ for COM1, macOS joins accents.
    same_everywhere = unicodedata.normalize("NFKC", value) == value
    reserved = value.split(".")[0].rstrip().lower() in RESERVED_NAMES
    if not plain or not same_everywhere or reserved:
        raise _fault(
            f"“{value}” is not a plain file name",
            f"Use letters, digits and hyphens, no folder, ending in {' or '.join(suffixes)}.",
        )
    return value


def _readable(value: str) -> str:
    """Nothing that a terminal obeys, or that makes a text read in another order than it is."""
    if found := UNREADABLE.search(value):
        raise _fault(
            f"it holds the character U+{ord(found[0]):04X}, which cannot be shown", "Take it out."
        )
    return value


def _template(value: str) -> str:
    if value.count("{prompt}") != 1:
        raise _fault(
            f"it has {value.count('{prompt}')} times {{prompt}}",
            "Write {prompt} exactly once, where the person's own words go.",
        )
    return value


def _removable(value: str) -> str:
    if value not in _REMOVABLE and value not in _REMOVABLE.values():
        raise _fault(
            f"no model's negative prompt has “{value}”, so it cannot be removed",
            f"Use one of: {', '.join(_REMOVABLE)}.",
        )
    return value


def _model_id(value: str) -> str:
    if value not in MODELS:
        raise _fault(f"there is no model “{value}”", f"Use one of: {', '.join(MODELS)}.")
    return value


def _one_or_more(value: object) -> object:
    """`sunset` says the same as `[sunset]`."""
    return [value] if isinstance(value, str) else value


def _every_term(schema: dict[str, Any]) -> None:
    """The vocabulary as part of the JSON Schema, with every term's name beside its id."""
    del schema["additionalProperties"]
    schema["additionalProperties"] = False
    schema["properties"] = {}
    for group in vocabulary.CATEGORIES:
        one = {
            "type": "string",
            "enum": [term.id for term in group.terms],
            "enumDescriptions": [f"{term.name.en} · {term.name.zh}" for term in group.terms],
        }
        some = {"type": "array", "items": one, "minItems": 1, "maxItems": group.limit}
        schema["properties"][group.id] = {
            "description": f"{group.name.en} · {group.name.zh}, at most {group.limit}.",
            "anyOf": [one, {**some, "uniqueItems": True}],
        }


Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_LINE, strip_whitespace=True),
    AfterValidator(_readable),
]
Prose = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_PROSE, strip_whitespace=True),
    AfterValidator(_readable),
]
Template = Annotated[
    Prose,
    AfterValidator(_template),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^((?!\{prompt\})[\s\S])*\{prompt\}((?!\{prompt\})[\s\S])*$",
            "maxLength": MAX_PROSE,
        }
    ),
]
Words = Annotated[
    tuple[Line, ...],
    BeforeValidator(_one_or_more, json_schema_input_type=Line | tuple[Line, ...]),
]
TermIds = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
Removal = Annotated[
    str,
    AfterValidator(_removable),
    WithJsonSchema({"type": "string", "enum": [*_REMOVABLE, *_REMOVABLE.values()]}),
]
Removals = Annotated[
    tuple[Removal, ...],
    BeforeValidator(_one_or_more, json_schema_input_type=Removal | tuple[Removal, ...]),
]
ModelId = Annotated[
    str,
    AfterValidator(_model_id),
    WithJsonSchema({"type": "string", "enum": list(MODELS)}),
]
ModelIds = Annotated[
    tuple[ModelId, ...],
    BeforeValidator(_one_or_more, json_schema_input_type=ModelId | tuple[ModelId, ...]),
]
PictureName = Annotated[
    str,
    AfterValidator(lambda name: _file_name(name, (".webp", ".png", ".jpg"))),
    WithJsonSchema({"type": "string", "pattern": r"^[^/\\:]{1,96}\.(webp|png|jpg)$"}),
]
LoraName = Annotated[
    str,
    AfterValidator(lambda name: _file_name(name, (".safetensors",))),
    WithJsonSchema({"type": "string", "pattern": r"^[^/\\:]{1,88}\.safetensors$"}),
]


class _Part(BaseModel):
    """A mapping in the file: unknown keys refused, never changed after it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _only_known_keys(cls, data: object, read: ModelWrapValidatorHandler[Self]) -> Self:
        names = ", ".join(field.alias or name for name, field in cls.model_fields.items())
        if not isinstance(data, dict):
            raise _fault("this must be keys and values", f"The keys are: {names}.")
        try:
            return read(data)
        except ValidationError as error:
            found = [
                _at(*each["loc"], message="this key is unknown", advice=f"Use one of: {names}.")
                if each["type"] == "extra_forbidden"
                else each
                for each in _found(error)
            ]
            raise ValidationError.from_exception_data(cls.__name__, found) from error


class Text(_Part):
    """A short text in English, Chinese or both."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    en: Line | None = None
    zh: Line | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.en is None and self.zh is None:
            raise _fault("it says nothing", "Write en, zh or both.")
        return self

    def get(self, language: str) -> str:
        """The text in that language, or in the one there is."""
        return (self.zh or self.en or "") if language == "zh" else (self.en or self.zh or "")


class About(Text):
    """A paragraph."""

    en: Prose | None = None
    zh: Prose | None = None


class Sentences(Text):
    """Words around the person's own, which stand where `{prompt}` is."""

    en: Template | None = None
    zh: Template | None = None


class Additions(_Part):
    """Words added to the negative prompt."""

    en: Words = ()
    zh: Words = ()

    def get(self, language: str) -> tuple[str, ...]:
        """The words in that language, or in the one there is."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


class Negative(_Part):
    """Edits to the model's own negative prompt, which says what a clip should not look like."""

    add: Additions = Field(default=Additions(), description="Words to add to it.")
    remove: Removals = Field(
        default=(), description="Words of its own to take out, in either language."
    )


class Lora(_Part):
    """A LoRA the look was made with, recognised by the SHA-256 of its file."""

    file: LoraName
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    expert: Literal["high", "low", "both"]
    strength: Annotated[float, Strict(), Field(ge=-2, le=2)]


class Sampling(_Part):
    """What the look needs of the sampler; what is absent is left to the model."""

    steps: Annotated[int, Strict(), Field(ge=1, le=200)] | None = None
    guidance: Annotated[float, Strict(), Field(ge=1, le=20)] | None = None


class Preset(_Part):
    """One look. It says everything that it touches and nothing else."""

    schema_version: Literal[1] = Field(
        alias="schema", description="Which rules this file is written by."
    )
    id: Annotated[
        str,
        AfterValidator(_id),
        WithJsonSchema({"type": "string", "pattern": f"^{ID}$", "maxLength": MAX_ID}),
    ] = Field(description="Its name in recipes: small letters, digits and single hyphens.")
    name: Text = Field(description="What people read on its card.")
    author: Line | None = Field(default=None, description="Who made it.")
    license: Line | None = Field(default=None, description="What others may do with it.")
    about: About | None = Field(default=None, description="What it looks like and is good for.")
    look: dict[str, TermIds] = Field(
        default_factory=dict,
        description="Terms of the vocabulary by category; only those that this look is about.",
        json_schema_extra=_every_term,
    )
    prompt: Sentences | None = Field(
        default=None,
        description="Words around the person's own; {prompt} stands for those, exactly once.",
    )
    negative: Negative = Negative()
    tags: Words = Field(default=(), description="Words to find it by: genre, use, mood.")
    picture: PictureName | None = Field(
        default=None, description="The card's picture, a file beside this one."
    )
    models: ModelIds = Field(default=(), description="The models it was made for.")
    loras: tuple[Lora, ...] = Field(default=(), description="LoRA files the look needs.")
    sampling: Sampling = Sampling()

    @field_validator("look", mode="wrap")
    @classmethod
    def _in_the_vocabulary(cls, look: object, read: ValidatorFunctionWrapHandler) -> Any:
        given = look if isinstance(look, dict) else {}
        found = [each for group, names in given.items() for each in _wrong(group, names)]
        try:
            kept = read(look)
        except ValidationError as error:
            found += _found(error)
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        return kept


def _wrong(group: str, names: object) -> Iterator[InitErrorDetails]:
    """What the vocabulary has against the terms of a category."""
    terms = _one_or_more(names)
    words = [each for each in terms if isinstance(each, str)] if isinstance(terms, list) else []
    try:
        limit = vocabulary.category(group).limit
    except InvalidRequest as error:
        yield _refused((group,), error)
        return
    for number, name in enumerate(words):
        try:
            vocabulary.term(group, name)
        except InvalidRequest as error:
            yield _refused((group, number), error)
    if len(set(words)) < len(words):
        yield _at(group, message="a term is there twice", advice="Keep one of them.")
    if len(words) > limit:
        message = f"{len(words)} terms are too many"
        yield _at(group, message=message, advice=f"Keep at most {limit}.")


def _refused(place: tuple[str | int, ...], error: InvalidRequest) -> InitErrorDetails:
    return _at(*place, message=error.message.rstrip("."), advice=error.advice)


class _ForEditors(GenerateJsonSchema):
    """pydantic's schema without what an editor would put into the file by itself."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a preset file, with which an editor completes and checks it."""
    schema = Preset.model_json_schema(by_alias=True, schema_generator=_ForEditors)
    return {"$schema": DIALECT, **schema, "title": "A look for Rushes"}
