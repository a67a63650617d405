"""The models we know, as data. A new checkpoint is a new entry, never a new `if`.

Knows what a model is and how its makers sample it; not where its files are, nor whether it fits.
Sampling values are those of the official Wan2.2 configurations (`wan/configs/wan_t2v_A14B.py`,
`wan_i2v_A14B.py`, `wan_ti2v_5B.py`), not those of the converted repositories' scheduler files.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

from studio.errors import InvalidRequest
from studio.vocabulary import Words

# Official negative prompt (`wan/configs/shared_config.py`, Chinese) term by term beside the English
# rendering of the diffusers documentation.
OFFICIAL_NEGATIVE = tuple(
    Words(en=en, zh=zh)
    for en, zh in (
        ("bright tones", "色调艳丽"),
        ("overexposed", "过曝"),
        ("static", "静态"),
        ("blurred details", "细节模糊不清"),
        ("subtitles", "字幕"),
        ("style", "风格"),
        ("works", "作品"),
        ("paintings", "画作"),
        ("images", "画面"),
        ("static", "静止"),
        ("overall gray", "整体发灰"),
        ("worst quality", "最差质量"),
        ("low quality", "低质量"),
        ("JPEG compression residue", "JPEG压缩残留"),
        ("ugly", "丑陋的"),
        ("incomplete", "残缺的"),
        ("extra fingers", "多余的手指"),
        ("poorly drawn hands", "画得不好的手部"),
        ("poorly drawn faces", "画得不好的脸部"),
        ("deformed", "畸形的"),
        ("disfigured", "毁容的"),
        ("misshapen limbs", "形态畸形的肢体"),
        ("fused fingers", "手指融合"),
        ("still picture", "静止不动的画面"),
        ("messy background", "杂乱的背景"),
        ("three legs", "三条腿"),
        ("many people in the background", "背景人很多"),
        ("walking backwards", "倒着走"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How the makers sample a model.

    guidance_high, guidance_low: classifier-free guidance scale of the high-noise and the low-noise
    expert (diffusers' `guidance_scale` and `guidance_scale_2`). boundary: the sigma at and above
    which the high-noise expert works; None for a dense model.
    """

    steps: int
    flow_shift: float
    guidance_high: float
    guidance_low: float
    boundary: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quick:
    """How a model is sampled with its distillation LoRAs: in few steps and without guidance.

    repository: Hugging Face id of theirs. files: for the high-noise and the low-noise expert.
    bytes: of both, by arithmetic: rank 64 of every linear layer of the blocks, in 16 bits.
    """

    steps: int
    flow_shift: float
    repository: str
    files: tuple[str, str]
    bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One picture shape with the two sizes a shot travels through, as (width, height) in pixels."""

    name: str
    preview: tuple[int, int]
    final: tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """One model.

    needs_picture: image-to-video only. takes_picture, takes_last_picture: may be given a first or
    last frame. expand_timesteps: one timestep per token, as TI2V-5B works. experts: transformers,
    1 or 2. expert_params, encoder_params: parameters of one expert and of the text encoder.
    encoder_kept_params: those of the encoder that are never quantized, UMT5's embedding (256,384 ×
    4,096) and the last layer of its 24 feed-forwards (10,240 × 4,096). encoder_table_params: that
    embedding's. expert_kept_params: those of an expert outside its blocks. Both 0 where they are
    too few to matter.
    vae_bytes: size of the VAE in fp32. decode_bytes_per_pixel: peak memory of its fp32 decode for
    each pixel of a frame (traced: 7.2 GiB at 832×480, 18.0 GiB at 1280×704; 16 % more for the
    convolutions' workspaces, measured on an H200 with A14B's). decode_flops_per_pixel: its
    operations for each pixel of each frame, counted; 0 where they do not matter. width, layers: of
    one transformer. stride: the VAE's (frames, height, width) of one latent. latent_channels: of
    the VAE. size_multiple: width and height must be divisible by it (VAE stride times patch).
    frames, fps: the makers' defaults.
    preview_steps: sampling steps of a quick look. quick: how still quicker ones are made, where
    there are LoRAs for that. text_tokens: the longest text in tokens.
    repository: Hugging Face id, None where the files come with the studio. tiny_decoder: the TAEHV
    decoder of its latents, "" where there is none.
    """

    id: str
    name: str
    note: Words
    licence: str
    repository: str | None
    needs_picture: bool
    takes_picture: bool
    takes_last_picture: bool
    expand_timesteps: bool
    experts: int
    expert_params: int
    encoder_params: int
    encoder_kept_params: int
    vae_bytes: int
    decode_bytes_per_pixel: int
    width: int
    layers: int
    stride: tuple[int, int, int]
    latent_channels: int
    size_multiple: int
    max_side: int
    frames: int
    max_frames: int
    fps: int
    text_tokens: int
    preview_steps: int
    sampling: Sampling
    shapes: tuple[Shape, ...]
    negative: tuple[Words, ...]
    expert_kept_params: int = 0
    encoder_table_params: int = 0
    decode_flops_per_pixel: int = 0
    quick: Quick | None = None
    tiny_decoder: str = ""

    @property
    def in_channels(self) -> int:
        """What an expert reads: latents, and where it needs a picture, a mask for every frame of a
        latent and the picture's latents."""
        condition = self.stride[0] + self.latent_channels if self.needs_picture else 0
        return self.latent_channels + condition

    def shape(self, name: str) -> Shape:
        """The shape of that name. Raises InvalidRequest naming the ones this model has."""
        for shape in self.shapes:
            if shape.name == name:
                return shape
        allowed = ", ".join(shape.name for shape in self.shapes)
        raise InvalidRequest(f"{self.name} has no shape “{name}”.", f"Use one of: {allowed}.")


