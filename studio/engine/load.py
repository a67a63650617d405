"""A model's folder and a placement → its parts, ready to run.

accelerate builds each part empty; the weights are put into it one tensor at a time, in the
placement's precision, where it wants them. Knows nothing of shots.
"""

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import torch
from accelerate import init_empty_weights
from accelerate.hooks import ModelHook, add_hook_to_module, remove_hook_from_module
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from safetensors import SafetensorError
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase, UMT5Config, UMT5EncoderModel

from studio import manifest, preparation, weights
from studio.attention import NATIVE
from studio.engine import hardware, lora, place, prepared, quantize, seams, stream
from studio.engine.place import Form
from studio.errors import ModelMissing, StudioError
from studio.lora import Lora
from studio.models import ModelSpec
from studio.plan import Placement, Precision, Residency

TEXT_ENCODER, HIGH, LOW, VAE = "text_encoder", "transformer", "transformer_2", "vae"
PROCESSOR = torch.device("cpu")
# What Windows answers where a file cannot be mapped because main memory and page file are full.
_PAGE_FILE_TOO_SMALL = "os error 1455"


class Parts:
    """The parts of one model, each loaded when first asked for and kept until released.

    folder: a diffusers repository on disk. bf16: the computer multiplies bf16 natively.
    prepared_in: folder in which experts are kept as they run, for the next time; None to keep none.
    attention: how experts compute it where it can be computed so, as in `studio.plan.Hardware`.
    Where parts take turns on the card, one at a time is there, inside `placed` or `running` only.
    made: the experts that were kept for the first time, until somebody takes note.
    Raises ModelMissing if the folder is not there, and where files are missing or damaged.
    """

    def __init__(
        self,
        spec: ModelSpec,
        folder: Path,
        way: Placement,
        bf16: bool,
        prepared_in: Path | None = None,
        attention: str = NATIVE,
    ) -> None:
        if not (folder / "model_index.json").exists():
            raise ModelMissing(
                f"{spec.name} is not on this computer.",
                f"Run: python -m studio models get {spec.id}",
            )
        self.spec = spec
        self.folder = folder
        self.way = way
        self._placement = Placement(*way)
        self._bf16 = bf16
        self._prepared = prepared_in
        self._attention = attention
        residency = self._placement.residency
        self.device = PROCESSOR if residency is Residency.CPU else hardware.device()
        # Where weights wait while a part does not work; on disk, if nowhere else.
        self._home = {Residency.SWAP: PROCESSOR, Residency.DISK: None}.get(residency, self.device)
        self._takes_turns = residency in (Residency.SWAP, Residency.DISK)
        self._mover = stream.mover(self.device)
        self._loaded: dict[str, nn.Module] = {}
        self._on_call: dict[str, stream.OnCall] = {}
        self._at_work: str | None = None
        self._worn: tuple[tuple[Lora, Path], ...] = ()
        self.made: list[str] = []

    def wear(self, loras: Sequence[tuple[Lora, Path]]) -> None:
        """Let the experts have these LoRAs, each with its file, and no others from now on."""
        if tuple(loras) != self._worn:
            self._worn = tuple(loras)
            self.release(HIGH, LOW)

    def tokenizer(self) -> PreTrainedTokenizerBase:
        folder = self.folder / "tokenizer"
        self._check_there(folder / "tokenizer_config.json")
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def loaded(self, name: str) -> bool:
        return name in self._loaded

    def get(self, name: str) -> Any:
        """The part of that name: TEXT_ENCODER, HIGH, LOW or VAE.

        Where weights wait on disk, it has them only while it works.
        """
        if name not in self._loaded:
            if name == TEXT_ENCODER and not self._has_room():
                self.release(HIGH, LOW)
            self._check_there(self.folder / name / "config.json")
            form = self._form(name)
            with self._reading(name):
                part = empty(self.folder / name, form)
            if name in (HIGH, LOW):
                seams.use_attention(part, self._attention_in(form))
            if self._home is not None:
                self._fill(name, part, self._home)
            self._loaded[name] = part
        return self._loaded[name]

    @contextlib.contextmanager
    def placed(self, *names: str) -> Iterator[None]:
        """Inside, a call of one of these parts brings it to where it works, and sends away the one
        that worked before. They must not be given new weights any more."""
        with contextlib.ExitStack() as after:
            if self._takes_turns:
                after.callback(self._send_home)
                for name in names:
                    part = self.get(name)
                    add_hook_to_module(part, _Called(partial(self._bring, name), self.device))
                    after.callback(remove_hook_from_module, part)
            yield

    @contextlib.contextmanager
    def running(self, name: str, device: torch.device | None = None) -> Iterator[Any]:
        """The part where it works, or on another device, for as long as the block lasts.

        Only a part that is never quantized can work on another device.
        """
        part = self.get(name)
        if device is not None and device != self.device:
            with self._elsewhere(name, part, device):
                yield part
            return
        self._bring(name)
        try:
            yield part
        finally:
            self._send_home()

    def release(self, *names: str) -> None:
        """Forget parts and give their memory back; without names, all of them."""
        self._send_home()
        for name in names or tuple(self._loaded):
            self._loaded.pop(name, None)
            self._on_call.pop(name, None)
        gc.collect()
        _give_back()

    def file_bytes(self, name: str) -> int:
        """The size of a part's weights on disk."""
        return sum(path.stat().st_size for path in (self.folder / name).glob("*.safetensors"))

    def identity(self, name: str) -> list[Any]:
        """What decides a part's results, as JSON values: its files, how they are kept, where it
        works."""
        origin = preparation.print_of(self.folder / name)
        return [origin, self._form(name).name, self.device.type]

    def kept(self, name: str) -> Path | None:
        """Where an expert is kept whole as it runs here; None where it is not."""
        folder = self._kept(name, self._form(name))
        return None if folder is None else preparation.find(folder, self.folder / name)

    def _bring(self, name: str) -> None:
        if not self._takes_turns or self._at_work == name:
            return
        self._send_home()
        self._at_work = name
        part = self._loaded[name]
        blocks = _blocks(name, part)
        streamed = len(blocks) if name == TEXT_ENCODER else self._placement.streamed
        if self._home is None and not (blocks and streamed):
            self._fill(name, part, self.device)
            return
        if self._home is None:
            self._fill(name, part, PROCESSOR)
        if name not in self._on_call:
            self._on_call[name] = stream.OnCall(part, blocks, streamed, self._mover)
        self._on_call[name].enter()

    def _send_home(self) -> None:
        name, self._at_work = self._at_work, None
        if name is None:
            return
        if name in self._on_call:
            self._on_call[name].leave()
        if self._home is None:
            self._on_call.pop(name, None)
            quantize.empty(self._loaded[name])
        _give_back()

    @contextlib.contextmanager
    def _elsewhere(self, name: str, part: nn.Module, device: torch.device) -> Iterator[None]:
        if self._home is None:
            self._fill(name, part, device)
        else:
            part.to(device)
        try:
            yield
        finally:
            if self._home is None:
                quantize.empty(part)
            else:
                part.to(self._home)

    def _fill(self, name: str, part: nn.Module, device: torch.device) -> None:
        origin, form = self.folder / name, self._form(name)
        changes = self._changes(name, part)
        kept = None if changes else self._kept(name, form)
        found = None if kept is None else preparation.find(kept, origin)
        if found is None:
            self._check_not_released(name, form, bool(changes))
        with self._reading(name):
            if found is None and kept is not None:
                found = prepared.make(partial(empty, origin, form), origin, kept, form, self.device)
                if found is not None:
                    self.made.append(name)
            place.fill(part, found or origin, form, (device, self.device), changes)

    def _kept(self, name: str, form: Form) -> Path | None:
        """Where a part is kept as it runs; only the experts are, and not in their own precision."""
        if self._prepared is None or name not in (HIGH, LOW) or form.precision is Precision.FP32:
            return None
        return self._prepared / form.name / name

    def _check_not_released(self, name: str, form: Form, changed: bool) -> None:
        known = manifest.read(self.folder) if name in (HIGH, LOW) else None
        if known is None or known.released is None:
            return
        wanted = "LoRAs are added to them" if changed else f"{form.name} is made of them"
        raise ModelMissing(
            f"The published experts of {self.spec.name} were released, and {wanted}; kept here: "
            f"{', '.join(known.released.forms)}.",
            f"Bring them back: {weights.bring_back(self.spec, known)}",
        )

    def _changes(self, name: str, part: nn.Module) -> lora.Changes:
        """What the LoRAs do to a part; a dense model has one expert, and that does it all."""
        if name not in (HIGH, LOW) or not self._worn:
            return {}
        which = {"both", "high" if name == HIGH else "low"}
        dense = self.spec.experts == 1
        files = [(path, one.strength) for one, path in self._worn if dense or one.expert in which]
        changes = lora.read(files)
        lora.check(changes, part)
        return changes

    def _form(self, name: str) -> Form:
        if name == VAE:
            # In bf16 its colours drift.
            return Form(precision=Precision.FP32, compute=torch.float32)
        if name == TEXT_ENCODER:
            precision = self._placement.encoder or self._placement.precision
            return Form(precision=precision, compute=_compute(precision, self._bf16))
        return expert_form(self._placement.precision, self._bf16)

    def _attention_in(self, form: Form) -> str:
        """Another than torch's own is for cards, and for 16 bits."""
        other = self.device.type == "cuda" and form.compute is torch.bfloat16
        return self._attention if other else NATIVE

    def _has_room(self) -> bool:
        """Whether the text encoder fits beside what is loaded, by the memory that is free now."""
        needed = self.file_bytes(TEXT_ENCODER)
        if self._form(TEXT_ENCODER).compute is torch.float32:
            needed *= 2  # published in bf16
        if self._home is not None and self._home.type == "cuda":
            return bool(torch.cuda.mem_get_info()[0] > needed)
        return bool(psutil.virtual_memory().available > needed)

    @contextlib.contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            yield
        except (OSError, SafetensorError, KeyError) as error:
            if _PAGE_FILE_TOO_SMALL in str(error):
                raise MemoryError(str(error)) from error
            raise self._not_whole(f"{name} cannot be read, {error}") from error

    def _check_there(self, path: Path) -> None:
        # The libraries would take a folder that is not there for a name on the internet.
        if not path.exists():
            raise self._not_whole(f"{path.relative_to(self.folder).as_posix()} is missing")

    def _not_whole(self, what: str) -> ModelMissing:
        return ModelMissing(
            f"The files of {self.spec.name} are not whole ({what}).",
            f"Run: python -m studio models get {self.spec.id}",
        )


