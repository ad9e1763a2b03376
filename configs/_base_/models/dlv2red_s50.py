"""DeepLabV2 on a dilated ResNeSt-50 (Zhang et al., CVPR Workshops 2022; DAFormer, Table 3)."""

_base_ = ["dlv2red_r101v1c.py"]
model = dict(
    pretrained="open-mmlab://resnest50",
    backbone=dict(type="ResNeSt", depth=50, stem_channels=64, radix=2, reduction_factor=4, avg_down_stride=True),
)
