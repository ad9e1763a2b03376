"""ResNeSt-50 (Zhang et al., CVPR Workshops 2022): two splits in the 3x3 convolutions, weighed by attention."""

_base_ = "dilated.py"
model = dict(backbone=dict(type="ResNeSt", depth=50), pretrained="open-mmlab://resnest50")
