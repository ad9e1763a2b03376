"""MiT-B3: half of the blocks of B5 (Xie et al., NeurIPS 2021)."""

_base_ = "mitb5.py"
model = dict(backbone=dict(type="mit_b3"), pretrained="pretrained/mit_b3.pth")
