"""The shortcuts of training compute what the stock model computes."""

import numpy as np
import torch
from torch.nn import functional

from training import captions, experts, text, world
from training.data import SEED

SHAPE = (2, 32, 3, 4, 6)


def some_tokens() -> torch.Tensor:
    rng = np.random.default_rng(SEED)
    said = [captions.caption(world.sample(rng), rng) for _ in range(SHAPE[0] - 1)]
    return torch.cat((text.tokens(text.tokenizer(), said).long(), text.no_words()[None]))


def test_padding_counted_is_padding_computed() -> None:
    torch.manual_seed(SEED)
    stock, reader, tokens = experts.make(), text.Reader(text.make()), some_tokens()
    fast = experts.trainable("cpu")
    fast.load_state_dict(stock.state_dict())
    noise, timestep = torch.randn(SHAPE), torch.tensor([900.0, 300.0])
    with torch.no_grad():
        read = reader(tokens)
        whole = functional.pad(read, (0, 0, 0, text.TEXT_TOKENS - text.LONGEST))
        expected = stock(noise, timestep, whole, return_dict=False)[0]
        for attention in experts.to_words(fast):
            attention.processor.counted(text.often(tokens))
        found = fast(noise, timestep, read, return_dict=False)[0]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert (stock(noise, timestep, read, return_dict=False)[0] - expected).abs().max() > 1e-3


def test_the_beginning_is_what_the_whole_text_reads() -> None:
    torch.manual_seed(SEED)
    reader, tokens = text.Reader(text.make()), some_tokens()
    mask = tokens > 0
    with torch.no_grad():
        whole = reader.encoder(tokens, mask.long()).last_hidden_state * mask[..., None]
        torch.testing.assert_close(reader(tokens), whole[:, : text.LONGEST], rtol=1e-4, atol=1e-5)


def test_one_timestep_is_that_of_every_token() -> None:
    torch.manual_seed(SEED)
    stock, reader, tokens = experts.make(), text.Reader(text.make()), some_tokens()
    noise, timestep = torch.randn(SHAPE), torch.tensor([900.0, 300.0])
    with torch.no_grad():
        read = reader(tokens)
        once = stock(noise, timestep, read, return_dict=False)[0]
        each = stock(noise, timestep[:, None].repeat(1, 3 * 2 * 3), read, return_dict=False)[0]
    torch.testing.assert_close(once, each, rtol=1e-4, atol=1e-5)


def test_every_value_of_a_scene_can_be_told() -> None:
    rng = np.random.default_rng(SEED)
    for _ in range(300):
        scene = world.sample(rng)
        for field, values in text.TOLD.items():
            assert getattr(scene, field) in values
