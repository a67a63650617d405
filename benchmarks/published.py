"""The published Wan2.2 models' own configurations, for what is built without their weights.

From the `config.json` files of `Wan-AI/Wan2.2-{T2V-A14B,I2V-A14B,TI2V-5B}-Diffusers`; what they do
not say is as diffusers and transformers have it. The VAEs' statistics are left out: they are for
pictures.
"""

from typing import Any

_A14B: dict[str, Any] = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": 40,
    "attention_head_dim": 128,
    "in_channels": 16,
    "out_channels": 16,
    "text_dim": 4096,
    "freq_dim": 256,
    "ffn_dim": 13824,
    "num_layers": 40,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "eps": 1e-6,
    "rope_max_seq_len": 1024,
}

# Of one expert, by the studio's id of the model.
TRANSFORMERS: dict[str, dict[str, Any]] = {
    "t2v-a14b": _A14B,
    "i2v-a14b": {**_A14B, "in_channels": 36},
    "ti2v-5b": {
        **_A14B,
        "num_attention_heads": 24,
        "in_channels": 48,
        "out_channels": 48,
        "ffn_dim": 14336,
        "num_layers": 30,
    },
}

_WAN21_VAE: dict[str, Any] = {
    "base_dim": 96,
    "z_dim": 16,
    "dim_mult": [1, 2, 4, 4],
    "num_res_blocks": 2,
    "attn_scales": [],
    "temperal_downsample": [False, True, True],
}

VAES: dict[str, dict[str, Any]] = {
    "t2v-a14b": _WAN21_VAE,
    "i2v-a14b": _WAN21_VAE,
    "ti2v-5b": {
        **_WAN21_VAE,
        "base_dim": 160,
        "decoder_base_dim": 256,
        "z_dim": 48,
        "is_residual": True,
        "patch_size": 2,
        "in_channels": 12,
        "out_channels": 12,
        "scale_factor_spatial": 16,
        "latents_mean": [0.0] * 48,
        "latents_std": [1.0] * 48,
    },
}

# UMT5-XXL, of all three.
TEXT_ENCODER: dict[str, Any] = {
    "vocab_size": 256384,
    "d_model": 4096,
    "d_kv": 64,
    "d_ff": 10240,
    "num_layers": 24,
    "num_heads": 64,
    "feed_forward_proj": "gated-gelu",
}
