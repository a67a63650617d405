"""The tiny models are what they say they are, and the same everywhere."""

from pathlib import Path

from studio.engine import miniature
from studio.models import MODELS


def test_building_gives_the_same_bytes_every_time(models: Path, tmp_path: Path) -> None:
    for name in miniature.FAMILIES:
        miniature.build(name, tmp_path / name)
        for path in (models / name).rglob("*"):
            if path.is_file():
                copy = tmp_path / name / path.relative_to(models / name)
                assert copy.read_bytes() == path.read_bytes(), path


def test_every_family_has_the_channels_of_its_entry() -> None:
    for name, family in miniature.FAMILIES.items():
        spec = MODELS[name]
        assert family.out_channels == spec.latent_channels
        assert (family.experts, family.boundary) == (spec.experts, spec.sampling.boundary)
        assert family.expand_timesteps == spec.expand_timesteps
