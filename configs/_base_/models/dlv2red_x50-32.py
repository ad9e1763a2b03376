"""DeepLabV2 on a dilated ResNeXt-50 32x4d (Xie et al., CVPR 2017); only in the start-up tests of DAFormer."""

_base_ = ["dlv2red_r101v1c.py"]
model = dict(pretrained="open-mmlab://resnext50_32x4d", backbone=dict(type="ResNeXt", depth=50, groups=32, base_width=4))
