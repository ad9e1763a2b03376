"""DeepLabV2 on ResNeSt-200 (DAFormer, Table 3)."""

_base_ = ["encoders/s200.py", "decoders/dlv2red.py"]
model = dict(decode_head={{_base_._decoder}})
