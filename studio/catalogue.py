"""Ways to have a model: which files of which repositories make one up, as data.

A new way is a new entry. Knows names, sizes and licences; fetches nothing and reads no weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from studio.errors import InvalidRequest
from studio.lora import LORAS
from studio.models import ModelSpec
from studio.plan import GIB, Precision, disk_gb, kept_share
from studio.vocabulary import Words

# Only what the pipelines read; a repository may also carry pictures, films and pickled weights.
WANTED = (
    "model_index.json",
    "scheduler/*.json",
    "tokenizer/*.json",
    "tokenizer/*.model",
    *(
        f"{part}/*.{suffix}"
        for part in ("text_encoder", "transformer", "transformer_2", "vae")
        for suffix in ("json", "safetensors")
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Files of one repository. repository: its id, on Hugging Face and on ModelScope. bytes: what
    they take, to a percent. wanted: patterns of the files that are taken; a `*` also stands for
    slashes. folders: where those of a folder go instead."""

    repository: str
    licence: str
    bytes: int
    wanted: tuple[str, ...] = WANTED
    folders: Mapping[str, str] = field(default_factory=dict)

    def target(self, path: str) -> str:
        """Where one of its files goes in the model's folder."""
        folder, _, name = path.rpartition("/")
        return f"{self.folders[folder]}/{name}" if folder in self.folders else path


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """One way to have a model. sources: the model's own repository first. precision: in which the
    experts are kept as they run, made of the published ones as those come, which are then let go;
    None where they stay. passing: bytes that are not there in the end."""

    id: str
    name: Words
    note: Words
    sources: tuple[Source, ...]
    precision: Precision | None
    passing: int

    @property
    def bytes(self) -> int:
        """What its files take, to a percent, until the hub has told their sizes."""
        return sum(source.bytes for source in self.sources)

    @property
    def stays(self) -> int:
        """Bytes on disk in the end."""
        return self.bytes - self.passing


