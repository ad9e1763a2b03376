"""ResNet-101 with three 3x3 convolutions as its stem (ResNet-C, He et al., CVPR 2019): the encoder of earlier UDA methods."""

_base_ = "dilated.py"
model = dict(backbone=dict(type="ResNetV1c", depth=101), pretrained="open-mmlab://resnet101_v1c")