class _Called(ModelHook):
    """Does something before a part works. diffusers reads execution_device to know where inputs
    must be."""

    def __init__(self, before: Callable[[], None], device: torch.device) -> None:
        self._before = before
        self.execution_device = device

    def pre_forward(self, _: nn.Module, *args: Any, **kwargs: Any) -> Any:
        self._before()
        return args, kwargs


def _give_back() -> None:
    """Return to the card what torch keeps of it and nobody uses."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _blocks(name: str, part: Any) -> Sequence[nn.Module]:
    """What a part runs one after the other."""
    if name == VAE:
        return ()
    return part.encoder.block if name == TEXT_ENCODER else part.blocks


def expert_form(precision: Precision, bf16: bool) -> Form:
    """How an expert is kept in a precision. bf16: as of `Parts`."""
    compute = _compute(precision, bf16)
    return Form(precision=precision, compute=compute, islands=seams.FP32_ISLANDS)


def empty(folder: Path, form: Form) -> nn.Module:
    """A part without weights, by its folder's configuration and name, for weights in this form."""
    part = _BUILDERS[folder.name](folder, form).eval()
    _set_dtypes(part, form)
    return part


def _compute(precision: Precision, bf16: bool) -> torch.dtype:
    if precision is Precision.BF16 or (precision in quantize.QUANTIZED and bf16):
        return torch.bfloat16
    return torch.float32


