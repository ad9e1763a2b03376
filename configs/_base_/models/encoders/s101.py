"""ResNeSt-101; its stem is twice as wide as that of ResNeSt-50."""

_base_ = "s50.py"
model = dict(backbone=dict(depth=101, stem_channels=128), pretrained="open-mmlab://resnest101")
