"""The Create page: the form on the left, the desk with stage, actions and filmstrip on the right.

`layout` draws, `wire` connects. A handler reads the form, asks the studio, and tells the page.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import gradio as gr

from studio.errors import PictureError, StudioError
from studio.models import MODELS, POCKET, ModelSpec
from studio.recipe import Picture, Recipe
from studio.recipe import from_json as recipe_from_json
from studio.shot import PICTURE_SHAPE
from studio.studio import Studio
from studio.ui import form
from studio.ui.cards import catalogue, model_name
from studio.ui.desk import Desk
from studio.ui.outlook import outlook, shown_picture
from studio.ui.part import part
from studio.ui.served import problem, served, uploaded

# A draft written by another version of the form is not read.
DRAFT_KEY = "rushes-draft-1"
LENGTH_STEP = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Fields:
    """The form's components, named as `studio.ui.form.Values`."""

    prompt: gr.Textbox
    negative: gr.Textbox
    looks: gr.HTML
    picture: gr.HTML
    last_picture: gr.HTML
    model: gr.Dropdown
    shape: gr.Dropdown
    frames: gr.Dropdown
    takes: gr.Dropdown
    steps: gr.Textbox
    seed: gr.Textbox

    def components(self) -> list[Any]:
        return [getattr(self, field.name) for field in fields(self)]


@dataclass(frozen=True, kw_only=True, slots=True)
class CreatePage:
    """The components of the page. each: the button that tries every chosen preset by itself.
    draft: the form, kept in the browser over a reload."""

    fields: Fields
    words: gr.HTML
    go: gr.Button
    each: gr.HTML
    desk: gr.HTML
    live: Desk
    draft: gr.BrowserState


def layout(studio: Studio, say: gr.I18n) -> CreatePage:
    """Draw the page; call inside its tab. say: key → the sentence in the browser's language."""
    live = Desk(studio)
    draft = gr.BrowserState(None, storage_key=DRAFT_KEY, secret="a draft is no secret")
    with gr.Row(elem_id="create", equal_height=False):
        with gr.Column(elem_id="panel", min_width=0):
            with gr.Column(elem_id="scroll", min_width=0):
                parts = _form(studio, say)
            with gr.Column(elem_id="foot", min_width=0):
                words = part("words")
                with gr.Row(elem_id="press"):
                    go = gr.Button(say("go"), variant="primary", min_width=0, elem_id="go")
                    each = part("each")
        with gr.Column(elem_id="main", min_width=0):
            desk = part("desk", served(live.poll), served(live.act))
            part("contact", served(live.save))
    return CreatePage(
        fields=parts, words=words, go=go, each=each, desk=desk, live=live, draft=draft
    )


