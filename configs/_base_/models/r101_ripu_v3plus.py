"""RIPU's DeepLabV3+: the same encoder, of which the decoder takes the first stage too; all normalisations are frozen."""

_base_ = "r101_ripu_v2.py"

model = dict(
    backbone=dict(out_indices=[0, 3]),
    decode_head=dict(type="DLV3PlusHead", in_channels=[256, 2048], channels=512, c1_channels=48),
)
