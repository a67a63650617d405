"""Which attention a computer gets, by a table; no card and no package is needed."""

import pytest

from studio.attention import NATIVE, REFUSED, SAGE, choose
from studio.errors import InvalidRequest

TABLE = [
    # capability, bf16, SageAttention, asked for → name, why
    ("", False, None, None, NATIVE, "no graphics card"),
    ("", True, "2.2.0", None, NATIVE, "no graphics card"),
    ("7.5", False, "2.2.0", None, NATIVE, "not known good on cards of compute capability 7.5"),
    ("8.0", True, "2.2.0", None, SAGE, "2.2.0 is installed"),
    ("8.6", True, "2.1.1", None, SAGE, "2.1.1 is installed"),
    ("8.9", True, "2.2.0+cu130torch2.9.0.post4", None, SAGE, "is installed"),
    ("8.9", True, "10.0.0", None, SAGE, "is installed"),
    ("12.0", True, "2.2.0", None, SAGE, "is installed"),
    ("8.9", True, None, None, NATIVE, "SageAttention is not installed"),
    ("8.9", True, "1.0.6", None, NATIVE, "1.0.6 is older than 2.1.1"),
    ("8.9", True, "2.1.0", None, NATIVE, "2.1.0 is older than 2.1.1"),
    ("8.9", True, "unknown", None, NATIVE, "unknown is older"),
    ("9.0", True, "2.2.0", None, NATIVE, "not known good on cards of compute capability 9.0"),
    ("10.0", True, "2.2.0", None, NATIVE, "not known good on cards of compute capability 10.0"),
    ("8.9", True, "2.2.0", NATIVE, NATIVE, "asked for"),
    ("8.9", True, "2.2.0", SAGE, SAGE, "is installed"),
]


@pytest.mark.parametrize(("capability", "bf16", "sage", "asked", "name", "why"), TABLE)
def test_a_computer_gets_what_is_installed_and_known_good(
    capability: str, bf16: bool, sage: str | None, asked: str | None, name: str, why: str
) -> None:
    found = choose(capability, bf16, sage, asked)
    assert found.name == name
    assert why in found.reason


@pytest.mark.parametrize("asked", REFUSED)
def test_what_is_known_bad_is_refused_with_a_sentence(asked: str) -> None:
    with pytest.raises(InvalidRequest, match=f"“{asked}” is not used: it ") as said:
        choose("9.0", True, "2.2.0", asked)
    assert "DIFFUSERS_ATTN_BACKEND" in said.value.advice


@pytest.mark.parametrize(
    ("asked", "capability", "sage", "why"),
    [
        ("flex", "8.9", "2.2.0", "“flex” was never tried"),
        (SAGE, "9.0", "2.2.0", "compute capability 9.0"),
        (SAGE, "8.9", None, "is not installed"),
        (SAGE, "", "2.2.0", "no graphics card"),
    ],
)
def test_what_cannot_be_is_not_silently_another(
    asked: str, capability: str, sage: str | None, why: str
) -> None:
    with pytest.raises(InvalidRequest, match=why):
        choose(capability, True, sage, asked)
