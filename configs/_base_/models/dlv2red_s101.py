"""DeepLabV2 on a dilated ResNeSt-101, whose stem is twice as wide as that of ResNeSt-50 (DAFormer, Table 3)."""

_base_ = ["dlv2red_s50.py"]
model = dict(pretrained="open-mmlab://resnest101", backbone=dict(depth=101, stem_channels=128))
