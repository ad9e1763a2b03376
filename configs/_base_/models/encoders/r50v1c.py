"""The same with 50 layers."""

_base_ = "r101v1c.py"
model = dict(backbone=dict(depth=50), pretrained="open-mmlab://resnet50_v1c")
