"""Which program computes attention: a table of what is known good with Wan2.2, and what is not.

Names are diffusers'. Knows cards by their compute capability, packages by their version; runs
nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from studio.errors import InvalidRequest

# Asks for one by name, as diffusers itself does.
VARIABLE = "DIFFUSERS_ATTN_BACKEND"
# torch's own: exact, everywhere.
NATIVE = "native"
SAGE = "sage"
# The oldest SageAttention that diffusers takes; the one on PyPI is older, and another kernel.
OLDEST_SAGE = (2, 1, 1)
# Cards whose kernel of SageAttention 2 is not known to be wrong. 9.0 is not among them: there
# `sage` is the kernel that gives noise (diffusers issue 12783).
SAGE_CAPABILITIES = ("8.0", "8.6", "8.7", "8.9", "12.0")
_NOISE = "it makes noise of Wan2.2's pictures (diffusers issue 12783)"
_FETCHES = "it fetches code from the internet when it is chosen"
REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "_sage_qk_int8_pv_fp8_cuda_sm90": _NOISE,
        "sage_hub": _FETCHES,
        "sage_blackwell_hub": _FETCHES,
        "flash_hub": _FETCHES,
        "flash_varlen_hub": _FETCHES,
        "flash_4_hub": _FETCHES,
        "_flash_3_hub": _FETCHES,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attention:
    """A way to compute attention, and why this one. name: diffusers' name of it."""

    name: str
    reason: str


def choose(capability: str, bf16: bool, sage: str | None, asked: str | None) -> Attention:
    """The way for a computer. capability, bf16: as in `studio.plan.Hardware`. sage: the version of
    SageAttention that is installed, None without. asked: for a way by name, None for the best.

    Raises InvalidRequest where what is asked for is known to be bad, or cannot work here.
    """
    if asked is not None and asked in REFUSED:
        raise InvalidRequest(
            f"The attention “{asked}” is not used: {REFUSED[asked]}.",
            f"Take {VARIABLE} out of the environment.",
        )
    if asked not in (None, NATIVE, SAGE):
        raise InvalidRequest(
            f"The attention “{asked}” was never tried with Wan2.2 here.",
            f"Set {VARIABLE} to {NATIVE} or {SAGE}, or take it out of the environment.",
        )
    lacking = _lacking(capability, bf16, sage)
    if asked == SAGE and lacking:
        raise InvalidRequest(
            f"SageAttention cannot be used: {lacking}.",
            f"Take {VARIABLE} out of the environment.",
        )
    if asked == NATIVE or lacking:
        return Attention(name=NATIVE, reason=lacking or "it was asked for")
    return Attention(name=SAGE, reason=f"SageAttention {sage} is installed")


def _lacking(capability: str, bf16: bool, sage: str | None) -> str:
    """Why SageAttention 2 is not used; "" where it is."""
    if not capability:
        return "there is no graphics card that torch can use"
    if not bf16 or capability not in SAGE_CAPABILITIES:
        return f"it is not known good on cards of compute capability {capability}"
    if sage is None:
        return "SageAttention is not installed"
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", sage)
    if numbers is None or tuple(map(int, numbers.groups())) < OLDEST_SAGE:
        return f"SageAttention {sage} is older than {'.'.join(map(str, OLDEST_SAGE))}"
    return ""
