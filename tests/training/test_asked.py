"""What blocks are asked is true of the clips, and a block can learn it."""

import numpy as np
import pytest
import torch
from torch import nn

from studio.models import POCKET
from training import asked, text, world
from training.asked import Maps, Places, Words
from training.world import Scene

FRAMES, HEIGHT, WIDTH = 3, 2, 3  # of tokens


class Block(nn.Module):
    """A block that gives what it is given."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens


@pytest.mark.parametrize("scene", [Scene(side="left-weighted"), Scene(motion="left-to-right")])
def test_the_subject_is_where_the_chart_is_0(scene: Scene) -> None:
    chart = world.chart(scene, 96, 64, 5)
    there = world.where(scene, 96, 64, 5)
    middle = np.hypot(chart[..., 2], chart[..., 3]).reshape(5, -1).argmin(1)
    assert there.reshape(5, -1)[np.arange(5), middle].all()
    columns = middle % 96
    assert columns[0] < 48
    assert bool(columns[-1] > columns[0]) is (scene.motion != "still")


def test_the_camera_moves_the_chart() -> None:
    still, panned = (world.chart(Scene(camera=move), 96, 64, 5) for move in ("fixed", "pan-right"))
    assert np.array_equal(still[0], still[-1])
    assert (panned[-1, ..., 0] > panned[0, ..., 0]).all()


def test_the_chart_s_horizon_is_the_scene_s() -> None:
    low, eye = (
        world.chart(Scene(angle=angle), 48, 32, 1)[..., 1] for angle in ("low-angle", "eye-level")
    )
    assert (low < eye).all()


def test_a_token_knows_the_map_of_its_latents() -> None:
    scene = Scene(camera="pan-right")
    maps = asked.mapped(scene, 96, 64, 17)
    assert maps.shape == (5, 4, 6, asked.POINTS * asked.MAPPED)
    points = maps.float().unflatten(3, (2, 2, asked.MAPPED))
    assert torch.equal(
        points[0, 0, 0, 1, 0],
        torch.from_numpy(world.chart(scene, 12, 8, 17)[0, 1, 0]).half().float(),
    )


def test_what_is_missed_falls_to_nothing_where_the_block_knows_it() -> None:
    torch.manual_seed(0)
    scenes = [Scene(), Scene(subject="bird", tone="warm")]
    told = text.told(scenes)
    maps = torch.stack([asked.mapped(scene, WIDTH * 16, HEIGHT * 16, 9) for scene in scenes])
    block = Block()
    places, words, seen = Places(block, (FRAMES, HEIGHT, WIDTH)), Words(block), Maps(block)
    asking = nn.ModuleList((places, words, seen))
    known = nn.Parameter(torch.randn(2, FRAMES * HEIGHT * WIDTH, POCKET.width))
    learning = torch.optim.Adam([known, *asking.parameters()], 0.03)
    first = last = 0.0
    for step in range(150):
        block(known)
        missed = places.missed(torch.Size((2, 32, FRAMES, 2 * HEIGHT, 2 * WIDTH)))
        loss = missed + words.missed(told) + seen.missed(maps)
        learning.zero_grad()
        loss.backward()
        learning.step()
        last = loss.item()
        first = first if step else last
    assert last < 0.02 * first


def test_a_block_that_did_not_run_is_not_asked() -> None:
    with pytest.raises(ValueError, match="not run"):
        Places(Block(), (1, 1, 1)).guessed()