# All but the experts' weights: those come from elsewhere.
_AROUND = (
    *(form for form in WANTED if not form.startswith("transformer")),
    "transformer/config.json",
    "transformer_2/config.json",
)
# Made here of the published experts while they come.
_MADE = {"made-bf16": Precision.BF16, "made-int8": Precision.INT8, "made-nf4": Precision.NF4}
_NAMES = {
    "full": Words(en="As published", zh="原版"),
    "made-bf16": Words(en="Made here: 16 bits", zh="本机转换：16 位"),
    "made-int8": Words(en="Made here: 8 bits", zh="本机转换：8 位"),
    "made-nf4": Words(en="Made here: 4 bits", zh="本机转换：4 位"),
    "q8": Words(en="8 bits", zh="8 位"),
    "q4": Words(en="4 bits", zh="4 位"),
}
_NOTES = {
    "full": Words(
        en="The experts in 32 bits, as their makers published them.",
        zh="官方发布的 32 位专家权重。",
    ),
    **{
        id: Words(
            en="The published experts, turned into what runs while they come and not kept: the "
            "whole download, but little room on the disk. No LoRAs, so no 4-step previews.",
            zh="下载官方权重的同时转换为运行所需的格式，不保留原件：下载量不变，但占用磁盘少。"
            "不能使用 LoRA，因此没有 4 步预览。",
        )
        for id in _MADE
    },
    "q8": Words(
        en="The experts rounded to 8 bits: about a third of the download.",
        zh="专家权重取 8 位：下载量约为原版的三分之一。",
    ),
    "q4": Words(
        en="The experts rounded to 4 bits: the smallest download; detail may be coarser.",
        zh="专家权重取 4 位：下载量最小，细节可能略粗。",
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Packed:
    """Experts in GGUF files. wanted, folders: as of a Source. bytes: of all of them."""

    repository: str
    wanted: tuple[str, ...]
    folders: Mapping[str, str]
    bytes: int


def _a14b(task: str, kind: str, bytes: int) -> _Packed:
    return _Packed(
        repository=f"QuantStack/Wan2.2-{task}-A14B-GGUF",
        wanted=(f"HighNoise/*-{kind}.gguf", f"LowNoise/*-{kind}.gguf"),
        folders={"HighNoise": "transformer", "LowNoise": "transformer_2"},
        bytes=2 * bytes,
    )


def _5b(kind: str, bytes: int) -> _Packed:
    return _Packed(
        repository="QuantStack/Wan2.2-TI2V-5B-GGUF",
        wanted=(f"*-{kind}.gguf",),
        folders={"": "transformer"},
        bytes=bytes,
    )


# Bytes: those of Q4_K_M and of the 5B's Q8_0 as the repositories list them, rounded; an A14B
# expert's Q8_0 by arithmetic, 8.5 bits a weight.
_PACKED: Mapping[str, Mapping[str, _Packed]] = MappingProxyType(
    {
        "t2v-a14b": {
            "q8": _a14b("T2V", "Q8_0", 15_400_000_000),
            "q4": _a14b("T2V", "Q4_K_M", 9_650_000_000),
        },
        "i2v-a14b": {
            "q8": _a14b("I2V", "Q8_0", 15_400_000_000),
            "q4": _a14b("I2V", "Q4_K_M", 9_650_000_000),
        },
        "ti2v-5b": {
            "q8": _5b("Q8_0", 5_400_000_000),
            "q4": _5b("Q4_K_M", 3_440_000_000),
        },
    }
)
# What suits a computer whose best plan keeps the experts so; above 8 bits, the original.
_FOR = {Precision.INT8: "q8", Precision.NF4: "q4"}


def bundles(spec: ModelSpec, precision: Precision | None = None) -> tuple[Bundle, ...]:
    """The ways to have a model, the recommended one first; none for one that is built in.

    precision: in which this computer would run it best; None where that is not known.
    """
    if spec.repository is None:
        return ()
    first = "q8" if precision is None else _FOR.get(precision, "full")
    known = ("full", *_PACKED.get(spec.id, ()), *_MADE)
    order = sorted(known, key=lambda id: id != first)
    return tuple(_bundle(spec, id) for id in order)


def _bundle(spec: ModelSpec, id: str) -> Bundle:
    repository, licence, precision = str(spec.repository), spec.licence, _MADE.get(id)
    if id == "full" or precision is not None:
        published = round(disk_gb(spec) * GIB)
        sources: tuple[Source, ...] = (
            Source(repository=repository, licence=licence, bytes=published),
        )
    else:
        packed = _PACKED[spec.id][id]
        sources = (
            Source(
                repository=repository,
                licence=licence,
                bytes=2 * spec.encoder_params + spec.vae_bytes,
                wanted=_AROUND,
            ),
            Source(
                repository=packed.repository,
                licence=licence,
                bytes=packed.bytes,
                wanted=packed.wanted,
                folders=packed.folders,
            ),
        )
    if spec.quick is not None and precision is None:
        quick = spec.quick
        loras = Source(
            repository=quick.repository,
            licence=licence,
            bytes=quick.bytes,
            wanted=quick.files,
            folders={"": LORAS},
        )
        sources = (*sources, loras)
    return Bundle(
        id=id,
        name=_NAMES[id],
        note=_NOTES[id],
        sources=sources,
        precision=precision,
        passing=_passing(spec, precision),
    )


def _passing(spec: ModelSpec, precision: Precision | None) -> int:
    """Bytes of the download that are not there in the end."""
    if precision is None:
        return 0
    return round((1 - kept_share(spec, precision)) * 4 * spec.experts * spec.expert_params)


def bundle(spec: ModelSpec, id: str | None, precision: Precision | None = None) -> Bundle:
    """The way of that id, or the recommended one. Raises InvalidRequest."""
    known = bundles(spec, precision)
    if not known:
        raise InvalidRequest(
            f"{spec.name} is built in: there is nothing to download.",
            "If its files are damaged, get the program itself again.",
        )
    for one in known:
        if id in (None, one.id):
            return one
    raise InvalidRequest(
        f"There is no “{id}” of {spec.name}.", f"Use one of: {', '.join(one.id for one in known)}."
    )
