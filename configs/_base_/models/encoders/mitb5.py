"""MiT-B5, the encoder of SegFormer and DAFormer (Xie et al., NeurIPS 2021): 81.4 million parameters.

Its ImageNet weights are NVIDIA's, for non-commercial use alone (NOTICE).
"""

_base_ = "shared.py"
model = dict(
    backbone=dict(type="mit_b5"),
    pretrained="pretrained/mit_b5.pth",
    # Channels at strides 4, 8, 16 and 32; those of B1 to B4 are the same.
    decode_head=dict(in_channels=[64, 128, 320, 512]),
)