def _transformer(folder: Path, form: Form) -> WanTransformer3DModel:
    with init_empty_weights():
        model = WanTransformer3DModel.from_config(WanTransformer3DModel.load_config(folder))
    if form.precision in quantize.QUANTIZED:
        # Only the blocks: what goes in and comes out of the model stays as it is.
        quantize.replace_linears(model.blocks, form.precision, form.compute, skip=())
    return model


def _text_encoder(folder: Path, form: Form) -> UMT5EncoderModel:
    with init_empty_weights():
        model = UMT5EncoderModel(UMT5Config.from_pretrained(folder, local_files_only=True))
    # init_empty_weights unties what was tied; with one and the same module it stays so.
    model.set_input_embeddings(model.shared)
    if model.encoder.embed_tokens is not model.shared:
        # Some versions of transformers untie them: the words would then be read by noise.
        raise StudioError(
            "This version of transformers reads the text encoder's words wrongly.",
            "Start with launch.py once more: it installs the versions that belong together.",
        )
    if form.precision in quantize.QUANTIZED:
        quantize.replace_linears(
            model.encoder.block, form.precision, form.compute, skip=seams.UMT5_UNQUANTIZED
        )
    return model


def _vae(folder: Path, _: Form) -> AutoencoderKLWan:
    with init_empty_weights():
        return AutoencoderKLWan.from_config(AutoencoderKLWan.load_config(folder))


_BUILDERS = {TEXT_ENCODER: _text_encoder, HIGH: _transformer, LOW: _transformer, VAE: _vae}


def _set_dtypes(part: nn.Module, form: Form) -> None:
    """Give an empty part the dtypes that its weights will have: pipelines ask before it works."""
    packed = {f"{path}.weight" for path in quantize.quantized_layers(part)}
    for name, parameter in part.named_parameters():
        if name not in packed:
            parameter.data = parameter.data.to(form.dtype_of(name))
