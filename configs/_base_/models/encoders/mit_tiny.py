"""A small MiT for demos and tests, trained from scratch."""

_base_ = "shared.py"
model = dict(
    backbone=dict(
        type="MixVisionTransformer",
        depths=[1, 1, 2, 1],
        embed_dims=[32, 48, 64, 96],
        num_heads=[1, 2, 4, 6],
        drop_path_rate=0.0,  # too few blocks to leave some out
    ),
    decode_head=dict(in_channels=[32, 48, 64, 96]),
)
