"""Attention as training computes it: what the stock processor does, in fewer and plainer steps.

For the few tokens of a miniature the fused kernel's way back is a quarter of a step on a processor;
plain matrix products are a tenth. A card takes the fused kernel.
"""

import torch
from diffusers.models.transformers.transformer_wan import WanAttention
from torch.nn import functional


class Plain:
    """Self-attention, or attention to words of which `counted` says how often each is there."""

    def __init__(self) -> None:
        self.scores: torch.Tensor | None = None

    def counted(self, often: torch.Tensor) -> None:
        """How often each of the words' tokens stands there, [B, L].

        The padding behind a text is the same token again and again: attending to n of them is
        attending to one whose score is larger by log n.
        """
        self.scores = often.log()[:, None, None]

    def __call__(
        self,
        attn: WanAttention,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        _attention_mask: torch.Tensor | None = None,
        rotary_emb: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        source = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = attn.to_q(hidden_states), attn.to_k(source), attn.to_v(source)
        # [B, L, heads · width] → [B, heads, L, width]
        query, key, value = (
            each.unflatten(2, (attn.heads, -1)).transpose(1, 2)
            for each in (attn.norm_q(query), attn.norm_k(key), value)
        )
        if rotary_emb is not None:
            query, key = _rotated(query, rotary_emb), _rotated(key, rotary_emb)
        query, key = query.to(value.dtype), key.to(value.dtype)
        seen = _fused if query.is_cuda else _plain
        out: torch.Tensor = seen(query, key, value, self.scores).transpose(1, 2).flatten(2)
        return attn.to_out[0](out)


def _plain(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, more: torch.Tensor | None
) -> torch.Tensor:
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    if more is not None:
        scores = scores + more.to(scores.dtype)
    return scores.softmax(-1, dtype=torch.float32).to(value.dtype) @ value


def _fused(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, more: torch.Tensor | None
) -> torch.Tensor:
    if more is not None:
        more = more.to(query.dtype).expand(-1, -1, query.shape[2], -1)
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=more)


def _rotated(each: torch.Tensor, rotary_emb: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """[B, heads, L, width], turned pair by pair by the angles whose cosines and sines [1, L, 1,
    width] are given, each of them twice."""
    cosine, sine = (angle.float().transpose(1, 2) for angle in rotary_emb)
    cosine, sine = cosine[..., 0::2], sine[..., 1::2]
    left, right = each.float().unflatten(-1, (-1, 2)).unbind(-1)
    turned = (left * cosine - right * sine, left * sine + right * cosine)
    return torch.stack(turned, -1).flatten(-2)