# Both sizes of a shape have the same proportions, 1 to 1.5: refining never stretches or cuts.
# 832×480 is official; 1280×720 is official too but not of its proportions, so 1248×720 stands in.
_A14B_SHAPES = (
    Shape(name="16:9", preview=(832, 480), final=(1248, 720)),
    Shape(name="9:16", preview=(480, 832), final=(720, 1248)),
    Shape(name="1:1", preview=(640, 640), final=(960, 960)),
    Shape(name="4:3", preview=(640, 480), final=(960, 720)),
)


def _quick(task: str, version: str) -> Quick:
    """Their timesteps 1000, 750, 500, 250 are four even ones, moved with shift 5: the first two lie
    above either boundary, as the LoRAs' makers change experts after two steps."""
    name = "wan2.2_{}_A14b_{}_noise_lora_rank64_lightx2v_4step_{}.safetensors"
    return Quick(
        steps=4,
        flow_shift=5.0,
        repository="lightx2v/Wan2.2-Distill-Loras",
        files=(name.format(task, "high", version), name.format(task, "low", version)),
        bytes=2 * 613_000_000,
    )


T2V_A14B = ModelSpec(
    id="t2v-a14b",
    name="Wan2.2 T2V-A14B",
    note=Words(en="Text to video, two 14B experts.", zh="文生视频，两个 14B 专家。"),
    repository="Wan-AI/Wan2.2-T2V-A14B-Diffusers",
    needs_picture=False,
    takes_picture=False,
    takes_last_picture=False,
    expert_params=14_288_491_584,
    expert_kept_params=232_719_424,
    # Shared with I2V-A14B: `wan/configs/shared_config.py`, Wan2.1 VAE, UMT5-XXL encoder.
    licence="Apache-2.0",
    expand_timesteps=False,
    experts=2,
    encoder_params=5_680_910_336,
    encoder_kept_params=2_056_781_824,
    encoder_table_params=1_050_148_864,
    vae_bytes=507_591_892,
    decode_bytes_per_pixel=22_700,
    decode_flops_per_pixel=8_482_322,
    tiny_decoder="taew2_1",
    width=5120,
    layers=40,
    stride=(4, 8, 8),
    latent_channels=16,
    size_multiple=16,
    max_side=1280,
    frames=81,
    max_frames=121,
    fps=16,
    text_tokens=512,
    preview_steps=20,
    quick=_quick("t2v", "1217"),
    shapes=_A14B_SHAPES,
    negative=OFFICIAL_NEGATIVE,
    sampling=Sampling(
        steps=40, flow_shift=12.0, guidance_high=4.0, guidance_low=3.0, boundary=0.875
    ),
)

