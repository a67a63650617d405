"""Attention as training computes it: what the stock processor does, in fewer and plainer steps.

For the few tokens of a miniature the fused kernel's way back is a quarter of a step on a processor;
plain matrix products are a tenth. The rotation is one product of complex numbers.
"""

import torch
from diffusers.models.transformers.transformer_wan import WanAttention


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
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        if self.scores is not None:
            scores = scores + self.scores.to(scores.dtype)
        shares = scores.softmax(-1, dtype=torch.float32).to(value.dtype)
        out: torch.Tensor = attn.to_out[0]((shares @ value).transpose(1, 2).flatten(2))
        return out


def _rotated(each: torch.Tensor, rotary_emb: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """[B, heads, L, width], turned pair by pair by the angles whose cosines and sines [1, L, 1,
    width] are given, each of them twice."""
    cosine, sine = rotary_emb
    turn = torch.complex(cosine[..., 0::2].float(), sine[..., 1::2].float()).transpose(1, 2)
    pairs = torch.view_as_complex(each.float().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turn).flatten(-2)
