"""A ResNet-50 of a quarter of the width for demos, trained from scratch."""

_base_ = "dilated.py"
model = dict(
    backbone=dict(type="ResNetV1c", depth=50, base_channels=16, stem_channels=16),
    decode_head=dict(in_channels=[64, 128, 256, 512]),
)
