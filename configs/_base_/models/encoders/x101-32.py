"""ResNeXt-101 32x4d."""

_base_ = "x50-32.py"
model = dict(backbone=dict(depth=101), pretrained="open-mmlab://resnext101_32x4d")
