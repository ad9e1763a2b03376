"""ResNeXt-50 32x4d (Xie et al., CVPR 2017): 32 groups in the 3x3 convolutions, of 4 channels in the first stage."""

_base_ = "dilated.py"
model = dict(backbone=dict(type="ResNeXt", depth=50, groups=32), pretrained="open-mmlab://resnext50_32x4d")