def wire(page: CreatePage, tabs: gr.Tabs, shelf: gr.HTML, demo: gr.Blocks, studio: Studio) -> None:
    """Connect the page. shelf: the library's component, which can hand a recipe over."""
    inputs = page.fields.components()
    quiet = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}

    def foresee(*values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return _foresee(studio, form.Values(*values))

    def render(*values: Any) -> dict[str, Any]:
        return _pressed(values, lambda asked: page.live.render(asked.recipe, asked.takes))

    def sweep(*values: Any) -> dict[str, Any]:
        return _pressed(values, lambda asked: page.live.sweep(asked.recipe))

    def restore(draft: dict[str, Any] | None) -> list[Any]:
        return _restored(studio, draft)

    def sample(event: gr.EventData) -> str:
        return str(event.text)

    def reuse_take(event: gr.EventData) -> list[Any]:
        return _reused(lambda: _filled(studio, page.live.recipe_of(event.take)))

    def reuse_clip(event: gr.EventData) -> list[Any]:
        taken = _reused(lambda: _taken(studio, event.clip, event.what))
        return [*taken, gr.Tabs(selected="create")]

    told = {"outputs": [page.words, page.draft], **quiet}
    # Another model first brings its own shapes and lengths; until then the old ones are refused.
    changes = [part.change for part in inputs if part is not page.fields.model]
    gr.on(changes, foresee, inputs, trigger_mode="always_last", **told)
    page.go.click(render, inputs, page.desk, trigger_mode="multiple", **quiet)
    page.each.sweep(sweep, inputs, page.desk, **quiet)
    page.desk.sample(sample, None, page.fields.prompt, **quiet)
    page.desk.models(lambda: gr.Tabs(selected="models"), None, tabs, **quiet)
    page.desk.stale(foresee, inputs, **told)
    reused = [*inputs, page.desk]
    page.desk.reuse(reuse_take, None, reused, **quiet).then(foresee, inputs, **told)
    filled = shelf.reuse(reuse_clip, None, [*reused, tabs], **quiet)
    filled.then(foresee, inputs, **told)
    page.fields.model.input(
        _choices_of,
        [page.fields.shape, page.fields.frames, page.fields.model, page.fields.picture],
        [page.fields.shape, page.fields.frames],
        **quiet,
    ).then(foresee, inputs, **told)
    page.fields.picture.change(
        _shapes_of,
        [page.fields.shape, page.fields.model, page.fields.picture],
        page.fields.shape,
        **quiet,
    )
    demo.load(restore, page.draft, inputs, **quiet).then(foresee, inputs, **told)


def follow_models(page: CreatePage, depot: gr.HTML, studio: Studio) -> None:
    """Let the form's menu of models follow what comes and goes. depot: fires `changed` then."""
    depot.changed(
        lambda: gr.update(choices=_model_choices(studio)),
        None,
        page.fields.model,
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )


def _form(studio: Studio, say: gr.I18n) -> Fields:
    default = studio.default_model()
    spec = MODELS.get(default, POCKET)
    prompt = gr.Textbox(
        "",
        label=say("prompt"),
        placeholder=say("prompt_hint"),
        lines=3,
        max_lines=7,
        elem_id="prompt",
    )

    def keep(asked: dict[str, Any]) -> dict[str, Any]:
        return _keep(studio, asked)

    def cards(_: dict[str, Any]) -> dict[str, Any]:
        return catalogue(studio)

    picture = part("picture", served(keep))
    last_picture = part("picture", served(keep), elem_id="last_picture")
    looks = part("looks", served(cards), value=form.clean_looks(None))
    with gr.Row(elem_id="numbers"):
        model = _dropdown("model", say("model"), _model_choices(studio, default), default)
        shape = _dropdown(
            "shape", say("shape"), _shape_choices(spec, pictured=False), spec.shapes[0].name
        )
        frames = _dropdown("length", say("length"), _length_choices(spec), spec.frames)
        takes = _dropdown("takes", say("takes"), list(range(1, form.MAX_TAKES + 1)), 1)
        steps = _number("steps", say("steps"), say("auto"))
        seed = _number("seed", say("seed"), say("random"))
    with gr.Accordion(say("negative"), open=False, elem_id="negative-fold"):
        negative = gr.Textbox(
            "",
            label=say("negative"),
            show_label=False,
            placeholder=say("negative_hint"),
            lines=2,
            max_lines=5,
            elem_id="negative",
        )
    return Fields(
        prompt=prompt,
        negative=negative,
        looks=looks,
        picture=picture,
        last_picture=last_picture,
        model=model,
        shape=shape,
        frames=frames,
        takes=takes,
        steps=steps,
        seed=seed,
    )


def _dropdown(name: str, label: Any, choices: list[Any], value: Any) -> gr.Dropdown:
    return gr.Dropdown(choices, value=value, label=label, min_width=0, elem_id=name)


def _number(name: str, label: Any, hint: Any) -> gr.Textbox:
    """A number somebody types, or leaves open."""
    return gr.Textbox("", label=label, placeholder=hint, max_lines=1, min_width=0, elem_id=name)


def _foresee(studio: Studio, values: form.Values) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        asked = form.read(values)
    except StudioError as error:
        return {"problem": problem(error)}, _kept_without_numbers(values)
    return outlook(studio, asked.recipe), _draft(asked)


def _kept_without_numbers(values: form.Values) -> Any:
    """The draft of a form that cannot be read, mostly for a number; the one before where that is
    not the reason."""
    try:
        return _draft(form.read(replace(values, steps="", seed="")))
    except StudioError:
        return gr.skip()


def _draft(asked: form.Asked) -> dict[str, Any]:
    return {"recipe": asked.recipe.to_json(), "takes": asked.takes}


def _pressed(
    values: tuple[Any, ...], make: Callable[[form.Asked], dict[str, Any]]
) -> dict[str, Any]:
    """What make answers to the form, or what is wrong with it."""
    try:
        return make(form.read(form.Values(*values)))
    except StudioError as error:
        return _complaint(error)


def _complaint(error: StudioError) -> dict[str, Any]:
    """What the desk is given to tell. Marked with the time: it is only told what changed."""
    return {"problem": problem(error), "at": time.monotonic()}


def _reused(fill: Callable[[], list[Any]]) -> list[Any]:
    """Updates of every field, and what the desk is to tell where there are none."""
    try:
        return [*fill(), gr.skip()]
    except StudioError as error:
        return [*_untouched(), _complaint(error)]


def _untouched() -> list[Any]:
    return [gr.skip()] * len(fields(Fields))


def _restored(studio: Studio, draft: dict[str, Any] | None) -> list[Any]:
    """The form as it was left; untouched where there is no draft, or one nobody can read."""
    try:
        kept = draft or {}
        return _filled(studio, recipe_from_json(kept["recipe"]), kept["takes"])
    except (KeyError, StudioError):
        return _untouched()


def _filled(studio: Studio, recipe: Recipe, takes: int = 1) -> list[Any]:
    """Updates of every field that show a recipe, also what its model does not offer: the form then
    says so."""
    first, last = _shown(studio, recipe.picture), _shown(studio, recipe.last_picture)
    values = form.write(recipe, first, last, takes)
    model = recipe.model or studio.default_model()
    spec = MODELS.get(model, POCKET)
    shape = values.shape or spec.shapes[0].name
    length = values.frames or spec.frames
    shown = {
        "model": gr.update(choices=_model_choices(studio, model), value=model),
        "shape": gr.update(choices=_shape_choices(spec, "sha256" in first, shape), value=shape),
        "frames": gr.update(choices=_length_choices(spec, length), value=length),
    }
    return [shown.get(field.name, getattr(values, field.name)) for field in fields(Fields)]


def _taken(studio: Studio, clip_id: str, what: str) -> list[Any]:
    """Updates of the fields that take something of a clip over: its look, its seed, its last frame
    as the picture to start from, or all of its recipe. The others stay as they are."""
    clip = studio.clip(clip_id)
    match what:
        case "look":
            taken: dict[str, Any] = {"looks": form.write(clip.recipe, {}, {}).looks}
        case "seed":
            taken = {"seed": str(clip.shot.seed)}
        case "frame":
            frame = Picture(sha256=studio.last_frame(clip_id))
            taken = {"picture": shown_picture(studio, frame)}
        case _:
            return _filled(studio, clip.recipe)
    return [taken.get(field.name, gr.skip()) for field in fields(Fields)]


def _shown(studio: Studio, picture: Picture | None) -> dict[str, Any]:
    """The picture as its box shows it, or why there is none where its file is gone."""
    try:
        return shown_picture(studio, picture)
    except PictureError as error:
        return {"problem": problem(error)}


def _shapes_of(shape: str | None, model: str, picture: dict[str, Any] | None) -> Any:
    """The shapes to choose from with this picture, or none; its own goes where it goes."""
    if model not in MODELS:
        return gr.skip()
    usual = MODELS[model].shapes[0].name
    kept = usual if shape is None or (shape == PICTURE_SHAPE and not picture) else shape
    return gr.update(choices=_shape_choices(MODELS[model], bool(picture), kept), value=kept)


def _choices_of(
    shape: str | None, frames: int | None, model: str, picture: dict[str, Any] | None
) -> tuple[Any, Any]:
    """Shape and length that another model offers; what was chosen stays where it can."""
    if model not in MODELS:
        return gr.skip(), gr.skip()
    spec = MODELS[model]
    shapes = _shape_choices(spec, bool(picture))
    lengths = _length_choices(spec)
    kept = shape if shape in [value for _, value in shapes] else spec.shapes[0].name
    length = frames if frames in [value for _, value in lengths] else spec.frames
    return gr.update(choices=shapes, value=kept), gr.update(choices=lengths, value=length)


def _model_choices(studio: Studio, *also: str) -> list[tuple[str, str]]:
    """(name, id) of every model, and of an id nobody knows."""
    known = [
        (state.spec.name if state.installed else f"{state.spec.name} ⤓", state.spec.id)
        for state in studio.models()
    ]
    return known + [(model_name(id), id) for id in also if id not in MODELS]


def _shape_choices(spec: ModelSpec, pictured: bool, *also: str) -> list[tuple[Any, str]]:
    """(name, value) of the model's shapes, of the picture's own where there is one, and of `also`,
    which may be a size."""
    say = gr.I18n()
    own = [PICTURE_SHAPE] if pictured else []
    names = dict.fromkeys([*(shape.name for shape in spec.shapes), *own, *also])
    return [(say("shape_picture") if name == PICTURE_SHAPE else name, name) for name in names]


def _length_choices(spec: ModelSpec, *also: int) -> list[tuple[str, int]]:
    """(seconds for people, frames) every LENGTH_STEP frames, the model's own and `also`."""
    steps = range(1 + LENGTH_STEP, spec.max_frames + 1, LENGTH_STEP)
    return [
        (f"{frames / spec.fps:.1f} s", frames)
        for frames in sorted({1, *steps, spec.frames, spec.max_frames, *also})
    ]


def _keep(studio: Studio, asked: dict[str, Any]) -> dict[str, Any]:
    """asked: {"path"} of an upload. Keeps the picture in the library; the upload is removed."""
    path = uploaded(asked.get("path"))
    try:
        digest, _ = studio.keep_picture(path)
    finally:
        path.unlink(missing_ok=True)
    return shown_picture(studio, Picture(sha256=digest))
