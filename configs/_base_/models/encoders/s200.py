"""ResNeSt-200, with the stem of ResNeSt-101."""

_base_ = "s101.py"
model = dict(backbone=dict(depth=200), pretrained="open-mmlab://resnest200")
