"""DeepLabV2 on a dilated ResNet-50 (DAFormer, Table 3)."""

_base_ = ["dlv2red_r101v1c.py"]
model = dict(pretrained="open-mmlab://resnet50_v1c", backbone=dict(depth=50))
