"""DeepLabV2 on a dilated ResNeXt-101 32x4d (Xie et al., CVPR 2017); only in the start-up tests of DAFormer."""

_base_ = ["dlv2red_x50-32.py"]
model = dict(pretrained="open-mmlab://resnext101_32x4d", backbone=dict(depth=101))
