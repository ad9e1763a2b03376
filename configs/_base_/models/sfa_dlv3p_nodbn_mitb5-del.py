"""The DeepLabV3+ decoder on MiT-B5, whose last level is enlarged to the 1/8 of a dilated ResNet ("sfa"; DAFormer, Table 2)."""

_base_ = ["dlv3p_nodbn_r101v1c.py"]
model = dict(
    pretrained="pretrained/mit_b5.pth",
    backbone=dict(_delete_=True, type="mit_b5"),
    neck=dict(type="SegFormerAdapter"),
    decode_head=dict(in_channels=512, c1_in_channels=64),
)