I2V_A14B = replace(
    T2V_A14B,
    id="i2v-a14b",
    name="Wan2.2 I2V-A14B",
    note=Words(en="Picture to video, two 14B experts.", zh="图生视频，两个 14B 专家。"),
    repository="Wan-AI/Wan2.2-I2V-A14B-Diffusers",
    needs_picture=True,
    takes_picture=True,
    takes_last_picture=True,
    quick=_quick("i2v", "1022"),
    expert_params=14_288_901_184,
    expert_kept_params=233_129_024,
    sampling=Sampling(
        steps=40, flow_shift=5.0, guidance_high=3.5, guidance_low=3.5, boundary=0.900
    ),
)

TI2V_5B = ModelSpec(
    id="ti2v-5b",
    name="Wan2.2 TI2V-5B",
    note=Words(
        en="Text or picture to video, one dense 5B model.", zh="文生/图生视频，5B 稠密模型。"
    ),
    licence="Apache-2.0",
    repository="Wan-AI/Wan2.2-TI2V-5B-Diffusers",
    needs_picture=False,
    takes_picture=True,
    takes_last_picture=False,
    expand_timesteps=True,
    experts=1,
    expert_params=4_999_787_712,
    expert_kept_params=90_086_592,
    encoder_params=5_680_910_336,
    encoder_kept_params=2_056_781_824,
    encoder_table_params=1_050_148_864,
    vae_bytes=2_818_800_000,
    decode_bytes_per_pixel=25_000,
    decode_flops_per_pixel=18_408_229,
    tiny_decoder="taew2_2",
    width=3072,
    layers=30,
    stride=(4, 16, 16),
    latent_channels=48,
    size_multiple=32,
    max_side=1280,
    frames=121,
    max_frames=121,
    fps=24,
    text_tokens=512,
    preview_steps=25,
    sampling=Sampling(steps=50, flow_shift=5.0, guidance_high=5.0, guidance_low=5.0, boundary=None),
    # Below 720p this model falls apart, so a preview is the full size with fewer steps.
    shapes=(
        Shape(name="16:9", preview=(1280, 704), final=(1280, 704)),
        Shape(name="9:16", preview=(704, 1280), final=(704, 1280)),
    ),
    negative=OFFICIAL_NEGATIVE,
)

POCKET = ModelSpec(
    id="pocket",
    name="Pocket",
    note=Words(
        en="Built in: shows the workflow, not the picture quality of Wan2.2. "
        "Soft as if out of focus: place, light, time, side, angle and motion follow the words, "
        "camera moves and tones mostly, shapes, colours and sizes every other time, lighting less.",
        zh="内置模型：演示流程，不代表 Wan2.2 的画质。"
        "画面像没对上焦：地点、光源、时间、左右位置、机位角度和运动会跟随文字，运镜和色调大多会，"
        "形状、颜色和景别大约一半时候会，布光更少。",
    ),
    licence="Apache-2.0",
    repository=None,
    needs_picture=False,
    takes_picture=True,
    takes_last_picture=False,
    expand_timesteps=True,
    experts=2,
    # `tests/engine/test_pocket.py` holds what follows to the files; decoding was traced at 192×128.
    expert_params=4_219_392,
    encoder_params=1_097_280,
    encoder_kept_params=481_280,
    vae_bytes=9_259_696,
    decode_bytes_per_pixel=5_300,
    width=192,
    layers=7,
    stride=(4, 8, 8),
    latent_channels=32,
    size_multiple=16,
    max_side=256,
    frames=17,
    max_frames=81,
    fps=8,
    text_tokens=256,
    preview_steps=8,
    sampling=Sampling(
        steps=12, flow_shift=5.0, guidance_high=4.0, guidance_low=3.0, boundary=0.875
    ),
    shapes=(
        Shape(name="3:2", preview=(96, 64), final=(192, 128)),
        Shape(name="2:3", preview=(64, 96), final=(128, 192)),
        Shape(name="1:1", preview=(80, 80), final=(160, 160)),
    ),
    negative=OFFICIAL_NEGATIVE,
)

MODELS = MappingProxyType({spec.id: spec for spec in (POCKET, T2V_A14B, I2V_A14B, TI2V_5B)})


def model(id: str) -> ModelSpec:
    """The model of that id. Raises InvalidRequest naming the known ones."""
    if id not in MODELS:
        raise InvalidRequest(f"There is no model “{id}”.", f"Use one of: {', '.join(MODELS)}.")
    return MODELS[id]
