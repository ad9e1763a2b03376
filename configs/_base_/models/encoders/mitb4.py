"""MiT-B4: fewer blocks than B5, in the third stage above all (Xie et al., NeurIPS 2021)."""

_base_ = "mitb5.py"
model = dict(backbone=dict(type="mit_b4"), pretrained="pretrained/mit_b4.pth")
