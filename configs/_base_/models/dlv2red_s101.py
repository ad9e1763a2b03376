"""DeepLabV2 on ResNeSt-101 (DAFormer, Table 3)."""

_base_ = ["encoders/s101.py", "decoders/dlv2red.py"]
model = dict(decode_head={{_base_._decoder}})
