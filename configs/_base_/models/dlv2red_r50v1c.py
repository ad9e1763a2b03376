"""DeepLabV2 on ResNet-50 (DAFormer, Table 3)."""

_base_ = ["encoders/r50v1c.py", "decoders/dlv2red.py"]
model = dict(decode_head={{_base_._decoder}})
