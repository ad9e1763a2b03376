"""DeepLabV2 on a dilated ResNeSt-200, whose stem is twice as wide as that of ResNeSt-50 (DAFormer, Table 3)."""

_base_ = ["dlv2red_s50.py"]
model = dict(pretrained="open-mmlab://resnest200", backbone=dict(depth=200, stem_channels=128))
