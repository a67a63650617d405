"""Ways to have a model: sizes to a percent, the recommended one by what the computer can keep."""

import pytest

from studio import catalogue
from studio.errors import InvalidRequest
from studio.models import I2V_A14B, MODELS, POCKET, T2V_A14B, TI2V_5B, ModelSpec
from studio.plan import Precision

FETCHED = [spec for spec in MODELS.values() if spec.repository]


def test_the_published_bytes_are_those_of_the_repository() -> None:
    """126,177,598,620 bytes of weights are listed there."""
    full = catalogue.bundle(T2V_A14B, "full")
    assert full.bytes == pytest.approx(126_177_598_620, rel=0.01)
    assert catalogue.bundle(TI2V_5B, "full").bytes == pytest.approx(34.2e9, rel=0.01)


@pytest.mark.parametrize("spec", FETCHED, ids=lambda spec: spec.id)
def test_few_bits_are_a_small_part_of_the_download(spec: object) -> None:
    full, q8, q4 = (catalogue.bundle(spec, id).bytes for id in ("full", "q8", "q4"))  # type: ignore[arg-type]
    assert q4 < q8 < 0.6 * full


@pytest.mark.parametrize("spec", FETCHED, ids=lambda spec: spec.id)
def test_what_is_made_here_is_the_published_download_and_less_on_the_disk(spec: ModelSpec) -> None:
    full = catalogue.bundle(spec, "full")
    ids = ("full", "made-bf16", "made-int8", "made-nf4")
    sizes = [catalogue.bundle(spec, id).stays for id in ids]
    assert sizes == sorted(sizes, reverse=True)
    assert full.stays == full.bytes
    for id in ids[1:]:
        made = catalogue.bundle(spec, id)
        assert made.precision == id.removeprefix("made-")
        assert made.sources == full.sources[:1]  # LoRAs could not be added
    if spec is T2V_A14B:
        # 8.38 GB an expert in 4 bits, 11.36 GB of text encoder, 0.51 GB of VAE.
        assert sizes[-1] == pytest.approx(2 * 8.38e9 + 11.36e9 + 0.51e9, rel=0.01)


@pytest.mark.parametrize(
    ("precision", "first"),
    [
        (None, "q8"),
        (Precision.FP32, "full"),
        (Precision.BF16, "full"),
        (Precision.INT8, "q8"),
        (Precision.NF4, "q4"),
    ],
)
def test_what_suits_the_computer_comes_first(precision: Precision | None, first: str) -> None:
    for spec in FETCHED:
        known = catalogue.bundles(spec, precision)
        assert known[0].id == first
        assert catalogue.bundle(spec, None, precision) == known[0]
        made = {"made-bf16", "made-int8", "made-nf4"}
        assert {one.id for one in known} == {"full", "q8", "q4", *made}


def test_every_source_says_where_it_is_from_and_under_what_licence() -> None:
    for spec in FETCHED:
        for bundle in catalogue.bundles(spec):
            assert all(source.repository.count("/") == 1 for source in bundle.sources)
            assert {source.licence for source in bundle.sources} == {"Apache-2.0"}


def test_experts_of_the_two_folders_go_where_the_pipeline_has_them() -> None:
    packed = catalogue.bundle(I2V_A14B, "q4").sources[1]
    assert packed.target("HighNoise/a.gguf") == "transformer/a.gguf"
    assert packed.target("LowNoise/b.gguf") == "transformer_2/b.gguf"
    assert catalogue.bundle(TI2V_5B, "q8").sources[1].target("c.gguf") == "transformer/c.gguf"


def test_what_there_is_not_is_said() -> None:
    assert catalogue.bundles(POCKET) == ()
    with pytest.raises(InvalidRequest, match="built in"):
        catalogue.bundle(POCKET, None)
    with pytest.raises(InvalidRequest, match="There is no “q3”"):
        catalogue.bundle(T2V_A14B, "q3")
